"""Correcting: what is written for a sentence that failed stands where that one stood."""

from __future__ import annotations

import pytest

from pointsman.runs.checking import CheckedSentences, FailedSentence
from pointsman.runs.correcting import in_place_of
from pointsman.state.answer import Sentence

COSTS = FailedSentence(text="The lamp costs 12 euros.", reason="12")
OWNER = FailedSentence(text="Its owner is Eve Stone.", reason="Eve")


def said(*texts: str) -> list[Sentence]:
    """Write sentences."""
    return [Sentence(text=text) for text in texts]


@pytest.mark.parametrize(
    ("anew", "places"),
    [
        pytest.param(["It is 14.", "It is Ann's."], [["It is 14."], ["It is Ann's."]], id="each"),
        pytest.param(["The owner is Ann."], [[], ["The owner is Ann."]], id="one left out"),
        pytest.param(
            ["The lamp costs 14.", "With tax.", "The owner is Ann."],
            [["The lamp costs 14.", "With tax."], ["The owner is Ann."]],
            id="one divided",
        ),
    ],
)
def test_a_correction_belongs_to_the_sentence_that_it_is_like(
    anew: list[str], places: list[list[str]]
) -> None:
    """In order where there is one for each, else by the words that they share."""
    found = in_place_of([COSTS, OWNER], said(*anew))

    assert [[sentence.text for sentence in some] for some in found] == places


def test_what_was_left_out_is_named_as_it_was_first_written() -> None:
    """A correction takes the place of its sentence; without one the failure stays."""
    [hello, bye] = said("Hello.", "Bye.")
    checked = CheckedSentences(checked=(hello, COSTS, bye, OWNER))
    [costs] = said("The lamp costs 14 euros.")

    after = checked.corrected([CheckedSentences(checked=(costs,)), CheckedSentences()])

    assert after.checked == (hello, costs, bye, OWNER)
