"""Briefing: what the sentences of an answer are written from, and what they are held against."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from langgraph.runtime import Runtime

from ..models.blocks import Block
from ..state.context import AgentContext
from ..state.plan import Plan
from ..state.provenance import union
from ..state.relevance import sentences
from ..state.results import StepResult
from ..state.task import Task, Utterance
from ..state.values import Json
from .conversation import said_since
from .data_classes import heard_by_now
from .dependencies import Dependencies
from .evidence import collect
from .ground import effects_of, ground_of
from .instructions import instructions_for
from .prompts import AnswerBrief
from .spoken import Spoken
from .view import RunView
from .writing import Writing, blocks_of

_MARK = re.compile(r" \[\d+\]")


async def desk_for(
    view: RunView,
    spoken: Spoken,
    runtime: Runtime[AgentContext],
    dependencies: Dependencies,
    *,
    outputs: Mapping[str, Json],
    notes: Sequence[str],
    waits: bool = False,
) -> Writing:
    """Gather what an answer is written from.

    Args:
        view: The run.
        spoken: Says each sentence as it passes.
        runtime: Where progress is told.
        dependencies: Models, tools and store.
        outputs: Of the run's accepted steps.
        notes: What the framework tells the user besides.
        waits: Whether a part of the run waits for a person.
    """
    evidence = await collect(view.results, dependencies.store.payloads, view.memory)
    instructions = instructions_for(view.run, dependencies, view.plan)
    since = said_since(view, dependencies.settings)
    task = view.task or Task(text="")
    tainted = (result.taint for result in view.results.values())
    brief = AnswerBrief(
        task=task,
        today=datetime.fromtimestamp(view.run.started_at, UTC).date(),
        evidence=blocks_of(evidence, list(evidence)),
        instructions=instructions,
        why=view.plan.reason,
        planned_after=view.plan.taint,
        sources=union([view.plan.taint, task.heard, *tainted]),
        notes=notes,
        skipped=_skipped(view.plan, view.results),
        since=since,
        waits=waits,
    )
    return Writing(
        run=view.run,
        brief=brief,
        evidence=evidence,
        effects=effects_of(view, outputs, dependencies),
        ground=await ground_of(
            view, evidence, dependencies, instructions=instructions, since=since
        ),
        data_class=heard_by_now(view),
        keep_unverified=_keeps_unverified(view.plan, dependencies),
        heard=_heard(since) if view.run.told else frozenset(),
        spoken=spoken,
        runtime=runtime,
        dependencies=dependencies,
    )


def _heard(since: Sequence[Utterance]) -> frozenset[str]:
    """Return the sentences that the agent has said since the request, without their marks."""
    return frozenset(
        sentence
        for said in since
        if said.speaker == "assistant"
        for sentence in sentences(_MARK.sub("", said.text))
    )


def _skipped(plan: Plan, results: dict[str, StepResult]) -> list[Block]:
    """Return why steps were skipped, with the sources that decided it."""
    return [
        Block(name=step.id, text=f"{step.goal}: {result.reason}", sources=result.taint)
        for step in plan.steps
        if (result := results.get(step.id)) is not None
        if result.status == "skipped" and result.failure is None and result.reason
    ]


def _keeps_unverified(plan: Plan, dependencies: Dependencies) -> bool:
    high = any(step.risk == "high" for step in plan.steps)
    return not high or dependencies.settings.unverified_at_high_risk == "keep"
