"""Recall and precision over a labelled corpus have a floor, kind by kind."""

from __future__ import annotations

import pytest

from pointsman.masking.kinds import KINDS

from .corpus import MAKERS, SEED, corpus, scores

FLOOR = 0.99


def test_the_corpus_has_every_kind() -> None:
    """A kind without labelled texts would have no figure."""
    assert set(MAKERS) == set(KINDS)


@pytest.mark.parametrize("seed", [SEED, 7, 2026])
def test_recall_and_precision_hold(seed: int) -> None:
    """Also for values that nobody has looked at."""
    found, wrong = scores(corpus(seed, each=40))

    low = {k: s for k, s in found.items() if min(s.recall, s.precision) < FLOOR}
    assert not low, wrong[:20]
    assert sum(score.named for score in found.values()) >= FLOOR * sum(
        score.found for score in found.values()
    )
