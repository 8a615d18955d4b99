"""Doubts: steps and items of loops that have ended, and nobody knows if their calls happened."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from .instances import step_of
from .plan import Plan, Step
from .results import StepResult


def in_doubt(plan: Plan, results: Mapping[str, StepResult]) -> frozenset[str]:
    """Return the steps of a plan that are in doubt themselves, or an item of them is."""
    doubts = {step_of(name) for name, result in results.items() if result.is_in_doubt}
    if not doubts:
        return frozenset()
    return frozenset(s.id for s in plan.steps if any(one.id in doubts for one in s.every()))


def items_in_doubt(loop: Step, results: Mapping[str, StepResult]) -> dict[str, StepResult]:
    """Return the items of a loop, and of those inside of it, that are in doubt."""
    return {n: r for n, r in _of_items(loop, results).items() if r.is_in_doubt}


def failed_besides(
    loop: Step, results: Mapping[str, StepResult], doubts: Collection[str]
) -> list[StepResult]:
    """Return what has failed in a loop and is not among these doubts."""
    found = _of_items(loop, results)
    return [r for n, r in found.items() if r.failure is not None and n not in doubts]


def _of_items(loop: Step, results: Mapping[str, StepResult]) -> dict[str, StepResult]:
    # A loop inside of it says again what its own items say.
    inner = {s.id for s in loop.every() if s.for_each is None} - {loop.id}
    return {name: r for name, r in results.items() if step_of(name) in inner} if inner else {}
