"""route: decide how the current step may run, or that it may not."""

from __future__ import annotations

from collections.abc import Hashable

from langgraph.graph import END
from langgraph.runtime import Runtime

from ..errors import PlanError
from ..policy.approvals import action_digest
from ..runs.audited import audited_route
from ..runs.dependencies import Dependencies
from ..runs.events import emit
from ..runs.lane_view import GaveWay, LaneView, Route, Routed, StepEnded
from ..runs.late_decisions import take_late_decision
from ..runs.observed import observed_skip
from ..runs.step import Current, after_failure, ended, leave, load
from ..runs.steps.condition import under_condition
from ..runs.steps.model_route import route_model
from ..runs.steps.tool_route import route_tool
from ..runs.switched import halted
from ..state.approval import ApprovalRequest, approval_id
from ..state.context import AgentContext
from ..state.results import Failure, StepResult


async def route(
    view: LaneView, runtime: Runtime[AgentContext], dependencies: Dependencies
) -> Routed | StepEnded | GaveWay:
    """Choose how the current step runs; end it here if it has run, must wait, or may not run."""
    max_inline = dependencies.settings.max_inline_bytes
    if not await _comes(view):
        return GaveWay()
    current = await load(view, dependencies.store.payloads)
    recorded = await _recorded(view, current, dependencies)
    if recorded is not None:
        step, status = recorded.step, recorded.status
        emit(runtime, "step_replayed", node="route", step=step, status=status)
        return leave(view, recorded, max_inline=max_inline)
    stopped = await _stopped(current, dependencies)
    if stopped is not None:
        return leave(view, ended(current, "stopped", stopped), max_inline=max_inline)
    allowed = under_condition(current)
    current = allowed if isinstance(allowed, Current) else current
    decided = (
        await _decided(current, view, runtime, dependencies)
        if isinstance(allowed, Current)
        else allowed
    )
    if isinstance(decided, StepResult):
        decided = decided.model_copy(update={"decided": current.decided(decided)})
        decided = after_failure(current, decided)
        decided = decided.model_copy(update={"bound": current.bound()})
        await audited_route(current.step.id, decided, current.run, dependencies)
        if decided.status == "waiting":
            emit(runtime, "waiting", node="route", step=decided.step, why=_why(decided))
        else:
            await dependencies.store.journal.record_outcome(
                current.run.id, current.run.thread_id, decided
            )
        if decided.status == "skipped":
            await observed_skip(decided, "route", runtime)
        return leave(view, decided, max_inline=max_inline)
    await audited_route(current.step.id, decided, current.run, dependencies)
    emit(
        runtime,
        "step_started",
        node="route",
        step=current.step.id,
        attempt=current.attempt,
        goal=current.step.goal,
        performed_by=_performer(decided, current),
        why=decided.why,
    )
    return Routed(route=decided.model_copy(update={"because": current.because}))


async def _comes(view: LaneView) -> bool:
    """Wait for what the current step needs of lanes beside; say whether it may go on with that."""
    hard = view.current.requires()
    for name in view.awaited:
        result = await view.take(name)
        if result is None or (name in hard and result.status != "accepted"):
            return False
    return True


async def _decided(
    current: Current,
    view: LaneView,
    runtime: Runtime[AgentContext],
    dependencies: Dependencies,
) -> Route | StepResult:
    match current.step.kind:
        case "tool":
            if current.cleared is not None and (request := current.cleared.approval) is not None:
                await take_late_decision(request, view.memory, runtime, dependencies)
            return await route_tool(current, view.memory, dependencies)
        case "ask":
            return _route_ask(current, dependencies)
        case "reason" | "draft":
            return await route_model(current, dependencies)
        case "each":
            raise PlanError("A loop was sent to a lane.", where=current.step.id)


AFTER_ROUTE: dict[Hashable, str] = {
    "may run": "act",
    "replayed from the journal": "route",
    "waits, refused or stopped": END,
}


def after_route(view: LaneView) -> str:
    """Decide where the lane goes: to work, to the next step, or home; a key of `AFTER_ROUTE`."""
    if view.may_run:
        return "may run"
    return "replayed from the journal" if view.chain else "waits, refused or stopped"


async def _recorded(
    view: LaneView, current: Current, dependencies: Dependencies
) -> StepResult | None:
    """Return the outcome that an earlier life of the lane has journaled, if it has.

    A fork whose plan was edited has other steps under the same names: their results are their own.
    """
    journal, run, version = dependencies.store.journal, view.run, view.plan.version
    known = await view.memory.journal(run.id, journal)
    if (version, view.chain[0]) not in known.ended:
        return None
    return await journal.outcome(run.id, version, view.chain[0], bound=current.bound())


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
        description=f"{step.prompt} (for {current.item})" if current.item else step.prompt,
        why="The plan needs something that only a person can say.",
        allowed=("respond", "reject"),
        digest=bound,
        requested_at=dependencies.clock(),
        requester=run.principal.id,
    )
    return StepResult(
        step=step.id,
        status="waiting",
        approval=request,
        plan_version=current.plan.version,
        data_class=current.data_class(),
        # By it the reply is found again, which comes as a message and not as a decision.
        bound=current.bound(),
    )
