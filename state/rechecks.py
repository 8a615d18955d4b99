"""Rechecks: what a plan has checked and must look at again before an approved effect.

A person may take days to agree. What the plan has checked before may be otherwise by then. What an
effect has rested on that has happened since is left out: that one may have changed it, as the plan
wants. Steps of loops stand here as the instances of their items (`pay[INV-3]`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

from .iteration import instance, parts_of
from .plan import Plan, Step
from .results import StepResult


def changes(plan: Plan, step: Step, result: StepResult | None) -> bool:
    """Whether a step is known to change something; plans of earlier releases say so of loops."""
    asked = result.approval if result else None
    return step.tool in plan.ordered or (asked is not None and asked.effect != "read")


class Rechecks:
    """The checks that steps rest on, over one plan and what has come of it so far.

    Args:
        plan: The plan.
        results: Results by step instance.
    """

    def __init__(self, plan: Plan, results: Mapping[str, StepResult]) -> None:
        self._plan = plan
        self._results = results
        self._steps = {step.id: step for step in plan.every_step()}
        self._loop_of = {
            inner.id: step
            for step in plan.steps
            if step.for_each is not None
            for inner in step.for_each.steps
        }

    def of(self, step_id: str) -> tuple[str, ...]:
        """Return the instances of tool steps whose checks a step rests on and that must still hold.

        What all items of a loop rest on is `outside` of it, and not among them.
        """
        return self._still(self._inside(step_id) if parts_of(step_id)[1] else self._rest([step_id]))

    def outside(self, loop: Step) -> tuple[str, ...]:
        """Return the same of what a loop itself rests on, and so each of its items."""
        return self._still(self._rest(loop.needs()) | loop.needs())

    def _still(self, found: Iterable[str]) -> tuple[str, ...]:
        return tuple(s for s in sorted(found) if self._is_check(s) and s not in self._changed)

    def _is_check(self, step_id: str) -> bool:
        step, result = self._steps[parts_of(step_id)[0]], self._results.get(step_id)
        done = result is not None and result.status == "accepted"
        return done and step.kind == "tool" and bool(step.checks)

    @cached_property
    def _changed(self) -> frozenset[str]:
        """What an effect that has happened rests on."""
        happened = [
            step_id
            for step_id, result in self._results.items()
            if result.status == "accepted"
            and (step := self._steps.get(parts_of(step_id)[0])) is not None
            and changes(self._plan, step, result)
        ]
        inside = [self._inside(step_id) for step_id in happened]
        return self._rest(happened).union(*inside)

    def _inside(self, step_id: str) -> frozenset[str]:
        """Return what a step of a loop rests on within its item."""
        local, keys = parts_of(step_id)
        loop = self._loop_of[local].for_each if keys and local in self._loop_of else None
        names = {step.id for step in loop.steps} if loop else frozenset[str]()
        found: set[str] = set()
        pending = [local]
        while pending:
            new = self._steps[pending.pop()].needs() & names - found
            found |= new
            pending += new
        return frozenset(instance(name, keys) for name in found)

    def _rest(self, step_ids: Iterable[str]) -> frozenset[str]:
        """Return all that steps need, directly or through others, items of loops included."""
        found: set[str] = set()
        pending = list(step_ids)
        while pending:
            new = self._needs(pending.pop()) - found
            found |= new
            pending += new
        return frozenset(found)

    def _needs(self, step_id: str) -> frozenset[str]:
        local, keys = parts_of(step_id)
        if keys:
            return self._loop_of[local].needs() if local in self._loop_of else frozenset()
        step = self._steps.get(local)
        if step is None:
            return frozenset()
        if step.for_each is None or (begun := self._results.get(local)) is None:
            return step.needs()
        inner: Sequence[Step] = step.for_each.steps
        return step.needs() | {instance(s.id, (key,)) for key in begun.items for s in inner}
