"""How a tool step may run: its arguments, what policy says of them, and whether a person agreed."""

from __future__ import annotations

from collections.abc import Sequence

from ...errors import ArgumentError, ExpressionError
from ...policy.approvals import check_approval
from ...policy.facts import CallFacts, PolicyDecision
from ...policy.recorded import recorded
from ...state.approval import ApprovalRequest, approval_id
from ...state.results import Failure, StepResult
from ...state.values import JsonObject, canonical_json
from ...stores.records import ApprovalRecord
from ...tools.contract import Tool
from ...tools.presentation import described
from ..arguments import first_form, form_of_its_own
from ..binding import bound_action
from ..consents import Ruled, ruled
from ..dependencies import Dependencies
from ..facts import step_facts
from ..lane_view import Route
from ..memory import RunMemory
from ..step import SHOWN, Current, ended
from ..telling import in_words
from .equal_calls import equal_call, is_repetition

MAX_VOID = 8
"""Approvals of one action in a row that lapse before its call, after which it is not asked again:
whoever answers each time, the round from plan to gate has an end. One that holds always runs."""


async def route_tool(
    current: Current, memory: RunMemory, dependencies: Dependencies
) -> Route | StepResult:
    """Decide that the call runs, waits for a person, or fails before it was made."""
    step = current.step
    tool = dependencies.tools.get(step.tool)
    if current.media:
        message = f"{step.tool} takes text, and {current.media[0].name} is not text."
        return ended(current, "failed", Failure(kind="arguments", message=message))
    try:
        given, provenance = _arguments(current)
        form = await first_form(step.tool, given, current.run, dependencies, step=step.id)
    except KeyError as error:
        message = f"A reference finds nothing: {error.args[0]}."
        return ended(current, "failed", Failure(kind="arguments", message=message))
    except ExpressionError as error:
        return ended(current, "failed", Failure(kind="expression", message=str(error)))
    except ArgumentError as error:
        return ended(current, "failed", Failure(kind="arguments", message=str(error)))
    args = form.args
    facts = await step_facts(current, args, provenance, dependencies)
    ruling = await _ruling(current, facts, dependencies)
    facts, decision = ruling.facts, ruling.decision
    if decision.outcome == "refuse":
        return ended(current, "failed", Failure(kind="refused", message=decision.reason))
    if decision.outcome == "run":
        return Route(
            action="tool",
            args=args,
            provenance=provenance,
            why=ruling.why,
            leans_on=ruling.leans_on,
        )
    repeats = await is_repetition(current, tool, form, memory, dependencies)
    if repeats:
        args = await form_of_its_own(step.tool, given, current.run, dependencies, step=step.id)
        facts = facts.model_copy(update={"args": args})
    bound = await bound_action(step.tool, args, step.id, current.plan.version, decision.version)
    asked = await _asked(current, memory, dependencies)
    problems = await _problems(asked, bound, tool, facts, dependencies)
    approved = next((record.request for record in asked if not problems[record.request.id]), None)
    if approved is not None:
        return Route(
            action="tool",
            args=args,
            provenance=provenance,
            approval=approved.id,
            again=approved.id if approved.repeats else "",
            why=f"approved ({approved.id})",
        )
    *void, free = _ids(current, bound, asked)
    if len(void) >= MAX_VOID:
        message = f"It was approved {len(void)} times, and no approval held until its call: "
        message += problems[void[-1]]
        return ended(current, "failed", Failure(kind="lapsed", message=message))
    request = await _request(current, tool, facts, decision, bound, free, dependencies)
    if repeats:
        request = request.model_copy(update={"repeats": form.of_another})
    return StepResult(
        step=step.id,
        status="waiting",
        approval=request,
        plan_version=current.plan.version,
        data_class=current.data_class(),
    )


async def _ruling(current: Current, facts: CallFacts, dependencies: Dependencies) -> Ruled:
    """Ask policy; what a person has cleared runs by their approval and needs no other consent."""
    if current.cleared is None:
        return await ruled(facts, current.run, dependencies)
    contract = dependencies.tools.get(facts.tool).contract
    return Ruled(facts=facts, decision=dependencies.policy.decide(contract, facts))


def _arguments(current: Current) -> tuple[JsonObject, dict[str, tuple[str, ...]]]:
    """Return the arguments and where they come from; a person's edit replaces both."""
    cleared = current.cleared
    if cleared is None or cleared.approval is None:
        return current.args(), current.provenance()
    return cleared.approval.args, dict(cleared.approval.provenance)


async def _asked(
    current: Current, memory: RunMemory, dependencies: Dependencies
) -> Sequence[ApprovalRecord]:
    """Return what this run has asked for; `act` looks at the newest again."""
    run = current.run
    return await memory.approvals(run.id, run.thread_id, dependencies.store.approvals)


async def _problems(
    asked: Sequence[ApprovalRecord],
    bound: str,
    tool: Tool,
    facts: CallFacts,
    dependencies: Dependencies,
) -> dict[str, str]:
    """Return why each of what was asked does not cover the call, an empty string for what does."""
    switches = await dependencies.switches.snapshot()
    return {
        record.request.id: check_approval(
            record,
            digest=bound,
            now=dependencies.clock(),
            policy=dependencies.policy,
            contract=tool.contract,
            facts=facts,
            revoked=switches.revoked_principals,
            revoked_tokens=switches.revoked_tokens,
        )
        for record in asked
    }


def _ids(current: Current, bound: str, asked: Sequence[ApprovalRecord]) -> list[str]:
    """Return the ids under which this very call was approved in vain, and one to ask under.

    That one is not the id of an approval that does not hold, or not any more. The gate would take
    its decision for one on the new request, and the step would go round in circles. So it would
    with an edit that led to such an approval; on a replay from before it, the edit still counts.
    What was asked under another digest, by an earlier release, covers no call of this one.
    """
    step, version = current.step.id, current.plan.version
    used = ("approved",) if current.cleared is None else ("approved", "edited")
    given = {
        record.request.id
        for record in asked
        if record.status in used or record.request.digest != bound
    }
    ids = [approval_id(current.run.id, step, version, bound)]
    while ids[-1] in given:
        ids.append(approval_id(ids[-1], step, version, bound))
    return ids


async def _request(
    current: Current,
    tool: Tool,
    facts: CallFacts,
    decision: PolicyDecision,
    bound: str,
    request_id: str,
    dependencies: Dependencies,
) -> ApprovalRequest:
    step, run, now, args = current.step, current.run, dependencies.clock(), facts.args
    evidence = current.shown()
    expires = decision.expires_seconds
    return ApprovalRequest(
        id=request_id,
        step=step.id,
        tool=step.tool,
        args=args,
        description=_description(current, tool, args),
        why="\n".join(filter(None, (decision.reason, _because(current)))),
        effect=tool.contract.effect,
        risk=tool.contract.risk,
        provenance=facts.tainted_args,
        leaks=decision.leaks,
        preview=await dependencies.tools.preview(step.tool, args, run=run, step=step.id),
        evidence=tuple(item.id for item in evidence),
        shown=evidence[:SHOWN],
        facts=recorded(facts),
        allowed=decision.allowed,
        digest=bound,
        policy=decision.policies,
        requested_at=now,
        expires_at=now + expires if expires is not None else None,
        quorum=decision.quorum,
        requester=run.principal.id,
        repeats=await equal_call(current, tool, args, dependencies),
    )


def _description(current: Current, tool: Tool, args: JsonObject) -> str:
    said = described(tool, args) or _goal(current, args)
    item = f"For {current.item}." if current.item else ""
    return " ".join(filter(None, (said, item, tool.contract.refusals())))


def _goal(current: Current, args: JsonObject) -> str:
    """Return what a plan says that the call is for; who made it under whose words, it says too."""
    words = in_words(current.plan, current.step.id, args, said=canonical_json(args))
    sources = current.plan.taint
    return f"{words}. (Planned after reading {', '.join(sources)}.)" if sources else f"{words}."


def _because(current: Current) -> str:
    """Return why the step runs, with the untrusted sources that decided it."""
    sources = current.control()
    because = current.because or _inherited(current)
    if not because or not sources:
        return because
    return f"{because} (source: {', '.join(sources)})"


def _inherited(current: Current) -> str:
    """Return the condition of an earlier step by which untrusted text decided this one too."""
    before = {**current.results, **current.awaited}
    decisive = (
        f"It comes after {name}, which {result.reason}."
        for name, result in before.items()
        if result.decided and result.reason and name != current.step.id
    )
    return next(decisive, "")
