"""Rechecks: what a plan has checked and must look at again before an approved effect.

A person may take days to agree. What the plan has checked before, and what a condition of the
effect has read, may be otherwise by then, and may change once more between two effects of one
approval. What an own effect has changed itself is known by a look right after it, which is taken
where a later effect rests on the same check. Steps of loops stand here as the instances of their
items (`pay[INV-3]`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from .instances import instance, parts_of
from .nesting import Nest, placed
from .plan import Plan, Step
from .references import at_path
from .results import FINAL, StepResult
from .values import Json, digest


def seen(step: Step, output: Json) -> str:
    """Return a digest of what a step's checks read of an output."""
    return digest([_value(output, check.path) for check in step.checks])


def read_by_condition(step: Step) -> frozenset[str]:
    """Return the names of steps that a step's condition reads."""
    return frozenset(ref.step for ref in step.uses() if ref.at == "when" and ref.step)


def _value(output: Json, path: str) -> list[Json]:
    try:
        return [at_path(output, path)]
    except KeyError:
        return []


class Rechecks:
    """The checks that steps rest on, over one plan and what has come of it so far.

    Args:
        plan: The plan.
        results: Results by step instance.
    """

    def __init__(self, plan: Plan, results: Mapping[str, StepResult]) -> None:
        self._results = results
        self._ordered = frozenset(plan.ordered)
        self._outside: dict[str, tuple[str, ...]] = {}
        self._steps = {step.id: step for step in plan.every_step()}
        self._needed = {step_id: step.needs() for step_id, step in self._steps.items()}
        self._loops = {step_id: placed(plan.steps, step_id)[1] for step_id in self._steps}

    def of(self, step_id: str) -> tuple[str, ...]:
        """Return the instances of tool steps whose checks a step rests on, or its condition reads.

        What all items of a loop rest on is `outside` of it, and not among them.
        """
        local, keys = parts_of(step_id)
        checks = self._checks(self._rest([step_id], within=keys))
        return tuple(sorted({*checks, *self._conditions(local, keys)}))

    def outside(self, loop_id: str) -> tuple[str, ...]:
        """Return the same of what a loop itself rests on, and so each of its items."""
        if loop_id not in self._outside:
            local, keys = parts_of(loop_id)
            read = {id_ for id_ in self._read(local, keys) if parts_of(id_)[1] == keys}
            self._outside[loop_id] = self._checks(read | self._rest(read, within=keys))
        return self._outside[loop_id]

    def beside(self, chain: Sequence[str]) -> frozenset[str]:
        """Return the checks that effects rest on which have not ended, those of a lane aside."""
        effects = {*self._open_effects()}.difference(chain)
        return frozenset(c for one in effects for c in {*self.of(one), *self._around(one)})

    def _around(self, step_id: str) -> Iterator[str]:
        local, keys = parts_of(step_id)
        for loop_id in Nest(self._loops[local], keys).loop_ids():
            yield from self.outside(loop_id)

    def _open_effects(self) -> Iterator[str]:
        """Yield effects that have not ended; for those of a loop that has not begun, the loop."""
        effects = [step_id for step_id, step in self._steps.items() if step.tool in self._ordered]
        found = {one for local in effects for one in self._begun(local)}
        results = self._results
        return (one for one in found if one not in results or results[one].status not in FINAL)

    def _begun(self, local: str) -> Iterator[str]:
        """Yield the instances of a step that the loops around it have so far."""
        pending: list[tuple[str, ...]] = [()]
        for loop in self._loops[local]:
            outer, pending = pending, []
            for keys in outer:
                known = self._results.get(instance(loop.id, keys))
                if known is None:
                    yield instance(loop.id, keys)
                else:
                    pending += [(*keys, key) for key in known.items]
        yield from (instance(local, keys) for keys in pending)

    def _checks(self, found: Iterable[str]) -> tuple[str, ...]:
        steps = ((step_id, self._steps[parts_of(step_id)[0]]) for step_id in sorted(found))
        return tuple(step_id for step_id, step in steps if step.kind == "tool" and step.checks)

    def _conditions(self, local: str, keys: tuple[str, ...]) -> Iterator[str]:
        nest = Nest(self._loops[local], keys)
        for name in read_by_condition(self._steps[local]):
            if name in self._steps and self._steps[name].kind == "tool":
                yield nest.id_of(name)

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
