"""verify: judge what `act` brought back, and record the outcome once it is final."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable

from langgraph.graph import END
from langgraph.runtime import Runtime

from ..policy.recorded import recorded
from ..runs.audited import audited_verdict
from ..runs.data_classes import of_output
from ..runs.dependencies import Dependencies
from ..runs.events import emit
from ..runs.facts import step_facts
from ..runs.lane_view import LaneView, Route, StepEnded, TryAgain
from ..runs.step import Current, after_failure, leave, load
from ..state.approval import ApprovalRequest, approval_id
from ..state.context import AgentContext
from ..state.provenance import union
from ..state.results import Attempt, Failure, StepResult, StepStatus, Verdict
from ..state.run import is_step_stop
from ..state.values import digest
from ..state.verdict import ActOutcome, judge

MAX_BACKOFF = 30.0
"""Longest wait between two attempts at a step, in seconds."""


async def verify(
    view: LaneView, runtime: Runtime[AgentContext], dependencies: Dependencies
) -> TryAgain | StepEnded:
    """Accept the result, send the step back to `route`, or end it."""
    current = await load(view, dependencies.store.payloads)
    outcome = view.outcome
    verdict = judge(
        current.step,
        outcome,
        attempt=current.attempt,
        limits=current.run.limits,
        lookup=current.lookup,
        now=current.now,
    )
    attempts = (*view.attempts, _attempt(current, outcome, verdict))
    await audited_verdict(current.step.id, attempts[-1], current.run, dependencies)
    if verdict.action in ("retry", "fallback"):
        emit(runtime, "step_retried", node="verify", step=current.step.id, why=verdict.reason)
        await _back_off(current, outcome, dependencies)
        return TryAgain(verdict=verdict, attempts=attempts)
    result = after_failure(
        current, await _result(current, view.route, outcome, verdict, attempts, dependencies)
    )
    if result.status not in ("waiting", "stopped"):
        run = current.run
        await dependencies.store.journal.record_outcome(run.id, run.thread_id, result)
    _announce(runtime, result, outcome, verdict)
    max_inline = dependencies.settings.max_inline_bytes
    return leave(view, result, max_inline=max_inline, verdict=verdict)


AFTER_VERIFY: dict[Hashable, str] = {
    # One label, because a drawing shows one edge between two nodes.
    "retry, fallback or next step": "route",
    "chain done, failed or waiting": END,
}


def after_verify(view: LaneView) -> str:
    """Decide where the lane goes after a verdict; a key of `AFTER_VERIFY`.

    A step that is tried again is still the chain's first; an accepted one has made way.
    """
    return "retry, fallback or next step" if view.chain else "chain done, failed or waiting"


def _attempt(current: Current, outcome: ActOutcome, verdict: Verdict) -> Attempt:
    return Attempt(
        number=current.attempt,
        performed_by=outcome.performed_by,
        why=outcome.why,
        verdict=verdict,
        usage=outcome.usage,
        seconds=round(outcome.seconds, 3),
        replayed=outcome.replayed,
    )


async def _back_off(current: Current, outcome: ActOutcome, dependencies: Dependencies) -> None:
    seconds = min(MAX_BACKOFF, outcome.backoff * 2 ** (current.attempt - 1))
    deadline = current.run.deadline_at
    if deadline is not None:
        seconds = max(0.0, min(seconds, deadline - dependencies.clock()))
    await asyncio.sleep(seconds)


async def _result(
    current: Current,
    route: Route,
    outcome: ActOutcome,
    verdict: Verdict,
    attempts: tuple[Attempt, ...],
    dependencies: Dependencies,
) -> StepResult:
    status = _status(verdict, outcome)
    accepted = status == "accepted"
    waiting = status == "waiting"
    result = StepResult(
        step=current.step.id,
        status=status,
        output=outcome.output if accepted else None,
        evidence=outcome.evidence if accepted else (),
        taint=outcome.taint if accepted else union([outcome.taint, current.taint()]),
        readers=outcome.readers,
        failure=None if accepted or waiting else _failure(outcome, verdict),
        approval=await _did_it_happen(current, route, outcome, dependencies)
        if waiting
        else (current.cleared.approval if current.cleared else None),
        reason=route.because,
        # Those before a person said what became of a call have cost something, too.
        attempts=(*(current.cleared.attempts if current.cleared else ()), *attempts),
        plan_version=current.plan.version,
        data_class=of_output(current, outcome.output, dependencies),
        bound=current.bound(),
    )
    return result.model_copy(update={"decided": current.decided(result)})


def _status(verdict: Verdict, outcome: ActOutcome) -> StepStatus:
    if verdict.action == "accept":
        return "accepted"
    if verdict.action == "ask":
        return "waiting"
    if outcome.failure and is_step_stop(outcome.failure.kind):
        return "stopped"
    return "failed"


def _failure(outcome: ActOutcome, verdict: Verdict) -> Failure:
    return outcome.failure or Failure(kind="check", message=verdict.reason)


async def _did_it_happen(
    current: Current, route: Route, outcome: ActOutcome, dependencies: Dependencies
) -> ApprovalRequest:
    """Ask a person about a call that may or may not have happened."""
    step, run = current.step, current.run
    problem = outcome.failure.message if outcome.failure else "its outcome is unknown"
    bound = digest(["did it happen", outcome.effect_key, dependencies.clock()])
    facts = await step_facts(current, route.args, route.provenance, dependencies)
    ruling = dependencies.policy.decide(dependencies.tools.get(step.tool).contract, facts)
    known = await dependencies.store.effects.get(outcome.effect_key)
    again = known is None or known.attempts < run.limits.step_attempts
    rerun = "Approve: it did not happen, make the call again. " if again else ""
    return ApprovalRequest(
        id=approval_id(run.id, step.id, current.plan.version, bound),
        step=step.id,
        tool=step.tool,
        args=route.args,
        provenance=route.provenance,
        description=f"{step.tool} may or may not have taken effect: {problem} {rerun}Respond "
        '"It happened: …" or "It did not happen: …", with what you know; the second has the agent '
        "plan again. Reject: leave it and end the step.",
        why="The tool cannot be repeated safely and cannot say whether it acted.",
        allowed=("approve", "respond", "reject") if again else ("respond", "reject"),
        digest=bound,
        requested_at=dependencies.clock(),
        requester=run.principal.id,
        # To say what became of it takes the authority that letting it happen takes.
        quorum=ruling.quorum,
        facts=recorded(facts),
        unknown_effect=outcome.effect_key,
    )


def _announce(
    runtime: Runtime[AgentContext], result: StepResult, outcome: ActOutcome, verdict: Verdict
) -> None:
    emit(
        runtime,
        "waiting" if result.status == "waiting" else "step_finished",
        node="verify",
        step=result.step,
        status=result.status,
        performed_by=outcome.performed_by,
        why=verdict.reason,
        seconds=outcome.seconds,
        usd=result.usage.usd,
        replayed=outcome.replayed,
    )
