"""Ground: what the sentences of a run's answer may stand on."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import dropwhile

from ..errors import NotFoundError
from ..grounding.effects import EffectCall
from ..grounding.evidence import index
from ..grounding.ground import Ground
from ..state.answering import Evidenced
from ..state.instances import step_of
from ..state.plan import Plan
from ..state.task import Task, Utterance
from ..state.values import Json
from .calls import AcceptedCall, accepted_calls
from .conversation import CLIENT
from .dependencies import Dependencies
from .evidence import outputs_of
from .step import started
from .thread_summary import is_cut
from .view import RunView

_BY_MODELS = ("reason", "draft")


async def ground_of(
    view: RunView,
    evidence: Mapping[str, Evidenced],
    dependencies: Dependencies,
    *,
    instructions: str = "",
    since: Sequence[Utterance] = (),
) -> Ground:
    """Read the evidence of a run once, in a thread: it may be long.

    Args:
        view: The run; its request, what was said before, its effects and the day it began on need
            no citation.
        evidence: What can be cited, by id.
        dependencies: Tells which of the tools change something.
        instructions: What the agent was told to be and do, citable too.
        since: What was said after the run's request.
    """
    outputs = await outputs_of(view.results, dependencies.store.payloads, view.memory)
    effects = tuple(
        EffectCall(tool=call.tool, args=call.args, output=outputs.get(call.step))
        for call in effects_of(view, outputs, dependencies)
    )
    task = view.task or Task(text="")
    # What this run itself has said while it waits rests on the evidence that is here, and carries
    # nothing: a sentence is no evidence for itself.
    later = dropwhile(lambda said: said.speaker == "assistant", since)
    said = [s for s in (*task.conversation, *later) if _is_known(s)]
    # The user's words and the agent's own, which were checked when they were said.
    request = "\n".join([*(s.text for s in said), task.text])
    told = [s.text for s in said if s.speaker == "assistant"]
    today = datetime.fromtimestamp(view.run.started_at, UTC).date()

    in_part = {id_ for id_, item in evidence.items() if item.evidence.cut}

    def read() -> Ground:
        texts = _texts(view.plan, evidence)
        written = _by_models(view.plan)
        return Ground(
            evidence={
                id_: replace(
                    index(id_, item.evidence.source, text),
                    is_input=item.evidence.step in written,
                )
                for id_, (item, text) in texts.items()
            },
            today=today,
            request=request,
            instructions=instructions,
            effects=effects,
            told=told,
        ).seen_in_part(in_part)

    return await asyncio.to_thread(read)


def _by_models(plan: Plan) -> frozenset[str]:
    return frozenset(step.id for step in plan.steps if step.kind in _BY_MODELS)


def _texts(plan: Plan, evidence: Mapping[str, Evidenced]) -> dict[str, tuple[Evidenced, str]]:
    """Return each piece of evidence with its text; what a model wrote is what it was given."""
    given = _Given(plan, evidence)
    written = _by_models(plan)
    return {
        id_: (
            item,
            # What two steps returned alike is read once, as one list.
            "\n".join(dict.fromkeys(given.to(item.evidence.step)))
            if item.evidence.step in written
            else item.text,
        )
        for id_, item in evidence.items()
    }


class _Given:
    """What the model steps of a plan were given, down to what tools brought."""

    def __init__(self, plan: Plan, evidence: Mapping[str, Evidenced]) -> None:
        self._steps = {step.id: step for step in plan.every_step()}
        self._texts: dict[str, list[str]] = {}
        for item in evidence.values():
            # Of a loop's step: what it brought for any item.
            self._texts.setdefault(step_of(item.evidence.step), []).append(item.text)

    def to(self, step_id: str, seen: frozenset[str] = frozenset()) -> list[str]:
        """Return the texts that a step was given, of one that no model performs its own."""
        step = self._steps.get(step_id)
        if step is None or step_id in seen:
            return []
        inside = [inner for inner in step.every() if inner.kind != "each"]
        brought = [inner.id for inner in inside if inner.kind not in _BY_MODELS]
        texts = [text for id_ in brought for text in self._texts.get(id_, ())]
        if len(brought) == len(inside):
            return texts
        # A model in a loop read its items, or what stands outside.
        needed = sorted(step.needs())
        return texts + [text for id_ in needed for text in self.to(id_, seen | {step_id})]


def _is_known(said: Utterance) -> bool:
    """Whether it is known who said it: what a client put into the assistant's mouth nobody did."""
    return CLIENT not in said.sources and not (said.speaker == "assistant" and is_cut(said))


def effects_of(
    view: RunView, outputs: Mapping[str, Json], dependencies: Dependencies
) -> list[AcceptedCall]:
    """Return the accepted calls that changed something."""
    return [
        call
        for call in accepted_calls(view.plan, view.results, outputs, now=started(view.run))
        if _changes(call.tool, dependencies)
    ]


def _changes(tool: str, dependencies: Dependencies) -> bool:
    try:
        return dependencies.tools.get(tool).contract.effect != "read"
    except NotFoundError:
        # A tool that is gone may have changed something: an answer may still say so.
        return True
