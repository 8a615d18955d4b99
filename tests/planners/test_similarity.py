"""Similarity: bounded, deterministic, blind to numbers, and explained."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.planners.similarity import SimilarityIndex, entities, words

INDEX = SimilarityIndex(
    {
        "status": ["where is order ORD-1001", "track my parcel"],
        "refund": ["refund order ORD-1001", "I want my money back"],
        "empty": [],
    }
)


@given(st.text(max_size=100))
def test_scores_are_bounded(text: str) -> None:
    """Every score lies between 0 and 1, best first, one for each label with examples."""
    scores = [match.score for match in INDEX.rank(text)]

    assert len(scores) == 2
    assert scores == sorted(scores, reverse=True)
    assert all(0.0 <= score <= 1.0 for score in scores)


def test_an_example_is_itself() -> None:
    """The words of an example score 1, whatever the number in them."""
    [first, _] = INDEX.rank("Where is order ORD-2077?")

    assert (first.label, round(first.score, 6)) == ("status", 1.0)
    assert first.example == "where is order ORD-1001"


def test_nothing_in_common_scores_nothing() -> None:
    """A text without a known word or piece scores 0."""
    assert {match.score for match in INDEX.rank("qqq 🙂")} == {0.0}


def test_every_unknown_word_costs() -> None:
    """The more a request says that no example says, the lower it scores."""
    [plain, *_] = INDEX.rank("track my parcel")
    [longer, *_] = INDEX.rank("track my parcel zebra")
    [longest, *_] = INDEX.rank("track my parcel zebra xylophone")

    assert plain.score > longer.score > longest.score


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Where's ORD-1001?", ["where", "is", "<ord>"]),
        ("mail a.b@c.example", ["mail", "<email>"]),
        ("It hasn't arrived", ["it", "has", "not", "arriv"]),
        ("pay $1,250.00 by 2026-11-02", ["pay", "<amount>", "by", "<date>"]),
        ("2 policies", ["<number>", "policy"]),
    ],
)
def test_words_are_normalized(text: str, expected: list[str]) -> None:
    """Names of things are masked, contractions opened, endings cut."""
    assert words(text) == expected


def test_entities_are_what_a_request_is_about() -> None:
    """Ids, addresses and amounts count; plain numbers and dates do not."""
    text = "3 mugs of ORD-1001 for a@b.example on 2026-11-02 cost 20 dollars"

    assert entities(text) == {"<ord>", "<email>", "<amount>"}
