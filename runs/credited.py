"""Credited: which deeds a sentence tells of that it does not cite."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..grounding.actions import reported_one_by_one
from ..grounding.kinds import alike, kinds_of_tool
from ..state.answer import Sentence
from ..state.answering import Evidenced
from ..state.instances import parts_of
from .calls import AcceptedCall


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
        meant = {step for told in reported_one_by_one(sentence.text) for step in _only(told, steps)}
        for step in steps:
            of_deed = [id_ for id_, e in evidence.items() if parts_of(e.evidence.step)[0] == step]
            if step in meant and set(of_deed).isdisjoint(sentence.cites):
                sentence = sentence.model_copy(update={"cites": (*sentence.cites, *of_deed)})
        return sentence

    return tuple(map(with_deeds, kept))


def _only(told: frozenset[str], steps: Mapping[str, frozenset[str]]) -> list[str]:
    """Return the step that a deed can only be: of its very kind, else of one that is like it."""
    exact = [step for step, kinds in steps.items() if told & kinds]
    meant = exact or [step for step, kinds in steps.items() if alike(told, kinds)]
    return meant if len(meant) == 1 else []
