"""Planning: have a plan made for a run's state, once, and held to the rules."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace

from langgraph.runtime import Runtime

from ..errors import OperatorError, PlanError
from ..planners.protocols import Declined, PlanRequest, Waits
from ..planners.validation import validate_apart
from ..state.context import AgentContext
from ..state.migrations import read_stored
from ..state.plan import Plan
from ..state.plan_drawing import drawn
from ..state.provenance import union
from ..state.results import StepResult, told_by
from ..state.revision import as_they_ran
from ..state.run import Principal, Stop
from ..state.values import JsonObject, digest
from ..tools.contract import ToolContract
from .audited import audited_plan
from .data_classes import of_parked
from .dependencies import Dependencies
from .events import emit, emitter
from .instructions import instructions_for
from .listening import is_heard
from .memory import RunMemory
from .plan_notes import PLAN_NOTE, kind_for
from .seen_shapes import shapes_seen
from .view import RunView
from .withdrawal import step_in_words

TOOLS_AT_ONCE = 32
"""Tools that policy is asked about before the event loop gets its turn."""


async def plan_request(
    view: RunView,
    runtime: Runtime[AgentContext],
    dependencies: Dependencies,
    *,
    problem: str = "",
    look: str = "",
) -> PlanRequest:
    """Gather what a planner may know; with a plan in force, a revision is asked for.

    Args:
        view: The run, which has its task.
        runtime: Where progress is told.
        dependencies: Tools and policy.
        problem: What went wrong with the plan in force.
        look: What the plan in force left to be decided.
    """
    if view.task is None:
        raise OperatorError("It has no task to plan for.", where="state.work", fix="Start it anew.")
    visible = await _visible_tools(view.run.principal, dependencies)
    return PlanRequest(
        task=view.task,
        run=view.run,
        tools=visible,
        instructions=instructions_for(view.run, dependencies, view.plan),
        waits=() if view.planned else what_waits(view),
        remembered=view.remembered,
        version=view.plan.version + 1 if view.planned else 1,
        previous=view.plan if view.planned else None,
        results=view.results if view.planned else {},
        problem=problem,
        look=look,
        looks_left=max(0, view.run.limits.max_looks - view.looks - bool(look)),
        emit=emitter(runtime, node="plan"),
    )


async def _visible_tools(principal: Principal, dependencies: Dependencies) -> list[ToolContract]:
    """Return the tools that a planner may know of, leaving the loop its turns between them."""
    visible: list[ToolContract] = []
    for number, tool in enumerate(dependencies.tools.tools.values(), start=1):
        if dependencies.policy.may_see(tool.contract, principal):
            visible.append(tool.contract)
        if number % TOOLS_AT_ONCE == 0:
            await asyncio.sleep(0)
    return visible


def what_waits(view: RunView) -> tuple[Waits, ...]:
    """Return what earlier turns wait for, as a planner is shown it."""
    return tuple(
        Waits(
            id=request.id,
            words=step_in_words(parked, request.step),
            tool=request.tool,
            args=request.args,
            sources=union([parked.plan.taint, *request.provenance.values()]),
            data_class=of_parked(parked),
            in_doubt=bool(request.unknown_effect),
        )
        for parked in view.parked
        for request in (*parked.approvals, *parked.questions)
    )


async def make_plan(
    request: PlanRequest, memory: RunMemory, dependencies: Dependencies
) -> Plan | Declined:
    """Return the plan that the journal holds for this request, or have one made and record it.

    Raises:
        BudgetExceededError: No cap leaves room for planning.
    """
    journal, run = dependencies.store.journal, request.run
    notes, kind = (await memory.journal(run.id, journal)).notes, _kind_of(request)
    noted = notes.get((kind, request.version)) or notes.get((PLAN_NOTE, request.version))
    if noted is not None:
        return _read_note(noted)
    paid = await memory.model_calls(run.id, dependencies.models)
    seen = await shapes_seen(request.tools, run.principal, dependencies)
    request = replace(request, seen=seen)
    made = await dependencies.planner.plan(request)
    if isinstance(made, Plan):
        changing = {c.name for c in request.tools if c.effect != "read"}
        ordered = tuple(sorted(changing & {step.tool for step in made.every_step()}))
        made = made.model_copy(update={"version": request.version, "ordered": ordered})
        if request.previous is not None:
            looks = (*request.previous.looks, request.look)
            made = as_they_ran(request.previous, made).model_copy(update={"looks": looks})
        try:
            await validate_apart(made, request, dependencies.tools)
        except PlanError as error:
            made = Declined(planner=made.planner, reason=f"The plan is not valid: {error}")
    note = _note(made)
    await audited_plan(made, note, request.version, run, dependencies)
    await journal.record_note(
        run.id,
        run.thread_id,
        kind,
        request.version,
        note,
        wait=not memory.may_owe(await memory.model_calls(run.id, dependencies.models) == paid),
    )
    return made


def _kind_of(request: PlanRequest) -> str:
    """Bind a note to what was planned for: a fork that failed otherwise is revised otherwise."""
    previous = request.previous.to_json() if request.previous else None
    asked = [request.task.digest(), previous, told_by(request.results)]
    return kind_for(digest([*asked, request.problem, request.look]))


def _note(made: Plan | Declined) -> JsonObject:
    if isinstance(made, Plan):
        return made.to_json()
    lists = {name: list(getattr(made, name)) for name in ("missing", "can_do", "taint")}
    plain = {name: getattr(made, name) for name in ("planner", "reason", "said", "trouble")}
    return {"declined": {**plain, **lists}}


def _read_note(noted: JsonObject) -> Plan | Declined:
    if "declined" not in noted:
        return read_stored(Plan, noted, where="journal.plan")
    declined = noted["declined"]
    return Declined(
        planner=declined["planner"],
        reason=declined["reason"],
        missing=tuple(declined["missing"]),
        can_do=tuple(declined["can_do"]),
        taint=tuple(declined.get("taint", ())),
        said=declined.get("said", ""),
        trouble=declined.get("trouble", False),
    )


def announce(made: Plan, runtime: Runtime[AgentContext]) -> None:
    """Tell whoever streams the run what is planned, and why."""
    steps = [
        {"id": step.id, "kind": step.kind, "tool": step.tool, "goal": step.goal}
        for step in made.steps
    ]
    emit(runtime, "planned", node="plan", planner=made.planner, why=made.reason, steps=steps)


def show(plan: Plan, results: Mapping[str, StepResult], runtime: Runtime[AgentContext]) -> None:
    """Draw the plan as it stands for whoever streams the run."""
    if is_heard():
        emit(runtime, "drawn", node="plan", drawing=drawn(plan, results))


def without_plan(declined: Declined) -> Stop:
    """Return the stop of a run for which no planner made a plan."""
    return Stop(
        reason="planning",
        detail=explain(declined),
        taint=declined.taint,
        said=declined.said,
        missing=declined.missing,
        can_do=declined.can_do,
        trouble=declined.trouble,
    )


def explain(declined: Declined) -> str:
    """Say why there is no plan, what is missing, and what could be done instead."""
    parts = [declined.reason]
    if declined.missing:
        parts.append("Missing: " + "; ".join(declined.missing) + ".")
    if declined.can_do:
        lines = "\n".join(f"- {line}" for line in declined.can_do)
        parts.append(f"\nWhat I can do:\n{lines}")
    return " ".join(parts)
