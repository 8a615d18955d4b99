"""plan: make the plan, keep count of the run's limits, and say what is ready."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from langgraph.runtime import Runtime
from langgraph.types import Send

from ..errors import BudgetExceededError
from ..planners.protocols import Declined
from ..runs.dependencies import Dependencies
from ..runs.events import emit
from ..state.agent import AgentState, read
from ..state.context import AgentContext
from ..state.plan import Plan
from ..state.progress import Move, hard_stop, next_move, skip_blocked
from ..state.results import StepResult
from ..state.run import Run, Stop
from ..state.values import JsonObject
from .planning import announce, explain, make_plan, plan_request

DISPATCH = "ready chains, side by side"
ASK = "steps wait for a person"
REVISE = "steps failed that another plan may avoid"
FINISH = "done, or stopped: turns, deadline, budget, tool failure"
AFTER_PLAN: dict[Hashable, str] = {
    DISPATCH: "lane",
    ASK: "gate",
    REVISE: "revise",
    FINISH: "synthesize",
}


async def plan(
    state: AgentState, runtime: Runtime[AgentContext], dependencies: Dependencies
) -> dict[str, Any]:
    """Move the run on by one turn; `after_plan` reads from the state where it goes."""
    run = Run.from_json(state["run"])
    results = read_results(state)
    turns = read(state, "turns", 0) + 1
    update: dict[str, Any] = {"turns": turns}
    stop = await _stop(run, turns, results, dependencies)
    if stop is None and not read(state, "plan"):
        made = await _first_plan(state, run, turns, runtime, dependencies)
        if isinstance(made, Plan):
            update["plan"] = made.to_json()
        else:
            stop = made
    elif stop is None:
        skips = skip_blocked(Plan.from_json(state["plan"]), results)
        update["results"] = {step_id: result.to_json() for step_id, result in skips.items()}
    if stop is not None:
        emit(runtime, "stopped", node="plan", reason=stop.reason, detail=stop.detail)
        update["stop"] = stop.to_json()
    _tell(state, update, runtime)
    return update


def after_plan(state: AgentState) -> str | list[Send]:
    """Decide where the run goes: into lanes, or along a key of `AFTER_PLAN`.

    It reads nothing but the state, so a state that was edited in Studio goes on like any other.
    """
    move = move_of(state)
    if move.kind == "dispatch":
        current, results = Plan.from_json(state["plan"]), read_results(state)
        return [Send("lane", lane_input(state, current, c, results)) for c in move.chains]
    return {"ask": ASK, "revise": REVISE, "finish": FINISH}[move.kind]


def move_of(state: AgentState) -> Move:
    """Return the next move that the state calls for."""
    if read(state, "stop") or not read(state, "plan"):
        return Move(kind="finish")
    limit = Run.from_json(state["run"]).limits.max_revisions
    may_revise = read(state, "revisions", 0) < limit
    return next_move(Plan.from_json(state["plan"]), read_results(state), may_revise=may_revise)


def read_results(state: AgentState) -> dict[str, StepResult]:
    """Return the results by step."""
    return {id_: StepResult.from_json(r) for id_, r in read(state, "results", {}).items()}


def _tell(state: AgentState, update: dict[str, Any], runtime: Runtime[AgentContext]) -> None:
    merged: Any = {**state, **update}
    merged["results"] = {**read(state, "results", {}), **update.get("results", {})}
    move = move_of(merged)
    if move.kind == "dispatch":
        emit(runtime, "dispatched", node="plan", chains=[list(chain) for chain in move.chains])


async def _stop(
    run: Run, turns: int, results: dict[str, StepResult], dependencies: Dependencies
) -> Stop | None:
    usage = await dependencies.models.usage(run.id)
    return hard_stop(run, turns=turns, now=dependencies.clock(), usage=usage, results=results)


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
        "attachments": [a for a in state["work"].get("attachments", []) if a["name"] in files],
        "inputs": {
            step_id: results[step_id]
            .model_copy(update={"attempts": results[step_id].attempts[-1:]})
            .to_json()
            for step_id in sorted(needed | cleared)
        },
    }


async def _first_plan(
    state: AgentState,
    run: Run,
    turns: int,
    runtime: Runtime[AgentContext],
    dependencies: Dependencies,
) -> Plan | Stop:
    try:
        made = await make_plan(plan_request(state, run, runtime, dependencies), dependencies)
    except BudgetExceededError as error:
        return Stop(reason="budget", detail=str(error))
    if isinstance(made, Declined):
        # A planner that ran into the deadline declines too; the deadline is then the reason.
        stop = await _stop(run, turns, {}, dependencies)
        return stop or Stop(reason="planning", detail=explain(made))
    announce(made, runtime)
    return made
