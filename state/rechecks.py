"""Rechecks: what a plan has checked and must look at again before an approved effect.

A person may take days to agree. What the plan has checked before may be otherwise by then. What an
effect has rested on that has happened since is left out: that one may have changed it, as the plan
wants. Steps of loops stand here as the instances of their items (`pay[INV-3]`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property

from .instances import instance, parts_of
from .nesting import Nest, placed
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
        self._needed = {step_id: step.needs() for step_id, step in self._steps.items()}
        self._loops = {step_id: placed(plan.steps, step_id)[1] for step_id in self._steps}

    def of(self, step_id: str) -> tuple[str, ...]:
        """Return the instances of tool steps whose checks a step rests on and that must still hold.

        What all items of a loop rest on is `outside` of it, and not among them.
        """
        return self._still(self._rest([step_id], within=parts_of(step_id)[1]))

    def outside(self, loop_id: str) -> tuple[str, ...]:
        """Return the same of what a loop itself rests on, and so each of its items."""
        local, keys = parts_of(loop_id)
        read = {id_ for id_ in self._read(local, keys) if parts_of(id_)[1] == keys}
        return self._still(read | self._rest(read, within=keys))

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
        return self._rest(happened)

    def _rest(self, step_ids: Iterable[str], within: tuple[str, ...] = ()) -> frozenset[str]:
        """Return all that steps need, directly or through others, items of loops included.

        Args:
            step_ids: The steps.
            within: Keys of the item beyond which nobody looks.
        """
        found: set[str] = set()
        pending = list(step_ids)
        while pending:
            new = self._needs(pending.pop()) - found
            inside = {id_ for id_ in new if parts_of(id_)[1][: len(within)] == within}
            found |= inside
            pending += inside
        return frozenset(found)

    def _needs(self, step_id: str) -> frozenset[str]:
        local, keys = parts_of(step_id)
        step = self._steps.get(local)
        if step is None or len(self._loops[local]) != len(keys):
            return frozenset()
        found = set(self._read(local, keys))
        for depth, loop in enumerate(self._loops[local]):
            found |= self._read(loop.id, keys[:depth])
        begun = self._results.get(step_id) if step.for_each is not None else None
        if step.for_each is not None and begun is not None:
            inner = step.for_each.steps
            found |= {instance(s.id, (*keys, key)) for key in begun.items for s in inner}
        return frozenset(found)

    def _read(self, local: str, keys: tuple[str, ...]) -> frozenset[str]:
        """Return what a step itself reads; an item is what the loop around it reads."""
        nest = Nest(self._loops[local], keys)
        items = {loop.for_each.item for loop in nest.loops if loop.for_each is not None}
        return frozenset(nest.id_of(name) for name in self._needed[local] - items)
