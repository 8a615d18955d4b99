"""Call a tool, if it still may be called at this moment, and bring back what happened."""

from __future__ import annotations

import asyncio

from ...errors import ArgumentError, BudgetExceededError
from ...policy.approvals import check_approval
from ...policy.facts import CallFacts
from ...state.grant import CallGrant
from ...state.provenance import output_taint
from ...state.results import Evidence, Failure
from ...state.text import label
from ...state.usage import Usage
from ...state.values import canonical_json
from ...state.verdict import ActOutcome
from ...tools.contract import Tool
from ...tools.effect_keys import effect_key
from ...tools.outcome import ToolOutcome
from ...tools.presentation import cited
from ..binding import bound_action
from ..consents import ruled
from ..dependencies import Dependencies
from ..facts import step_facts
from ..lane_view import Route
from ..seen_shapes import learn_shape
from ..step import Current
from ..switched import frozen, halted
from .look_again import look_after, look_again
from .paid_call import paid_call

_QUOTING = frozenset({"tool_error", "output_not_json", "output_schema"})
"""Kinds of failure whose message repeats what the tool said."""
MAX_QUOTED = 500
OWN_SECONDS = 60.0
"""For so long after a call, what has changed is taken for its own doing."""


async def call_tool(current: Current, route: Route, dependencies: Dependencies) -> ActOutcome:
    """Check once more that the call may run, then call through the effects ledger."""
    step, tool = current.step, dependencies.tools.get(current.step.tool)
    performed_by = f"tool:{step.tool}"
    allowed = await _still_allowed(current, route, tool, dependencies)
    if isinstance(allowed, Failure):
        return ActOutcome(failure=allowed, performed_by=performed_by, why=route.why, backoff=0)
    looks = Usage()
    try:
        if route.approval and not await _began_before(current, route, dependencies):
            failure, looks = await _looked_again(current, route, tool, dependencies)
            if failure is not None:
                return ActOutcome(
                    failure=failure, performed_by=performed_by, why=route.why, usage=looks
                )
        done, usd = await paid_call(
            current,
            route.args,
            dependencies,
            again=route.again,
            grant=allowed.id if allowed else "",
        )
        if done.status == "done" and _is_fresh(done, dependencies.clock()):
            looks += await look_after(current, dependencies)
    except (BudgetExceededError, ArgumentError) as error:
        kind = "arguments" if isinstance(error, ArgumentError) else "budget"
        failure = Failure(kind=kind, message=str(error))
        return ActOutcome(failure=failure, performed_by=performed_by, why=route.why, usage=looks)
    taint = output_taint(
        source=f"tool:{step.tool}#{step.id}",
        trust=tool.contract.trust,
        arguments=route.provenance,
        control=current.control(),
    )
    if done.status == "done" and not done.replayed:
        principal = current.run.principal
        await learn_shape(tool.contract, done.output, principal, dependencies, taint=taint)
    return ActOutcome(
        output=done.output if done.status == "done" else None,
        failure=_tool_failure(tool, done),
        evidence=_tool_evidence(current.step.id, tool, route, done),
        performed_by=performed_by,
        why=_why(route, allowed, done),
        usage=looks + Usage(tool_calls=0 if done.replayed else 1, usd=usd),
        replayed=done.replayed,
        effect_key=done.key,
        max_attempts=tool.contract.max_attempts,
        backoff=tool.contract.backoff,
        happened_unknown=done.status == "unknown",
        taint=taint,
    )


async def _looked_again(
    current: Current, route: Route, tool: Tool, dependencies: Dependencies
) -> tuple[Failure | None, Usage]:
    """Return what keeps an approved call back once its checks were looked at, and their cost."""
    problem, looks = await look_again(current, dependencies)
    if problem:
        return Failure(kind="check", message=problem), looks
    if not looks.tool_calls:
        return None, looks
    # Looking takes time, in which people are revoked and tools frozen.
    allowed = await _still_allowed(current, route, tool, dependencies)
    return (allowed if isinstance(allowed, Failure) else None), looks


def _is_fresh(done: ToolOutcome, now: float) -> bool:
    """Whether what a look finds now is still what the call itself has changed.

    A worker that was killed between the call and its look leaves the look to the next one. What
    others may have changed by a later time is not taken for our own.
    """
    return not done.replayed or now - done.ended_at <= OWN_SECONDS


async def _began_before(current: Current, route: Route, dependencies: Dependencies) -> bool:
    """Whether this very call was begun before, by a worker that did not come to its end.

    It has looked then. What a look would find now may be what the call itself has changed.
    """
    if not current.rechecks:
        return False
    name = current.step.tool
    args = await dependencies.tools.checked(name, route.args)
    key = await asyncio.to_thread(effect_key, current.run.id, name, args, apart=route.again)
    known = await dependencies.store.effects.get(key)
    return known is not None and known.state != "failed"


async def _still_allowed(
    current: Current, route: Route, tool: Tool, dependencies: Dependencies
) -> CallGrant | Failure | None:
    """Check at the moment of execution what `route` decided.

    Returns:
        Why the call may not be made; or the grant under which it is made, if it is under one.
    """
    switches = await dependencies.switches.snapshot()
    if reason := frozen(switches, tool.name) or halted(switches, current.run.principal):
        return Failure(kind="refused", message=reason)
    facts = await step_facts(current, route.args, route.provenance, dependencies)
    if not route.approval:
        return await _unattended(current, route, facts, dependencies)
    decision = dependencies.policy.decide(tool.contract, facts)
    if decision.outcome == "refuse":
        return Failure(kind="refused", message=decision.reason)
    problem = check_approval(
        await dependencies.store.approvals.get(route.approval),
        digest=await bound_action(
            tool.name, route.args, current.step.id, current.plan.version, decision.version
        ),
        now=dependencies.clock(),
        policy=dependencies.policy,
        contract=tool.contract,
        facts=facts,
        revoked=switches.revoked_principals,
        revoked_tokens=switches.revoked_tokens,
    )
    return Failure(kind="refused", message=problem) if problem else None


async def _unattended(
    current: Current, route: Route, facts: CallFacts, dependencies: Dependencies
) -> CallGrant | Failure | None:
    """Return why a call that was to run unattended may not, or the grant that covers it.

    One that ran by a standing consent goes back to be routed: it asks a person, and does not fail.
    """
    ruling = await ruled(facts, current.run, dependencies)
    decision = ruling.decision
    if decision.outcome == "run":
        return ruling.grant
    if decision.outcome == "ask" and route.leans_on:
        message = f"It holds no more: {route.leans_on}"
        return Failure(kind="consent", message=message, retryable=True)
    asks = "Policy now asks for a person's approval."
    return Failure(kind="refused", message=asks if decision.outcome == "ask" else decision.reason)


def _why(route: Route, grant: CallGrant | None, done: ToolOutcome) -> str:
    if grant is None or not done.grant_use:
        return route.why
    by = grant.by.id or "the local person"
    return f"{route.why} It ran under grant {grant.id} of {by} ({grant.count(done.grant_use)})."


def _tool_failure(tool: Tool, done: ToolOutcome) -> Failure | None:
    """Say why the call failed; an untrusted tool's own words stand in quotes, under its name."""
    if done.status == "done":
        return None
    kind, said = done.kind or "tool_error", done.error
    if kind == "uncovered":
        # Others took what was left of the grant: routed again, the step asks a person.
        return Failure(kind="consent", message=said, retryable=True)
    if kind in _QUOTING and tool.contract.trust == "untrusted":
        words = label(said, limit=MAX_QUOTED).replace("“", "'").replace("”", "'")
        said = f"{tool.name}, whose words nobody has verified, says: “{words}”"
    return Failure(kind=kind, message=said, retryable=done.retryable)


def _tool_evidence(step: str, tool: Tool, route: Route, done: ToolOutcome) -> tuple[Evidence, ...]:
    if done.status != "done":
        return ()
    whole = Evidence(id="", step=step, source=f"{tool.name} {canonical_json(route.args)[:80]}")
    parts = () if done.warning else cited(tool, route.args, done.output)
    shown = parts or (whole,)
    return tuple(
        e.model_copy(
            update={
                "id": step if len(shown) == 1 else f"{step}#{position}",
                "step": step,
                "trust": tool.contract.trust,
            }
        )
        for position, e in enumerate(shown)
    )
