"""Credited: which deed a sentence tells of that it does not cite."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..grounding.actions import reported
from ..grounding.kinds import alike, kinds_of_tool
from ..state.answer import Sentence
from ..state.answering import Evidenced
from ..state.instances import parts_of
from .calls import AcceptedCall


def credited(
    kept: Sequence[Sentence], effects: Sequence[AcceptedCall], evidence: Mapping[str, Evidenced]
) -> tuple[Sentence, ...]:
    """Have sentences that tell of what was done cite it, where only one step can be meant.

    Args:
        kept: Sentences that have passed the check.
        effects: Accepted calls that changed something.
        evidence: What can be cited, by id.
    """
    steps = {parts_of(call.step)[0]: kinds_of_tool(call.tool) for call in effects}

    def with_deed(sentence: Sentence) -> Sentence:
        told = reported(sentence.text)
        meant = [step for step, kinds in steps.items() if alike(told, kinds)]
        if len(meant) != 1:
            return sentence
        of_deed = [id_ for id_, e in evidence.items() if parts_of(e.evidence.step)[0] == meant[0]]
        if not set(of_deed).isdisjoint(sentence.cites):
            return sentence
        return sentence.model_copy(update={"cites": (*sentence.cites, *of_deed)})

    return tuple(map(with_deed, kept))
