"""The door by which a set of labelled sentences asks the product's own checker."""

from __future__ import annotations

import pytest

from pointsman.evals.answer_check import keeps, verdict

TOTAL = {"id": "a", "source": "order 7", "text": '{"total": 49.9, "currency": "EUR"}'}


@pytest.mark.parametrize(
    ("sentence", "kept"),
    [
        pytest.param("The total is 49.90 euros.", True, id="carried"),
        pytest.param("The total is 49.80 euros.", False, id="another amount"),
        pytest.param("Would you like a receipt?", True, id="a question"),
    ],
)
def test_a_labelled_sentence_is_kept_as_an_answer_would(sentence: str, kept: bool) -> None:
    """A label says kept or dropped, and the reason says why."""
    item = {"sentence": sentence, "cites": ["a"], "evidence": [TOTAL], "today": "2026-05-01"}

    assert keeps(item) is kept
    assert (verdict(item).status == "failed") is not kept
    assert bool(verdict(item).missing) is not kept
