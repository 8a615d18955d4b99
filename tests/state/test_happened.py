"""Words about a doubtful call: only what plainly says yes is a yes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.state.happened import what_happened


@pytest.mark.parametrize(
    "words",
    [
        "It happened: reference 99",
        "It happened: not a duplicate",
        "it happened.",
        "It is in the bank's books",
        "The bank shows it.",
        "They answered.",
        "Booked on 3 May",
        "Ist überwiesen",
        "C'est fait",
    ],
)
def test_what_confirms_is_a_yes(words: str) -> None:
    """The beginning that is asked for, or words that confirm and nothing against them."""
    assert what_happened(words) == "yes"


@pytest.mark.parametrize(
    "words",
    [
        "It did not happen: I looked",
        "It didn't happen, yes, I checked",
        "The payment failed",
        "It bounced",
        "The bank refused it",
        "Die Überweisung ist fehlgeschlagen",
        "Transaction not found",
    ],
)
def test_a_failure_is_a_no(words: str) -> None:
    """Without any word for not."""
    assert what_happened(words) == "no"


@pytest.mark.parametrize(
    "words",
    [
        "",
        "ok",
        "It is still pending",
        "It will go out tomorrow",
        "The account is unchanged",
        "The money is all there",
        "Refunded already",
        "Sent, but it failed",
        "It came back",
        "Fehlanzeige",
    ],
)
def test_what_says_neither_is_no_yes(words: str) -> None:
    """Nobody said that it happened."""
    assert what_happened(words) == "unclear"


@given(st.text("0123456789 .,:;!-€#/()", max_size=60))
def test_a_reference_alone_is_no_yes(words: str) -> None:
    """A number says which call is meant, not what became of it."""
    assert what_happened(words) == "unclear"
