"""Output: what may reach a terminal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.cli.show.amounts import compact, dollars, seconds
from pointsman.cli.show.output import visible


@pytest.mark.parametrize(
    ("hidden", "shown"),
    [
        pytest.param("\x1b[2J", "\\x1b[2J", id="escape sequence"),
        pytest.param("a\rb", "a\\x0db", id="carriage return"),
        pytest.param("\u202e00.5", "\\u202e00.5", id="reversed reading"),
        pytest.param("a\u200bb", "a\\u200bb", id="zero width"),
        pytest.param("line\nline\tend", "line\nline\tend", id="harmless"),
    ],
)
def test_steering_characters_are_made_visible(hidden, shown):
    """What would steer a terminal or hide something is spelled out."""
    assert visible(hidden) == shown


def test_untrusted_words_cannot_steer_the_page(desk):
    """A rejection with an escape sequence reaches the terminal spelled out."""
    question = desk.waiting()

    result = desk("reject", question["id"], "--message", "no\x1b[31m way")

    assert "\x1b" not in result.out
    assert "no\\x1b[31m way" in result.out


@given(st.text())
def test_compact_is_one_line(text):
    """A compact value never breaks the line, and is cut where asked."""
    assert "\n" not in compact(text)
    assert len(compact(text, limit=10)) <= 10


@pytest.mark.parametrize(
    ("usd", "text"),
    [(None, "unknown"), (0.0, "$0.00"), (0.000012, "$0.000012"), (0.0421, "$0.0421"), (3, "$3.00")],
)
def test_money_keeps_the_digits_that_matter(usd, text):
    """Small amounts are told from nothing; an unknown price is not zero."""
    assert dollars(usd) == text


def test_seconds_keep_three_digits():
    """A duration is as exact as it is worth."""
    assert [seconds(0.123), seconds(12.34), seconds(123.4)] == ["0.12 s", "12.3 s", "123 s"]
