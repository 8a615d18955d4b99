"""Look again, before an approved call, at what the plan has checked before a person was asked.

What its condition has read is looked at again too, and the condition decided anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from ...errors import BudgetExceededError, ExpressionError
from ...policy.facts import PolicyDecision
from ...state.conditions import decide
from ...state.instances import parts_of
from ...state.rechecks import read_by_condition, seen
from ...state.references import Reference, at_path
from ...state.usage import Usage
from ...state.values import Json, digest
from ...state.verdict import holds
from ..consents import Ruled, ruled
from ..dependencies import Dependencies
from ..facts import step_facts
from ..step import Current
from .paid_call import paid_call

_CHANGED = "It was approved, but what it was decided by has changed since."
_ABSENT = object()
_NOTE = "after"
"""Kind of the notes of what checks have found right after an effect."""


@dataclass(frozen=True, kw_only=True)
class Look:
    """What looking at a check again has found."""

    problem: str = ""
    """What does not hold, or why nobody could look."""
    found: str = ""
    """Digest of what the check reads; empty if nobody could look."""
    output: Json = None
    """What was found."""
    usage: Usage


async def look_again(current: Current, dependencies: Dependencies) -> tuple[str, Usage]:
    """Return what no longer holds of the checks that a step rests on, and what looking has cost.

    What an effect of this run has left behind, and nobody has changed since, is as the plan wants.

    Raises:
        BudgetExceededError: A cap has no room for a look.
    """
    spent, looks = Usage(), dict[str, Look]()
    for before in _readable(current, dependencies):
        look = await _look(before, dependencies)
        spent += look.usage
        if look.problem and not (
            look.found and await _is_our_own(before, "found", look.found, dependencies)
        ):
            return look.problem, spent
        looks[before.step.id] = look
    return await _condition(current, looks, dependencies), spent


async def _condition(
    current: Current, looks: Mapping[str, Look], dependencies: Dependencies
) -> str:
    """Return why a step is no longer to run by its own condition, or an empty string."""
    names = read_by_condition(current.step)
    fresh = {id_: look for id_, look in looks.items() if parts_of(id_)[0] in names}
    if not fresh:
        return ""
    outputs = {parts_of(id_)[0]: look.output for id_, look in fresh.items()}

    def lookup(ref: Reference) -> Json:
        found = outputs.get(ref.step, _ABSENT)
        return current.lookup(ref) if found is _ABSENT else at_path(found, ref.path)

    try:
        decided = decide(current.step, lookup, now=current.now)
    except ExpressionError as error:
        return f"{_CHANGED} {error}"
    befores = [before for before in current.rechecks if before.step.id in fresh]
    if decided.runs or all(
        [
            await _is_our_own(b, "whole", digest(fresh[b.step.id].output), dependencies)
            for b in befores
        ]
    ):
        return ""
    return f"{_CHANGED} It would be {decided.reason}."


async def look_after(current: Current, dependencies: Dependencies) -> Usage:
    """Note what checks find right after an effect, for the later ones that rest on them too.

    Where nobody could look, the checks must simply hold for those.
    """
    spent, found, whole = Usage(), dict[str, str](), dict[str, str]()
    for before in _readable(current, dependencies):
        if before.step.id not in current.shared:
            continue
        try:
            look = await _look(before, dependencies)
        except BudgetExceededError:
            break
        spent += look.usage
        found[before.step.id] = look.found
        whole[before.step.id] = digest(look.output)
    if found:
        run, body = current.run, {"at": dependencies.clock(), "found": found, "whole": whole}
        kind = f"{_NOTE}:{current.step.id}"
        await dependencies.store.journal.record_note(
            run.id, run.thread_id, kind, current.plan.version, body
        )
    return spent


def _readable(current: Current, dependencies: Dependencies) -> list[Current]:
    tools = dependencies.tools
    return [b for b in current.rechecks if tools.get(b.step.tool).contract.effect == "read"]


async def _is_our_own(
    before: Current, of: Literal["found", "whole"], now: str, dependencies: Dependencies
) -> bool:
    """Whether a look finds what was found right after the run's newest effect on it.

    Args:
        before: The step that is looked at again.
        of: What is compared: what its checks read, or all that it brought.
        now: The digest of it.
        dependencies: Has the journal.
    """
    known = await dependencies.store.journal.known(before.run.id)
    after = [body for (kind, _), body in known.notes.items() if kind.startswith(f"{_NOTE}:")]
    told = [body for body in after if before.step.id in body.get(of, ())]
    newest = max(told, key=lambda body: body["at"], default=None)
    return newest is not None and newest[of][before.step.id] == now


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
            return Look(problem=said, found=found, output=done.output, usage=usage)
    return Look(found=found, output=done.output, usage=usage)


async def _ruling(before: Current, dependencies: Dependencies) -> Ruled:
    facts = await step_facts(before, before.args(), before.provenance(), dependencies)
    return await ruled(facts, before.run, dependencies)


def _may_not_look(before: Current, decision: PolicyDecision) -> str:
    """Return why policy lets nobody look now; what a person has let happen may happen again."""
    asked = before.results.get(before.step.id)
    agreed = asked is not None and asked.approval is not None
    allowed = decision.outcome == "run" or (decision.outcome == "ask" and agreed)
    return "" if allowed else decision.reason
