"""Loops before they run: bounds, a key that tells items apart, and a list that is written out."""

from __future__ import annotations

from ..errors import ExpressionError, PlanError
from .expressions import evaluate
from .expressions.reading import reads
from .iteration import items_of
from .plan import MAX_ITEMS, MAX_NESTING, ForEach, Step


def check_loop(step: Step, loop: ForEach, *, around: int, most: int) -> None:
    """Refuse a loop that could not begin, whatever its list holds.

    Args:
        step: The step.
        loop: Its loop.
        around: How many loops it stands in.
        most: Items of these, at most.

    Raises:
        PlanError: It has no steps or no bound, goes too deep or too far, or has no usable key.
    """
    where = f"{step.id}.for_each"
    if not loop.steps:
        raise PlanError("The loop has no steps.", where=f"{where}.steps", fix="Set `steps`.")
    if not loop.max:
        raise PlanError(
            "The loop has no bound.",
            where=f"{where}.max",
            fix=f"Set `max` to the most items that make sense, {MAX_ITEMS} at most.",
        )
    if around == MAX_NESTING:
        raise PlanError(
            f"Loops stand in each other more than {MAX_NESTING} deep.",
            where=where,
            fix="Make one list of the inner items with an expression, and loop over that.",
        )
    if most * loop.max > MAX_ITEMS:
        raise PlanError(
            f"Up to {most} times {loop.max} items are more than the limit of {MAX_ITEMS}.",
            where=f"{where}.max",
            fix="Lower `max` of one of the loops.",
        )
    if loop.key:
        _check_key(step, loop)


def _check_key(step: Step, loop: ForEach) -> None:
    where = f"{step.id}.for_each.key"
    try:
        names = reads(loop.key).names
    except ExpressionError as error:
        raise ExpressionError(error.message, where=where, fix=error.fix) from error
    fix = f"Take a field of the item, as in {loop.item}.id, or leave `key` out."
    if own := sorted(names & {inner.id for inner in loop.steps}):
        raise PlanError(
            f"Items are told apart before {own[0]!r} runs, which is a step of the loop.",
            where=where,
            fix=fix,
        )
    if loop.item not in names:
        raise PlanError("It is the same for all items.", where=where, fix=fix)


def check_listed(step: Step, loop: ForEach) -> None:
    """Refuse a loop over a list that is written out, and that it cannot go through.

    Raises:
        ExpressionError: It is none, holds more than `max` items, or two items of one key.
        PlanError: It holds nothing.
    """
    if not reads(loop.items).constant:
        return
    listed = evaluate(loop.items, {})
    # A key that reads more than the item is known when the loop begins.
    key = loop.key if loop.key and reads(loop.key).names <= {loop.item} else ""
    own = step.model_copy(update={"for_each": loop.model_copy(update={"key": key})})
    if not items_of(own, listed, {}):
        raise PlanError(
            "The list is empty.",
            where=f"{step.id}.for_each.items",
            fix="Name what the loop goes through, or remove it.",
        )
