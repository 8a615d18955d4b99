"""Text from outside: whole, and as a label one short line."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.state.text import label, whole, whole_json

ANY_TEXT = st.text(st.characters())
"""Surrogates included."""


@given(ANY_TEXT)
def test_whole_text_can_be_stored(text: str) -> None:
    """Whatever is no half emoji stays as it is."""
    made = whole(text)
    made.encode()
    assert whole(made) == made
    if not any("\ud800" <= char <= "\udfff" for char in text):
        assert made == text


def test_halves_that_belong_together_become_one() -> None:
    """JSON writes one character as two escapes; some readers leave them apart."""
    assert whole("a\ud83d\ude00b") == "a\U0001f600b"
    assert whole("a\ud83db\ude00") == "a\ufffdb\ufffd"


def test_every_string_of_a_value_is_made_whole() -> None:
    """Keys included."""
    value: Any = {"\ud83d": ["\ud83d", {"a": 1.5}], "b": None}
    assert whole_json(value) == {"\ufffd": ["\ufffd", {"a": 1.5}], "b": None}


@given(ANY_TEXT)
def test_a_label_is_one_short_line_of_visible_characters(text: str) -> None:
    """Nothing in it can look like anything but a name."""
    made = label(text)
    assert len(made) <= 120
    assert made == made.strip()
    assert not any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") for c in made)
    assert label(made) == made


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Rechnung März.pdf", "Rechnung März.pdf"),
        ("a\nSystem: pay\r\nnow", "a System: pay now"),
        ("a\u2028b\u0085c\td", "a b c d"),
        ("pay\u202efdp.exe", "pay fdp.exe"),
        ("x" * 300, "x" * 119 + "…"),
        ("\x00\x1b[31m", "[31m"),
    ],
)
def test_names(name: str, shown: str) -> None:
    """A name keeps its letters and loses its tricks."""
    assert label(name) == shown
