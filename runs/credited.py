"""Credited: which deeds a sentence tells of that it does not cite."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from ..grounding.actions import reported_one_by_one
from ..grounding.kinds import alike, kinds_of_tool
from ..state.answer import Sentence
from ..state.answering import Evidenced
from ..state.instances import parts_of
from ..state.values import JsonObject
from .calls import AcceptedCall

SHORTEST = 4
"""Characters of an argument that a sentence does not hold by chance."""
ENOUGH = 8
"""Characters of all arguments of a call by which it is told from others."""

_NOW = re.compile(r"\b(?:now|jetzt|nun|ab sofort|désormais|maintenant|ahora)\b", re.IGNORECASE)
"""How a sentence tells what a deed has made so: `Your address is now …`."""


def credited(
    kept: Sequence[Sentence], effects: Sequence[AcceptedCall], evidence: Mapping[str, Evidenced]
) -> tuple[Sentence, ...]:
    """Have sentences that tell of deeds cite them, where only one step can be meant by each.

    Args:
        kept: Sentences that have passed the check.
        effects: Accepted calls that changed something.
        evidence: What can be cited, by id.
    """
    steps = {parts_of(call.step)[0]: kinds_of_tool(call.tool) for call in effects}

    def with_deeds(sentence: Sentence) -> Sentence:
        reported = reported_one_by_one(sentence.text)
        meant = {step for told in reported for step in _only(told, steps)}
        if reported or _NOW.search(sentence.text):
            named = {parts_of(c.step)[0] for c in effects if _is_named(c.args, sentence.text)}
            meant |= named if len(named) == 1 else set()
        for step in steps:
            of_deed = [id_ for id_, e in evidence.items() if parts_of(e.evidence.step)[0] == step]
            if step in meant and set(of_deed).isdisjoint(sentence.cites):
                sentence = sentence.model_copy(update={"cites": (*sentence.cites, *of_deed)})
        return sentence

    return tuple(map(with_deeds, kept))


def _is_named(args: JsonObject, text: str) -> bool:
    """Return whether a sentence holds all that a call was given, and that is enough to tell it."""
    said, given = text.casefold(), list[str]()
    for value in args.values():
        match value:
            case dict() | list():
                return False
            case str() | int() | float() if value is not True and value is not False:
                given.append(value.casefold() if isinstance(value, str) else f"{value:.10g}")
            case _:
                pass
    telling = [value for value in given if len(value) >= SHORTEST]
    return sum(map(len, telling)) >= ENOUGH and all(value in said for value in telling)


def _only(told: frozenset[str], steps: Mapping[str, frozenset[str]]) -> list[str]:
    """Return the step that a deed can only be: of its very kind, else of one that is like it."""
    exact = [step for step, kinds in steps.items() if told & kinds]
    meant = exact or [step for step, kinds in steps.items() if alike(told, kinds)]
    return meant if len(meant) == 1 else []
