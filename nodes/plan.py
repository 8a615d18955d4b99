"""plan: make or revise the plan, then dispatch what is ready, ask, or end."""

from __future__ import annotations

from typing import Any, Literal

from langgraph.runtime import Runtime
from langgraph.types import Command, Send

from ..errors import BudgetExceededError, PlanError
from ..planners.protocols import Declined, PlanRequest
from ..planners.validation import validate
from ..state.agent import AgentState, read
from ..state.context import AgentContext
from ..state.plan import Plan
from ..state.progress import Move, hard_stop, next_move, skip_blocked
from ..state.provenance import union
from ..state.results import StepResult
from ..state.run import Run, Stop
from ..state.task import Task
from ..state.values import JsonObject
from .dependencies import Dependencies
from .events import emit, emitter

Destination = Literal["lane", "gate", "plan", "synthesize"]
DESTINATIONS: dict[str, str] = {
    "lane": "ready chains",
    "gate": "steps wait for a person",
    "plan": "revised",
    "synthesize": "done, or stopped: turns, deadline, budget, tool failure",
}


async def plan(
    state: AgentState, runtime: Runtime[AgentContext], dependencies: Dependencies
) -> Command[Destination]:
    """Move the run on by one turn."""
    run = Run.from_json(state["run"])
    results = _results(state)
    turns = read(state, "turns", 0) + 1
    stop = await _stop(run, turns, results, dependencies)
    if stop:
        return _end(stop, {"turns": turns}, runtime)
    if not read(state, "plan"):
        return await _first_plan(state, run, turns, runtime, dependencies)
    current = Plan.from_json(state["plan"])
    skips = skip_blocked(current, results)
    results |= skips
    update: dict[str, Any] = {"turns": turns, "results": _dump(skips)}
    move = next_move(
        current, results, may_revise=read(state, "revisions", 0) < run.limits.max_revisions
    )
    if move.kind == "revise":
        return await _revise(state, run, current, results, move, update, runtime, dependencies)
    return _follow(move, state, current, results, update, runtime)


def _results(state: AgentState) -> dict[str, StepResult]:
    return {id_: StepResult.from_json(r) for id_, r in read(state, "results", {}).items()}


def _dump(results: dict[str, StepResult]) -> JsonObject:
    return {step_id: result.to_json() for step_id, result in results.items()}


async def _stop(
    run: Run, turns: int, results: dict[str, StepResult], dependencies: Dependencies
) -> Stop | None:
    usage = await dependencies.models.usage(run.id)
    return hard_stop(run, turns=turns, now=dependencies.clock(), usage=usage, results=results)


def _end(
    stop: Stop, update: dict[str, Any], runtime: Runtime[AgentContext]
) -> Command[Destination]:
    emit(runtime, "stopped", node="plan", reason=stop.reason, detail=stop.detail)
    return Command(goto="synthesize", update={**update, "stop": stop.to_json()})


def _follow(
    move: Move,
    state: AgentState,
    plan: Plan,
    results: dict[str, StepResult],
    update: dict[str, Any],
    runtime: Runtime[AgentContext],
) -> Command[Destination]:
    if move.kind == "dispatch":
        emit(runtime, "dispatched", node="plan", chains=[list(chain) for chain in move.chains])
        sends = [Send("lane", lane_input(state, plan, chain, results)) for chain in move.chains]
        return Command(goto=sends, update=update)
    return Command(goto="gate" if move.kind == "ask" else "synthesize", update=update)


def lane_input(
    state: AgentState, plan: Plan, chain: tuple[str, ...], results: dict[str, StepResult]
) -> JsonObject:
    """Build what one lane gets: its steps, and references to the results that they use."""
    steps = [plan.step(step_id) for step_id in chain]
    uses = [ref for step in steps for ref in step.uses()]
    needed = {ref.step for ref in uses if ref.step} - set(chain)
    files = {ref.attachment for ref in uses if ref.attachment}
    cleared = {s for s in chain if s in results and results[s].status == "cleared"}
    return {
        "run": state["run"],
        "plan": plan.model_copy(update={"steps": tuple(steps), "answer": ()}).to_json(),
        "chain": list(chain),
        "attachments": {
            a["name"]: a["payload"]
            for a in state["work"].get("attachments", [])
            if a["name"] in files
        },
        "inputs": {
            step_id: results[step_id].model_copy(update={"attempts": ()}).to_json()
            for step_id in sorted(needed | cleared)
        },
    }


async def _first_plan(
    state: AgentState,
    run: Run,
    turns: int,
    runtime: Runtime[AgentContext],
    dependencies: Dependencies,
) -> Command[Destination]:
    request = _request(state, run, runtime, dependencies)
    update: dict[str, Any] = {"turns": turns}
    try:
        made = await _journaled(request, dependencies)
    except BudgetExceededError as error:
        return _end(Stop(reason="budget", detail=str(error)), update, runtime)
    if isinstance(made, Declined):
        # A planner that ran into the deadline declines too; the deadline is then the reason.
        stop = await _stop(run, turns, {}, dependencies)
        return _end(stop or Stop(reason="planning", detail=_explain(made)), update, runtime)
    _announce(made, runtime)
    update["plan"] = made.to_json()
    return _follow(next_move(made, {}, may_revise=False), state, made, {}, update, runtime)


async def _revise(
    state: AgentState,
    run: Run,
    current: Plan,
    results: dict[str, StepResult],
    move: Move,
    update: dict[str, Any],
    runtime: Runtime[AgentContext],
    dependencies: Dependencies,
) -> Command[Destination]:
    request = _request(
        state, run, runtime, dependencies, current=current, results=results, problem=move.problem
    )
    try:
        made = await _journaled(request, dependencies)
    except BudgetExceededError as error:
        return _end(Stop(reason="budget", detail=str(error)), update, runtime)
    update["revisions"] = read(state, "revisions", 0) + 1
    if isinstance(made, Declined):
        return Command(goto="synthesize", update=update)
    # What the planner read before it planned again flows into every step that is still to run.
    read_by_planner = union([current.taint, *(result.taint for result in results.values())])
    revised = made.model_copy(update={"taint": union([made.taint, read_by_planner])})
    _announce(revised, runtime)
    kept = {step.id for step in revised.steps}
    open_again = {
        step_id: None
        for step_id, result in results.items()
        if step_id in kept and result.status != "accepted"
    }
    update["plan"] = revised.to_json()
    update["results"] = {**update["results"], **open_again}
    return Command(goto="plan", update=update)


def _request(
    state: AgentState,
    run: Run,
    runtime: Runtime[AgentContext],
    dependencies: Dependencies,
    *,
    current: Plan | None = None,
    results: dict[str, StepResult] | None = None,
    problem: str = "",
) -> PlanRequest:
    visible = [
        tool.contract
        for tool in dependencies.tools.tools.values()
        if dependencies.policy.may_see(tool.contract, run.principal)
    ]
    return PlanRequest(
        task=Task.from_json(state["work"]),
        run=run,
        tools=visible,
        version=current.version + 1 if current else 1,
        previous=current,
        results=results or {},
        problem=problem,
        emit=emitter(runtime, node="plan"),
    )


async def _journaled(request: PlanRequest, dependencies: Dependencies) -> Plan | Declined:
    """Return the plan that the journal holds for this version, or have one made and record it."""
    journal, run = dependencies.store.journal, request.run
    noted = await journal.note(run.id, "plan", request.version)
    if noted is not None:
        return Declined(**noted["declined"]) if "declined" in noted else Plan.from_json(noted)
    made = await dependencies.planner.plan(request)
    if isinstance(made, Plan):
        made = made.model_copy(update={"version": request.version})
        try:
            validate(made, request, dependencies.tools)
        except PlanError as error:
            made = Declined(planner=made.planner, reason=f"The plan is not valid: {error}")
    body: JsonObject = (
        made.to_json()
        if isinstance(made, Plan)
        else {
            "declined": {
                "planner": made.planner,
                "reason": made.reason,
                "missing": list(made.missing),
                "can_do": list(made.can_do),
            }
        }
    )
    await journal.record_note(run.id, run.thread_id, "plan", request.version, body)
    return made


def _announce(made: Plan, runtime: Runtime[AgentContext]) -> None:
    steps = [
        {"id": step.id, "kind": step.kind, "tool": step.tool, "goal": step.goal}
        for step in made.steps
    ]
    emit(runtime, "planned", node="plan", planner=made.planner, why=made.reason, steps=steps)


def _explain(declined: Declined) -> str:
    parts = [declined.reason]
    if declined.missing:
        parts.append("Missing: " + "; ".join(declined.missing) + ".")
    if declined.can_do:
        lines = "\n".join(f"- {line}" for line in declined.can_do)
        parts.append(f"\nWhat I can do:\n{lines}")
    return " ".join(parts)
