"""Look again, before an approved call, at what the plan has checked before a person was asked."""

from __future__ import annotations

from dataclasses import dataclass

from ...errors import BudgetExceededError
from ...policy.facts import PolicyDecision
from ...state.rechecks import seen
from ...state.usage import Usage
from ...state.verdict import holds
from ..consents import Ruled, ruled
from ..dependencies import Dependencies
from ..facts import step_facts
from ..step import Current
from .paid_call import paid_call

_NOTE = "after"
"""Kind of the notes of what checks have found right after an effect."""


@dataclass(frozen=True, kw_only=True)
class Look:
    """What looking at a check again has found."""

    problem: str = ""
    """What does not hold, or why nobody could look."""
    found: str = ""
    """Digest of what the check reads; empty if nobody could look."""
    usage: Usage


async def look_again(current: Current, dependencies: Dependencies) -> tuple[str, Usage]:
    """Return what no longer holds of the checks that a step rests on, and what looking has cost.

    What an effect of this run has left behind, and nobody has changed since, is as the plan wants.

    Raises:
        BudgetExceededError: A cap has no room for a look.
    """
    spent = Usage()
    for before in _readable(current, dependencies):
        look = await _look(before, dependencies)
        spent += look.usage
        if look.problem and not (look.found and await _is_our_own(before, look, dependencies)):
            return look.problem, spent
    return "", spent


async def look_after(current: Current, dependencies: Dependencies) -> Usage:
    """Note what checks find right after an effect, for the later ones that rest on them too.

    Where nobody could look, the checks must simply hold for those.
    """
    spent, found = Usage(), dict[str, str]()
    for before in _readable(current, dependencies):
        if before.step.id not in current.shared:
            continue
        try:
            look = await _look(before, dependencies)
        except BudgetExceededError:
            break
        spent += look.usage
        found[before.step.id] = look.found
    if found:
        run, body = current.run, {"at": dependencies.clock(), "found": found}
        kind = f"{_NOTE}:{current.step.id}"
        await dependencies.store.journal.record_note(
            run.id, run.thread_id, kind, current.plan.version, body
        )
    return spent


def _readable(current: Current, dependencies: Dependencies) -> list[Current]:
    tools = dependencies.tools
    return [b for b in current.rechecks if tools.get(b.step.tool).contract.effect == "read"]


async def _is_our_own(before: Current, look: Look, dependencies: Dependencies) -> bool:
    """Whether a check finds what it has found right after the run's newest effect on it."""
    known = await dependencies.store.journal.known(before.run.id)
    after = [body for (kind, _), body in known.notes.items() if kind.startswith(f"{_NOTE}:")]
    told = [body for body in after if before.step.id in body["found"]]
    newest = max(told, key=lambda body: body["at"], default=None)
    return newest is not None and newest["found"][before.step.id] == look.found


async def _look(before: Current, dependencies: Dependencies) -> Look:
    step = before.step
    ruling = await _ruling(before, dependencies)
    if problem := _may_not_look(before, ruling.decision):
        said = f"It was approved, but {step.tool} may not be asked again: {problem}"
        return Look(problem=said, usage=Usage())
    # A look of its own: the recorded one is of before.
    moment = f"{dependencies.clock():.6f}"
    grant = ruling.grant.id if ruling.grant else ""
    done, usd = await paid_call(before, before.args(), dependencies, grant=grant, look=moment)
    usage = Usage(tool_calls=1, usd=usd)
    if done.status != "done":
        said = f"It was approved, but {step.tool} could not be asked again: {done.error}"
        return Look(problem=said, usage=usage)
    found = seen(step, done.output)
    for check in step.checks:
        if not holds(check, done.output, before.lookup, before.now):
            said = f"It was approved, but what was checked before no longer holds: {check.message}"
            return Look(problem=said, found=found, usage=usage)
    return Look(found=found, usage=usage)


async def _ruling(before: Current, dependencies: Dependencies) -> Ruled:
    facts = await step_facts(before, before.args(), before.provenance(), dependencies)
    return await ruled(facts, before.run, dependencies)


def _may_not_look(before: Current, decision: PolicyDecision) -> str:
    """Return why policy lets nobody look now; what a person has let happen may happen again."""
    asked = before.results.get(before.step.id)
    agreed = asked is not None and asked.approval is not None
    allowed = decision.outcome == "run" or (decision.outcome == "ask" and agreed)
    return "" if allowed else decision.reason
