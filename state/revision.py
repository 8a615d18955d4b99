"""Revision: what of a plan and its results stands in the plan that follows it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from ..errors import PlanError
from .doubts import in_doubt
from .plan import Plan, Step
from .results import FINAL, StepResult


def carried_over(
    previous: Plan, results: Mapping[str, StepResult], *, look: bool
) -> tuple[Step, ...]:
    """Return the steps that stand in the next plan unless it names them itself.

    After a failure these are the accepted ones and what they read, and those of which nobody knows
    whether they happened, or an item of them: the user is to hear of them. A plan that looks again
    is done, so all of it stands.
    """
    if look:
        return previous.steps
    kept = {name for name, r in results.items() if r.status == "accepted"}
    kept |= in_doubt(previous, results)
    pending = list(kept)
    by_id = {step.id: step for step in previous.steps}
    while pending:
        step = by_id.get(pending.pop())
        new = step.needs() - kept if step else frozenset[str]()
        kept |= new
        pending += new
    return tuple(step for step in previous.steps if step.id in kept)


def as_they_ran(previous: Plan, revised: Plan) -> Plan:
    """Return a revised plan whose repeated steps are the very ones before: 5.0 repeated as 5."""
    before = {step.id: step for step in previous.steps}
    return revised.model_copy(
        update={
            "steps": tuple(
                before[step.id] if before.get(step.id) == step else step for step in revised.steps
            )
        }
    )


def open_again(
    previous: Plan, revised: Plan, results: Mapping[str, StepResult], *, look: bool
) -> dict[str, None]:
    """Return the steps of a revised plan whose result no longer holds.

    What an accepted step was built on stays as it ended, and so does what a person left in doubt.
    """
    before = {step.id: step for step in previous.steps}
    doubts = in_doubt(previous, results)
    built_on = {
        needed
        for step in revised.steps
        if (known := results.get(step.id)) is not None and known.status == "accepted"
        for needed in step.needs()
    }
    return {
        step.id: None
        for step in revised.steps
        if (result := results.get(step.id)) is not None
        and result.status != "accepted"
        and not (
            before.get(step.id) == step
            and result.status in FINAL
            and (look or step.id in built_on or step.id in doubts)
        )
    }


def may_be_used_later(previous: Plan, reads: Iterable[str] = ()) -> tuple[str, ...]:
    """Return the tools that the plan after this one may call once untrusted text was read.

    Args:
        previous: The plan, which named tools for later or called them itself.
        reads: Tools that only read, which no plan need name.
    """
    called = (step.tool for step in previous.every_step() if step.tool)
    return tuple(sorted({*previous.later_tools, *called, *reads}))


def check_later_tools(plan: Plan, usable: Collection[str]) -> None:
    """Check that a plan made after untrusted text was read brings in no tool of its own.

    Raises:
        PlanError: A step calls a tool that is not among those that may be used later.
    """
    for step in plan.every_step():
        if step.tool and step.tool not in usable:
            raise PlanError(
                f"Tool {step.tool!r} is not among the tools that the first plan named for later.",
                where=step.id,
                fix=f"Use one of {sorted(usable)}, or say in `cannot` what is missing.",
            )
