"""Unique names: each step of a plan has its own, and so has the item of a loop in its loops."""

from __future__ import annotations

from collections import Counter
from keyword import iskeyword

from ..errors import PlanError
from .expressions.syntax import CONSTANTS
from .plan import MAX_STEPS, Plan, Step


def check_unique(plan: Plan) -> None:
    """Refuse a plan in which one name would mean two things, or that is too long to be read.

    Raises:
        PlanError: `where` is the step, or the loop's item.
    """
    steps = list(plan.every_step())
    if len(steps) > MAX_STEPS:
        raise PlanError(
            f"{len(steps)} steps are more than the limit of {MAX_STEPS}.",
            where="plan.steps",
            fix="Plan fewer steps, use a loop, or split the task.",
        )
    names = Counter(step.id for step in steps)
    for step_id, count in names.items():
        if count > 1:
            raise PlanError("Two steps have this id.", where=step_id, fix="Give each its own id.")
    for name in (*names, *(s.for_each.item for s in steps if s.for_each is not None)):
        if iskeyword(name) or name in CONSTANTS:
            raise PlanError(
                f"{name!r} means something else in an expression.",
                where=name,
                fix=f"Call it {name}_1, or better by what it brings.",
            )
    for step in plan.steps:
        _check_item_names(step, frozenset(names))


def _check_item_names(step: Step, taken: frozenset[str]) -> None:
    """Loops side by side may call their items alike; a loop inside one may not."""
    if step.for_each is None:
        return
    name = step.for_each.item
    if name in taken:
        raise PlanError(
            f"Its item has the name {name!r}, which something else has too.",
            where=f"{step.id}.for_each.item",
            fix="Give the item its own name.",
        )
    for inner in step.for_each.steps:
        _check_item_names(inner, taken | {name})
