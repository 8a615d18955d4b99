"""A secret is found in whatever form it comes back."""

from __future__ import annotations

import base64
import html
import json
import time
from collections.abc import Callable
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import example, given
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
    "repr-of-base64": lambda s: repr(base64.b64encode(s.encode())),
}


@pytest.mark.parametrize("encode", ENCODINGS.values(), ids=ENCODINGS)
@given(secret=SECRETS, before=st.text("ab -{", max_size=5), behind=st.text("yz ,}", max_size=5))
@example(secret="sk-live-1234567890\n", before="", behind="")
@example(secret="line1-abc\nline2-def", before="", behind="")
@example(secret='quo"te\\back/slash+plus', before="", behind="")
def test_each_encoding_is_replaced(
    encode: Callable[[str], str], secret: str, before: str, behind: str
) -> None:
    """The form that the encoding gives is gone, and a mask stands there."""
    text = f"{before} {encode(secret)} {behind}"

    cleaned = Redaction([secret])(text)

    assert MASK in cleaned
    assert encode(secret) not in cleaned
    assert secret.strip() not in cleaned


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


@pytest.mark.parametrize("text", ["QUFB" * 250_000, "%41" * 333_333, "\\\\" * 500_000])
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
