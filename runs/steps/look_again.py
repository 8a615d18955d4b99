"""Look again, before an approved call, at what the plan has checked before a person was asked."""

from __future__ import annotations

from ...policy.facts import PolicyDecision
from ...state.usage import Usage
from ...state.verdict import holds
from ..consents import Ruled, ruled
from ..dependencies import Dependencies
from ..facts import step_facts
from ..step import Current
from .paid_call import paid_call


async def look_again(current: Current, dependencies: Dependencies) -> tuple[str, Usage]:
    """Return what no longer holds of the checks that a step rests on, and what looking has cost.

    Raises:
        BudgetExceededError: A cap has no room for a look.
    """
    spent = Usage()
    for before in current.rechecks:
        if dependencies.tools.get(before.step.tool).contract.effect != "read":
            continue
        problem, usage = await _look(before, dependencies)
        spent += usage
        if problem:
            return problem, spent
    return "", spent


async def _look(before: Current, dependencies: Dependencies) -> tuple[str, Usage]:
    step = before.step
    ruling = await _ruling(before, dependencies)
    if problem := _may_not_look(before, ruling.decision):
        return f"It was approved, but {step.tool} may not be asked again: {problem}", Usage()
    # A look of its own: the recorded one is of before.
    moment = f"{dependencies.clock():.6f}"
    grant = ruling.grant.id if ruling.grant else ""
    done, usd = await paid_call(before, before.args(), dependencies, grant=grant, look=moment)
    usage = Usage(tool_calls=1, usd=usd)
    if done.status != "done":
        return f"It was approved, but {step.tool} could not be asked again: {done.error}", usage
    for check in step.checks:
        if not holds(check, done.output, before.lookup, before.now):
            return (
                f"It was approved, but what was checked before no longer holds: {check.message}",
                usage,
            )
    return "", usage


async def _ruling(before: Current, dependencies: Dependencies) -> Ruled:
    facts = await step_facts(before, before.args(), before.provenance(), dependencies)
    return await ruled(facts, before.run, dependencies)


def _may_not_look(before: Current, decision: PolicyDecision) -> str:
    """Return why policy lets nobody look now; what a person has let happen may happen again."""
    asked = before.results.get(before.step.id)
    agreed = asked is not None and asked.approval is not None
    allowed = decision.outcome == "run" or (decision.outcome == "ask" and agreed)
    return "" if allowed else decision.reason
