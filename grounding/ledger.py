"""Ledger: whether what a sentence tells of a deed is what was done.

The amount, the day, the identifier, the recipient and the number of things of a deed must be those
of the effects that were performed. The request and the instructions say what was wished for, and
that is no ground for a deed; what describes the thing it was done to may come from there.
"""

from __future__ import annotations

from datetime import date

from .actions import reported
from .agreement import Agreement
from .deeds import Deed, deeds
from .effects import EffectCall
from .evidence import index
from .facts import read
from .ground import Ground, Holding
from .identifiers import Identifier
from .quantities import Quantity
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


def misdescribes(text: str, call: EffectCall, said: str, *, today: date) -> str:
    """Return what of a description is not so in the call that it describes, or an empty string.

    Args:
        text: What a model says that the call is for.
        call: The tool with its arguments.
        said: What the user has said, from which the description may take the rest.
        today: The day that words such as `tomorrow` are read by.
    """
    ground = Ground(evidence={}, today=today, request=said, effects=[call])
    standing = Standing(read(text), ground, Holding(()))
    facts = [f for f in standing.stated() if isinstance(f, Identifier | Quantity)]
    if missing := [f.text for f in facts if not standing.stands(f)]:
        return missing[0]
    [done] = ground.done
    deed = Deed(word=text, kinds=done.kinds, stretches=((0, len(text)),), is_own=True)
    return Agreement(deed, [done], Holding(()), standing).wrong()


def settles(standing: Standing) -> bool:
    """Return whether the effects have judged a sentence: it tells or denies a deed of their kind.

    What was read before a deed (`0.00 refunded`) is no evidence against it.
    """
    return bool(standing.ground.done) and any(
        (deed.is_denied or deed.is_own) and standing.ground.done_of(deed.kinds)
        for deed in deeds(standing.facts)
    )
