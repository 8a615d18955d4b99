"""route: decide how the current step may run, or that it may not."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from langgraph.graph import END
from langgraph.runtime import Runtime

from ..policy.approvals import action_digest
from ..runs.dependencies import Dependencies
from ..runs.events import emit
from ..runs.step import Current, leave, load
from ..runs.switched import halted
from ..state.agent import LaneState, read
from ..state.approval import ApprovalRequest, approval_id
from ..state.context import AgentContext
from ..state.results import Failure, StepResult
from .route_model import route_model
from .route_tool import route_tool
from .routed import Route, ended


async def route(
    state: LaneState, runtime: Runtime[AgentContext], dependencies: Dependencies
) -> dict[str, Any]:
    """Choose how the current step runs; end it here if it has run, must wait, or may not run."""
    run, plan, step_id = state["run"], state["plan"], state["chain"][0]
    max_inline = dependencies.settings.max_inline_bytes
    version = plan.get("version", 1)
    recorded = await dependencies.store.journal.outcome(run["id"], version, step_id)
    if recorded is not None:
        emit(runtime, "step_replayed", node="route", step=step_id, status=recorded.status)
        return leave(state, recorded, max_inline=max_inline)
    current = await load(state, dependencies.store.payloads)
    stopped = await _stopped(current, dependencies)
    if stopped is not None:
        return leave(state, ended(current, "stopped", stopped), max_inline=max_inline)
    match current.step.kind:
        case "tool":
            decided = await route_tool(current, dependencies)
        case "ask":
            decided = _route_ask(current, dependencies)
        case "reason" | "draft":
            decided = await route_model(state, current, dependencies)
    if isinstance(decided, StepResult):
        if decided.status == "waiting":
            emit(runtime, "waiting", node="route", step=step_id, why=_why(decided))
        else:
            await dependencies.store.journal.record_outcome(
                current.run.id, current.run.thread_id, decided
            )
        return leave(state, decided, max_inline=max_inline)
    emit(
        runtime,
        "step_started",
        node="route",
        step=step_id,
        attempt=current.attempt,
        goal=current.step.goal,
        performed_by=_performer(decided, current),
        why=decided.why,
    )
    return {"route": decided.to_json(), "outcome": None, "verdict": None}


AFTER_ROUTE: dict[Hashable, str] = {
    "may run": "act",
    "replayed from the journal": "route",
    "waits, refused or stopped": END,
}


def after_route(state: LaneState) -> str:
    """Decide where the lane goes: to work, to the next step, or home; a key of `AFTER_ROUTE`."""
    if read(state, "route") is not None:
        return "may run"
    return "replayed from the journal" if state["chain"] else "waits, refused or stopped"


def _why(result: StepResult) -> str:
    return result.approval.why if result.approval else ""


def _performer(decided: Route, current: Current) -> str:
    if decided.action == "tool":
        return f"tool:{current.step.tool}"
    return decided.candidates[0].name if decided.candidates else "no model"


async def _stopped(current: Current, dependencies: Dependencies) -> Failure | None:
    """Return the hard stop that keeps the step from starting, if there is one."""
    switches = await dependencies.switches.snapshot()
    if reason := halted(switches, current.run.principal):
        return Failure(kind="paused", message=reason)
    deadline = current.run.deadline_at
    if deadline is not None and dependencies.clock() >= deadline:
        return Failure(kind="deadline", message="The deadline of the run has passed.")
    return None


def _route_ask(current: Current, dependencies: Dependencies) -> StepResult:
    step, run = current.step, current.run
    bound = action_digest("ask", {"question": step.prompt}, step.id, current.plan.version, "")
    request = ApprovalRequest(
        id=approval_id(run.id, step.id, current.plan.version, bound),
        step=step.id,
        tool="ask",
        args={"question": step.prompt},
        description=step.prompt,
        why="The plan needs something that only a person can say.",
        allowed=("respond", "reject"),
        digest=bound,
        requested_at=dependencies.clock(),
        requester=run.principal.id,
    )
    return StepResult(
        step=step.id, status="waiting", approval=request, plan_version=current.plan.version
    )
