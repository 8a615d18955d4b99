"""A secret is found in whatever form it comes back."""

from __future__ import annotations

import base64
import html
import json
import textwrap
import time
from collections.abc import Callable
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from pointsman.tools.redaction import MASK, Redaction

SECRETS = st.text(
    st.one_of(
        st.characters(min_codepoint=33, max_codepoint=126), st.sampled_from(" \t\n\r\"'\\%&<üé漢😀")
    ),
    min_size=8,
    max_size=60,
    # A secret that is a part of what stands in its place cannot be told from it.
).filter(lambda secret: len(secret.strip()) >= 8 and secret.strip() not in MASK)

ENCODINGS: dict[str, Callable[[str], str]] = {
    "plain": lambda s: s,
    "json": lambda s: json.dumps({"key": s}),
    "json-unicode": lambda s: json.dumps({"key": s}, ensure_ascii=False),
    "json-in-json": lambda s: json.dumps({"body": json.dumps({"key": s})}),
    "repr": lambda s: f"invalid header {s!r}",
    "bytes": lambda s: f"Illegal header value {f'Bearer {s}'.encode()!r}",
    "repr-of-json": lambda s: repr(json.dumps([s])),
    "percent": lambda s: f"https://bank.example/pay?key={quote(s, safe='')}&x=1",
    "path": lambda s: f"https://bank.example/{quote(s)}/pay",
    "form": lambda s: urlencode({"key": s}),
    "plus": lambda s: quote_plus(s),
    "percent-lower": lambda s: "".join(
        f"%{b:02x}" if b > 127 or not chr(b).isalnum() else chr(b) for b in s.encode()
    ),
    "html": lambda s: f"<b>{html.escape(s)}</b>",
    "hex": lambda s: s.encode().hex(),
    "base64": lambda s: base64.b64encode(s.encode()).decode(),
    "base64-url": lambda s: base64.urlsafe_b64encode(s.encode()).decode().rstrip("="),
    "line ends": lambda s: s.replace("\n", "\r\n"),
    "line ends, escaped": lambda s: json.dumps(s.replace("\n", "\r\n")),
    "line ends, in a URL": lambda s: quote(s.replace("\n", "\r\n"), safe=""),
    "one line": lambda s: s.strip().replace("\n", " "),
    "capitals": lambda s: s.upper() if s.upper().lower() == s.lower() else s,
    "hex in capitals": lambda s: s.encode().hex().upper(),
    "hex, dumped": lambda s: s.encode().hex(" "),
    "hex, as addresses are": lambda s: s.encode().hex(":").upper(),
    "hex, as an array": lambda s: ", ".join(f"0x{b:02x}" for b in s.encode()),
    "hex, wrapped": lambda s: "\n".join(textwrap.wrap(s.encode().hex(), 16)),
    "hex of UTF-16": lambda s: s.encode("utf-16-le").hex(),
    "hex of UTF-16, big end first": lambda s: s.encode("utf-16-be").hex().upper(),
    "hex of UTF-32": lambda s: s.encode("utf-32-le").hex(),
    "base64 of UTF-16": lambda s: base64.b64encode(s.encode("utf-16-le")).decode(),
    "base64 of UTF-16, with its mark": lambda s: base64.b64encode(s.encode("utf-16")).decode(),
    "base64, wrapped": lambda s: base64.encodebytes(f"user:{s}".encode() * 4).decode(),
    "base64, wrapped and folded": lambda s: "\r\n ".join(
        textwrap.wrap(base64.b64encode(s.encode()).decode(), 12)
    ),
    "base64, wrapped in JSON": lambda s: json.dumps(base64.encodebytes(s.encode() * 9).decode()),
    "numbers": lambda s: repr(list(s.encode())),
    "numbers in a row": lambda s: " ".join(map(str, s.encode())),
    "octal": lambda s: "".join(f"\\{b:03o}" for b in s.encode()),
    "percent, twice": lambda s: quote(quote(s, safe=""), safe=""),
    "percent, whole": lambda s: "".join(f"%{b:02X}" for b in s.encode()),
    "mail": lambda s: "".join(f"={b:02X}" for b in s.encode()),
    "entities": lambda s: "".join(f"&#{ord(c):05};" for c in s),
    "repr-of-base64": lambda s: repr(base64.b64encode(s.encode())),
}


@pytest.mark.parametrize("encode", ENCODINGS.values(), ids=ENCODINGS)
@given(secret=SECRETS, before=st.text("ab -{", max_size=5), behind=st.text("yz ,}", max_size=5))
@example(secret="sk-live-1234567890\n", before="", behind="")
@example(secret="line1-abc\nline2-def", before="", behind="")
@example(secret='quo"te\\back/slash+plus', before="", behind="")
@example(secret="looks\\nlike-a-line-end", before="", behind="")
def test_each_encoding_is_replaced(
    encode: Callable[[str], str], secret: str, before: str, behind: str
) -> None:
    """The form that the encoding gives is gone, and a mask stands there."""
    text = f"{before} {encode(secret)} {behind}"

    cleaned = Redaction([secret])(text)

    assert MASK in cleaned
    assert encode(secret) not in cleaned
    assert secret.strip() not in cleaned


WORDS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=9, max_size=60).filter(
    lambda secret: "\\" not in secret and secret not in MASK
)
WRAPPED: dict[str, Callable[[list[str]], str]] = {
    "lines": "\n".join,
    "folded header": "\r\n ".join,
    "indented": "\n    ".join,
    "continued": "\\\n".join,
    "in JSON": lambda parts: json.dumps("\n".join(parts))[1:-1],
    "soft hyphens": "\u00ad".join,
    "no width": "\u200b".join,
    "coloured": "\x1b[1;31m".join,
    "page": "<wbr>".join,
    "UTF-16": lambda parts: "".join(parts).encode("utf-16-le").decode("latin-1"),
}


@pytest.mark.parametrize("wrap", WRAPPED.values(), ids=WRAPPED)
@given(secret=WORDS, at=st.integers(1, 8))
def test_what_is_split_is_replaced_as_a_whole(
    wrap: Callable[[list[str]], str], secret: str, at: int
) -> None:
    """Wherever a page, a header, a mail or a terminal has broken it."""
    parts = [secret[:at], secret[at:]]
    # JSON escapes what the value holds too, and is then another form.
    assume(json.dumps(secret)[1:-1] == secret)

    cleaned = Redaction([secret])(f"{wrap(parts)} z")

    assert MASK in cleaned
    assert secret[at:] not in cleaned.replace(MASK, "").removesuffix(" z")


@given(secret=SECRETS, user=st.text("abcdefgh", max_size=7), tail=st.text("xyz", max_size=4))
def test_basic_authentication_is_replaced(secret: str, user: str, tail: str) -> None:
    """Behind a user's name of any length, before a password or none, in both alphabets."""
    redaction = Redaction([secret])
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        for whole in (f"{user}:{secret}", f"{secret}:{tail}"):
            token = encode(whole.encode()).decode()

            cleaned = redaction(f"authorization: Basic {token}, host: bank.example")

            assert cleaned == f"authorization: Basic {MASK}, host: bank.example"


def test_lines_of_a_key_are_replaced_one_by_one() -> None:
    """A parser's error quotes one line of a key in several."""
    lines = ["MIIEvQIBADANBgkqhkiG9w0BAQEFAASC", "BKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj"]
    secret = "\n".join(["-----BEGIN PRIVATE KEY-----", *lines, "-----END PRIVATE KEY-----", ""])
    redaction = Redaction([secret])

    for line in lines:
        assert line not in redaction(f"could not parse line: {line}")
    assert lines[0] not in redaction(json.dumps({"key": secret}))


def test_a_secret_inside_another_leaves_nothing_behind() -> None:
    """The longer one goes first."""
    cleaned = Redaction(["abcd1234", "abcd1234-efgh5678"])("key abcd1234-efgh5678!")

    assert cleaned == f"key {MASK}!"


@given(st.text(max_size=200))
def test_other_text_is_left_as_it_is(text: str) -> None:
    """What holds no secret is returned unchanged."""
    assert Redaction(["b4nk-s3cret/Value+1\n"])(text) == text


def test_short_values_are_let_pass() -> None:
    """They would be found everywhere."""
    assert not Redaction(["abc", ""])
    assert Redaction(["abc"])("abc") == "abc"


@pytest.mark.parametrize(
    "text",
    [
        *("QUFB" * 250_000, "%41" * 333_333, "\\\\" * 500_000, "b4nk\n" * 200_000, "b\0" * 500_000),
        *("62 34 " * 160_000, "98, 52, " * 120_000, "\\n" * 500_000, "00" * 500_000),
    ],
    ids=lambda text: repr(text[:6]),
)
def test_a_long_text_takes_no_long_time(text: str) -> None:
    """Time grows with the length, whatever the text is made to look like."""
    redaction = Redaction(["b4nk-s3cret/Value+1\n", "AAAAAAAAAAAA!"])
    start = time.perf_counter()

    redaction(text)

    # Where it grew with the square, this would take minutes; the machine may be busy.
    assert time.perf_counter() - start < 8


def test_it_shows_nothing_of_itself() -> None:
    """A redaction in a traceback's locals is no leak."""
    assert "s3cret" not in repr(Redaction(["b4nk-s3cret"]))


@given(SECRETS, st.sampled_from(sorted(ENCODINGS)), st.integers(0, 6_000), st.booleans())
@example("s3cr3t-key-of-a-bank", "plain", 1_990, False)
def test_a_beginning_shows_no_half_of_a_value(
    secret: str, encoding: str, at: int, often: bool
) -> None:
    """It is how the whole begins, wherever a value stands and however often."""
    said = ENCODINGS[encoding](secret)
    assume(". " not in said)
    text = ". " * (at // 2) + said + (f". {said}" * 500 if often else "") + ". " * 50_000
    redaction = Redaction([secret])

    begun = redaction.beginning(text, 2_000)

    assert redaction(text[:200_000]).startswith(begun)
    assert len(begun) == 2_000 or often


@pytest.mark.parametrize("before", [*range(32_768 - 30, 32_768 + 3), 2 * 32_768 - 5])
def test_a_value_is_found_where_two_pieces_meet(before: int) -> None:
    """A long text is searched piece by piece, so that other threads get on."""
    secret = "s3cr3t/key=of a bank"
    text = ("x" * before, "y" * 40_000)

    for said, shown in ((secret, MASK), (secret.upper(), MASK), (quote(secret), MASK)):
        assert Redaction([secret])(said.join(text)) == shown.join(text)
