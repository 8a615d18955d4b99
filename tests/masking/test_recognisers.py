"""What is recognised, where the corpus says nothing of it."""

from __future__ import annotations

import string
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.masking.finding import find
from pointsman.masking.kinds import GROUPS, KINDS, RECOGNISERS, kinds_named
from pointsman.masking.recognisers import check_digits

PUBLISHED = [
    pytest.param("iban", ["GB29NWBK60161331926819", "FR1420041010050500013M02606"], id="iban"),
    pytest.param("luhn", ["4111111111111111", "378282246310005", "6011000990139424"], id="luhn"),
    pytest.param("steuer_id", ["36574261809", "86095742719"], id="steuer-id"),
    pytest.param("nir", ["295109912611193", "253072B07300470"], id="nir"),
    pytest.param("dni", ["54362315K", "X2482300W"], id="dni"),
    pytest.param("base58", ["1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"], id="base58"),
    pytest.param("bech32", ["bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq"], id="bech32"),
]
"""Examples that the offices, or libraries that are known for it, publish."""


def kinds(text: str, field: str = "") -> list[tuple[str, str]]:
    """Return what is found, with its kind."""
    found = find(text, RECOGNISERS, KINDS, field=field)
    return [(piece.kind, text[piece.start : piece.end]) for piece in found]


@pytest.mark.parametrize(("name", "examples"), PUBLISHED)
def test_a_published_number_is_right(name: str, examples: list[str]) -> None:
    """The arithmetic is that of whoever gives out the numbers."""
    assert all(getattr(check_digits, name)(example) for example in examples)


@pytest.mark.parametrize(("name", "examples"), PUBLISHED)
def test_a_changed_digit_is_wrong(name: str, examples: list[str]) -> None:
    """What check digits are for: no number with one other digit passes."""
    for example in examples:
        at = next(i for i in range(len(example) - 1, -1, -1) if example[i].isdigit())
        for digit in set(string.digits[1:]) - {example[at]}:
            other = example[:at] + digit + example[at + 1 :]
            assert not getattr(check_digits, name)(other), other


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://ana:s3cret@db.example/x", [("secret", "ana:s3cret")]),
        ("to 'ana@b.example', ok", [("email", "ana@b.example")]),
        ("DE89370400440532013000 DE89 3704 0044 0532 0130 00 next",
         [("iban", "DE89370400440532013000"), ("iban", "DE89 3704 0044 0532 0130 00")]),
        ("item 12 4111 1111 1111 1111 x", [("card", "4111 1111 1111 1111")]),
        ("id 94111111111111111", []),
        ("a::b std::add::face", []),
        ("password: <email:7f3a91c2>", []),
    ],
)  # fmt: skip
def test_it_is_found_where_it_begins_and_ends(text: str, expected: list[tuple[str, str]]) -> None:
    """Neither more of its neighbours nor less of itself."""
    assert kinds(text) == expected


@pytest.mark.parametrize(
    ("field", "text", "kind"),
    [
        ("password", "hunter2!x", "secret"),
        ("date_of_birth", "1980-05-12", "birth_date"),
        ("phone", "0171 1234567", "phone"),
        ("ssn", "219 09 9999", "us_ssn"),
    ],
)
def test_a_field_tells_what_stands_in_it(field: str, text: str, kind: str) -> None:
    """A bare value is told by the name of its field."""
    assert kinds(text, field) == [(kind, text)]
    assert kinds(text) == []


def test_a_private_key_is_one_secret() -> None:
    """From its first line to its last, also where its line ends are escaped."""
    body = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC"
    for end in ("\n", "\\n"):
        key = f"-----BEGIN PRIVATE KEY-----{end}{body}{end}-----END PRIVATE KEY-----"
        assert kinds(f"x {key} y") == [("secret", key)]


@given(st.text(max_size=200), st.sampled_from(["ana@example.com", "4111111111111111"]))
def test_places_are_those_of_the_text(around: str, value: str) -> None:
    """Characters are counted, whatever bytes they take; pieces are in order and apart."""
    text = f"{around} {value} {around}"
    found = find(text, RECOGNISERS, KINDS)
    assert any(value in text[piece.start : piece.end] for piece in found)
    ends = [0, *(piece.end for piece in found)]
    assert all(end <= piece.start for end, piece in zip(ends, found, strict=False))


@pytest.mark.parametrize("name", [*GROUPS, "all", *KINDS])
def test_a_name_stands_for_kinds(name: str) -> None:
    """Groups are made of kinds."""
    assert kinds_named((name,)) <= set(KINDS)
    assert kinds_named((name,))


HOSTILE = [
    "1", "4111 ", "a@", "a@b.cc ", "a:", "password: ", "tel ", "+49 ", "DE12 ", "born ", "eyJ",
    "12-", "-----BEGIN PRIVATE KEY-----", "http://a:", "abcd:", "1.", "4111111111111111 ", "?key=",
    "ä@", "0x1",
]  # fmt: skip


@pytest.mark.parametrize("piece", HOSTILE)
def test_a_million_characters_take_linear_time(piece: str) -> None:
    """Twice the text takes at most about twice the time."""

    def seconds(size: int) -> float:
        text = piece * (size // len(piece))
        started = time.thread_time()
        find(text, RECOGNISERS, KINDS)
        return time.thread_time() - started

    seconds(1_000)
    quarter, whole = seconds(250_000), seconds(1_000_000)
    assert whole < 0.1 + 8 * quarter
    assert whole < 8


def test_a_moment_is_nobody_s_number() -> None:
    """Whatever its seconds and their fraction come to; a number of the same digits is found."""
    letters = "TRWAGMYFPDXBNJZSQVHLCKE"
    numbers = [n for n in range(20_000_000, 20_000_046) if letters[n % 23] == "Z"]

    assert len(numbers) == 2
    for n in numbers:
        digits = str(n)
        dotted = f"{digits[:2]}.{digits[2:5]}.{digits[5:]}-Z"
        assert kinds(f"2026-11-28T16:40:{digits[:2]}.{digits[2:]}Z ok") == []
        assert kinds(f"DNI {digits}Z") == [("es_dni", f"{digits}Z")]
        assert kinds(f"DNI {dotted}") == [("es_dni", dotted)]
