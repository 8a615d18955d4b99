"""Call a tool, if it still may be called at this moment, and bring back what happened."""

from __future__ import annotations

from ...errors import BudgetExceededError
from ...finishing import to_the_end
from ...policy.approvals import action_digest, check_approval
from ...state.provenance import output_taint
from ...state.results import Evidence, Failure
from ...state.usage import Usage
from ...state.values import canonical_json
from ...state.verdict import ActOutcome, holds
from ...tools.contract import Tool
from ...tools.protocols import ToolOutcome
from ..dependencies import Dependencies
from ..facts import step_facts
from ..lane_view import Route
from ..spending import hold, settle
from ..step import Current
from ..switched import frozen, halted


async def call_tool(current: Current, route: Route, dependencies: Dependencies) -> ActOutcome:
    """Check once more that the call may run, then call through the effects ledger."""
    step, tool = current.step, dependencies.tools.get(current.step.tool)
    performed_by = f"tool:{step.tool}"
    if problem := await _still_forbidden(current, route, tool, dependencies):
        failure = Failure(kind="refused", message=problem)
        return ActOutcome(failure=failure, performed_by=performed_by, why=route.why)
    if route.approval and (problem := await _holds_no_more(current, route, dependencies)):
        failure = Failure(kind="check", message=problem)
        return ActOutcome(failure=failure, performed_by=performed_by, why=route.why)
    try:
        done, usd = await _paid(current, route, tool, dependencies)
    except BudgetExceededError as error:
        failure = Failure(kind="budget", message=str(error))
        return ActOutcome(failure=failure, performed_by=performed_by, why=route.why)
    return ActOutcome(
        output=done.output if done.status == "done" else None,
        failure=_tool_failure(done),
        evidence=_tool_evidence(current.step.id, tool, route, done),
        performed_by=performed_by,
        why=route.why,
        usage=Usage(tool_calls=0 if done.replayed else 1, usd=usd),
        replayed=done.replayed,
        effect_key=done.key,
        max_attempts=tool.contract.max_attempts,
        backoff=tool.contract.backoff,
        happened_unknown=done.status == "unknown",
        taint=output_taint(
            source=f"tool:{step.tool}#{step.id}",
            trust=tool.contract.trust,
            arguments=route.provenance,
            control=current.control(),
        ),
    )


async def _paid(
    current: Current, route: Route, tool: Tool, dependencies: Dependencies
) -> tuple[ToolOutcome, float]:
    """Reserve what the call costs, make it, and settle; return also the US dollars settled.

    Raises:
        BudgetExceededError: A cap has no room for the call, which was not made.
    """
    step, run, contract = current.step, current.run, tool.contract
    seconds = current.seconds(step.timeout or contract.timeout, now=dependencies.clock())
    grant = await hold(contract, run, step.id, seconds, dependencies)
    try:
        done = await dependencies.tools.call(
            step.tool,
            route.args,
            run=run,
            step=step.id,
            attempt=current.attempt,
            timeout=seconds,
            again=route.again,
        )
    except BaseException:
        await to_the_end(settle(grant, contract, None, dependencies))
        raise
    return done, await to_the_end(settle(grant, contract, done, dependencies))


async def _still_forbidden(
    current: Current, route: Route, tool: Tool, dependencies: Dependencies
) -> str:
    """Check at the moment of execution what `route` decided; return why not, or nothing."""
    switches = await dependencies.switches.snapshot()
    if reason := frozen(switches, tool.name) or halted(switches, current.run.principal):
        return reason
    facts = await step_facts(current, route.args, route.provenance, dependencies)
    decision = dependencies.policy.decide(tool.contract, facts)
    if decision.outcome == "refuse":
        return decision.reason
    if not route.approval:
        return "" if decision.outcome == "run" else "Policy now asks for a person's approval."
    return check_approval(
        await dependencies.store.approvals.get(route.approval),
        digest=action_digest(
            tool.name, route.args, current.step.id, current.plan.version, decision.version
        ),
        now=dependencies.clock(),
        policy=dependencies.policy,
        contract=tool.contract,
        facts=facts,
        revoked=switches.revoked_principals,
        revoked_tokens=switches.revoked_tokens,
    )


async def _holds_no_more(current: Current, route: Route, dependencies: Dependencies) -> str:
    """Look again at what the plan has checked before the person was asked; return what changed."""
    for before in current.rechecks:
        step, tool = before.step, dependencies.tools.get(before.step.tool)
        if tool.contract.effect != "read":
            continue
        wanted = step.timeout or tool.contract.timeout
        done = await dependencies.tools.call(
            step.tool,
            before.args(),
            run=before.run,
            # A look of its own: the recorded one is of before.
            step=f"{step.id}@{route.approval}",
            attempt=1,
            timeout=before.seconds(wanted, now=dependencies.clock()),
        )
        if done.status != "done":
            return f"It was approved, but {step.tool} could not be asked again: {done.error}"
        for check in step.checks:
            if not holds(check, done.output, before.lookup):
                return (
                    f"It was approved, but what was checked before no longer holds: {check.message}"
                )
    return ""


def _tool_failure(done: ToolOutcome) -> Failure | None:
    if done.status == "done":
        return None
    return Failure(kind=done.kind or "tool_error", message=done.error, retryable=done.retryable)


def _tool_evidence(step: str, tool: Tool, route: Route, done: ToolOutcome) -> tuple[Evidence, ...]:
    if done.status != "done":
        return ()
    cited = tuple(tool.cite(route.args, done.output)) if tool.cite and not done.warning else ()
    if not cited:
        cited = (
            Evidence(id="", step=step, source=f"{tool.name} {canonical_json(route.args)[:80]}"),
        )
    return tuple(
        e.model_copy(
            update={
                "id": step if len(cited) == 1 else f"{step}#{position}",
                "step": step,
                "trust": tool.contract.trust,
            }
        )
        for position, e in enumerate(cited)
    )
