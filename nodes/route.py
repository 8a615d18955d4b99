"""route: decide how the current step may run, or that it may not."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any, Literal

from langgraph.graph import END
from langgraph.runtime import Runtime

from ..errors import ArgumentError
from ..models.protocols import Candidate, Ranking, Role, Signals
from ..policy.approvals import action_digest, check_approval
from ..policy.protocols import CallFacts, PolicyDecision
from ..state.agent import LaneState, read
from ..state.approval import ApprovalRequest, approval_id
from ..state.context import AgentContext
from ..state.results import Attempt, Failure, StepResult
from ..state.values import JsonObject, Record, size_of
from ..stores.protocols import ApprovalRecord
from ..tools.contract import Tool
from .current import Current, leave, load
from .dependencies import Dependencies
from .events import emit
from .facts import call_facts
from .switched import halted


class Route(Record):
    """How the current step will run."""

    action: Literal["tool", "model", "extract"]
    """`extract`: no model serves the role, and the step can be done from its inputs alone."""
    args: JsonObject = {}
    approval: str = ""
    """Id of the approval that allows it; checked again by `act`."""
    provenance: dict[str, tuple[str, ...]] = {}
    candidates: tuple[Candidate, ...] = ()
    why: str = ""


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
        return leave(state, _ended(current, "stopped", stopped), max_inline=max_inline)
    match current.step.kind:
        case "tool":
            decided = await _route_tool(current, dependencies)
        case "ask":
            decided = _route_ask(current, dependencies)
        case "reason" | "draft":
            decided = await _route_model(state, current, dependencies)
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


def _ended(current: Current, status: Literal["failed", "stopped"], failure: Failure) -> StepResult:
    return StepResult(
        step=current.step.id,
        status=status,
        failure=failure,
        taint=current.taint(),
        plan_version=current.plan.version,
    )


async def _stopped(current: Current, dependencies: Dependencies) -> Failure | None:
    """Return the hard stop that keeps the step from starting, if there is one."""
    switches = await dependencies.switches.snapshot()
    if reason := halted(switches, current.run.principal):
        return Failure(kind="paused", message=reason)
    deadline = current.run.deadline_at
    if deadline is not None and dependencies.clock() >= deadline:
        return Failure(kind="deadline", message="The deadline of the run has passed.")
    return None


async def _route_tool(current: Current, dependencies: Dependencies) -> Route | StepResult:
    step = current.step
    tool = dependencies.tools.get(step.tool)
    if current.media:
        message = f"{step.tool} takes text, and {current.media[0].name} is not text."
        return _ended(current, "failed", Failure(kind="arguments", message=message))
    try:
        args, provenance = _arguments(current)
        args = dependencies.tools.check(step.tool, args)
    except KeyError as error:
        message = f"A reference finds nothing: {error.args[0]}."
        return _ended(current, "failed", Failure(kind="arguments", message=message))
    except ArgumentError as error:
        return _ended(current, "failed", Failure(kind="arguments", message=str(error)))
    facts = await call_facts(
        current.run,
        current.plan,
        step.tool,
        args,
        provenance,
        dependencies,
        confidence=current.confidence,
    )
    decision = dependencies.policy.decide(tool.contract, facts)
    if decision.outcome == "refuse":
        return _ended(current, "failed", Failure(kind="refused", message=decision.reason))
    if decision.outcome == "run":
        return Route(action="tool", args=args, provenance=provenance, why=decision.reason)
    bound = action_digest(step.tool, args, step.id, current.plan.version, decision.version)
    asked = await _asked(current, bound, dependencies)
    approved = await _approved(asked, bound, tool, facts, dependencies)
    if approved:
        why = f"approved ({approved})"
        return Route(action="tool", args=args, provenance=provenance, approval=approved, why=why)
    request = await _request(
        current, tool, args, provenance, decision, _unused_id(current, bound, asked), dependencies
    )
    return StepResult(
        step=step.id, status="waiting", approval=request, plan_version=current.plan.version
    )


def _arguments(current: Current) -> tuple[JsonObject, dict[str, tuple[str, ...]]]:
    """Return the arguments and where they come from; a person's edit replaces both."""
    cleared = current.cleared
    if cleared is None or cleared.approval is None:
        return current.args(), current.provenance()
    return cleared.approval.args, dict(cleared.approval.provenance)


async def _asked(
    current: Current, bound: str, dependencies: Dependencies
) -> Sequence[ApprovalRecord]:
    """Return what this run has asked about exactly this call."""
    records = await dependencies.store.approvals.of_thread(current.run.thread_id)
    return [r for r in records if r.run_id == current.run.id and r.request.digest == bound]


async def _approved(
    asked: Sequence[ApprovalRecord],
    bound: str,
    tool: Tool,
    facts: CallFacts,
    dependencies: Dependencies,
) -> str:
    """Return the id of an approval that holds, or an empty string."""
    switches = await dependencies.switches.snapshot()
    for record in asked:
        problem = check_approval(
            record,
            digest=bound,
            now=dependencies.clock(),
            policy=dependencies.policy,
            contract=tool.contract,
            facts=facts,
            revoked=switches.revoked_principals,
        )
        if not problem:
            return record.request.id
    return ""


def _unused_id(current: Current, bound: str, asked: Sequence[ApprovalRecord]) -> str:
    """Return the id to ask under: not that of an approval that no longer holds.

    The gate would take that one for the answer, and the step would go round in circles.
    """
    step, version = current.step.id, current.plan.version
    given = {record.request.id for record in asked if record.status == "approved"}
    free = approval_id(current.run.id, step, version, bound)
    while free in given:
        free = approval_id(free, step, version, bound)
    return free


async def _request(
    current: Current,
    tool: Tool,
    args: JsonObject,
    provenance: dict[str, tuple[str, ...]],
    decision: PolicyDecision,
    request_id: str,
    dependencies: Dependencies,
) -> ApprovalRequest:
    step, run, now = current.step, current.run, dependencies.clock()
    evidence = [e.id for result in current.results.values() for e in result.evidence]
    expires = decision.expires_seconds
    return ApprovalRequest(
        id=request_id,
        step=step.id,
        tool=step.tool,
        args=args,
        description=tool.describe(args) if tool.describe else f"{step.goal or 'Run ' + step.tool}.",
        why=decision.reason,
        effect=tool.contract.effect,
        risk=tool.contract.risk,
        provenance=provenance,
        preview=await dependencies.tools.preview(step.tool, args, run=run, step=step.id),
        evidence=tuple(evidence),
        allowed=decision.allowed,
        digest=action_digest(step.tool, args, step.id, current.plan.version, decision.version),
        policy=decision.policies,
        requested_at=now,
        expires_at=now + expires if expires is not None else None,
        quorum=decision.quorum,
        requester=run.principal.id,
    )


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


def role_of(current: Current, dependencies: Dependencies) -> Role | None:
    """Return the first configured role that can do the step."""
    wanted: tuple[Role, ...] = (
        ("reasoner", "generator", "chat")
        if current.step.kind == "reason"
        else ("generator", "chat")
    )
    return next((role for role in wanted if dependencies.models.serves(role)), None)


async def _route_model(
    state: LaneState, current: Current, dependencies: Dependencies
) -> Route | StepResult:
    step = current.step
    try:
        args = current.args()
    except KeyError as error:
        message = f"A reference finds nothing: {error.args[0]}."
        return _ended(current, "failed", Failure(kind="arguments", message=message))
    role = role_of(current, dependencies)
    provenance = current.provenance()
    if role is None:
        if step.kind == "draft":
            why = "no language model configured: extractive"
            return Route(action="extract", args=args, provenance=provenance, why=why)
        failure = Failure(kind="no_model", message="No language model is configured.")
        return _ended(current, "failed", failure)
    attempts = [Attempt.from_json(a) for a in read(state, "attempts", [])]
    signals = Signals(
        role=role,
        task_type=step.task_type,
        modalities=current.modalities,
        risk=step.risk,
        context_tokens=size_of(args) // 3 + len(step.prompt) // 3,
        output_tokens=step.max_tokens or 0,
        needs_schema=True,
        verdicts=tuple(a.verdict.cause for a in attempts if a.verdict),
        tried=tuple(a.performed_by for a in attempts),
        request=f"{step.goal} {step.prompt}".strip(),
    )
    ranking = await dependencies.models.rank(signals, run=current.run, step=step.id)
    return _first(ranking, current, args, provenance)


def _first(
    ranking: Ranking,
    current: Current,
    args: JsonObject,
    provenance: dict[str, tuple[str, ...]],
) -> Route | StepResult:
    if not ranking.candidates:
        reasons = "; ".join(f"{e.model}@{e.endpoint}: {e.reason}" for e in ranking.excluded)
        failure = Failure(
            kind="no_model", message=f"No model may take this step. {reasons}".strip()
        )
        return _ended(current, "failed", failure)
    return Route(
        action="model",
        args=args,
        provenance=provenance,
        candidates=ranking.candidates,
        why=ranking.candidates[0].reason,
    )
