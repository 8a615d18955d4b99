"""Ledger: whether what a sentence tells of a deed is what was done.

The amount, the day, the identifier, the recipient and the number of things of a deed must be those
of the effects that were performed. The request and the instructions say what was wished for, and
that is no ground for a deed; what describes the thing it was done to may come from there.
"""

from __future__ import annotations

from .actions import reported
from .agreement import Agreement
from .deeds import Deed, deeds
from .evidence import index
from .ground import Holding
from .standing import Standing


def contradicted(standing: Standing) -> str:
    """Return what of a deed is not as it was done, or an empty string.

    Args:
        standing: A sentence whose facts stand in what it may stand on.
    """
    if not (standing.ground.done or standing.ground.told):
        return ""
    for deed in deeds(standing.facts):
        if not (deed.kinds or deed.is_own):
            continue
        done = standing.ground.done_of(deed.kinds) if deed.kinds else [*standing.ground.done]
        told = _told(deed, standing)
        if not done and not told.items:
            continue
        view = Agreement(deed, done, told, standing)
        if word := view.denied() if deed.is_denied else view.wrong():
            return word
    return ""


def _told(deed: Deed, standing: Standing) -> Holding:
    """Return the sentences of earlier answers that tell of such a deed."""
    ground = standing.ground
    said = [text for text in ground.told if not deed.kinds or deed.kinds & reported(text)]
    return Holding(tuple(index(f"told {at}", "", text) for at, text in enumerate(said)))


def settles(standing: Standing) -> bool:
    """Return whether the effects have judged a sentence: it tells or denies a deed of their kind.

    What was read before a deed (`0.00 refunded`) is no evidence against it.
    """
    return bool(standing.ground.done) and any(
        (deed.is_denied or deed.is_own) and standing.ground.done_of(deed.kinds)
        for deed in deeds(standing.facts)
    )
