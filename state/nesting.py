"""Nesting: the loops that a step stands in, and what its names mean for one item of each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from .instances import instance, parts_of
from .plan import ForEach, Plan, Step
from .provenance import union
from .readers import meet
from .results import StepResult
from .values import Readers


@dataclass(frozen=True)
class Nest:
    """One item of each of the loops around a step, outermost first; empty for a step in none."""

    loops: tuple[Step, ...] = ()
    keys: tuple[str, ...] = ()

    def inside(self, loop: Step, key: str) -> Nest:
        """Return the nest of one item of a loop that stands in this one."""
        return Nest((*self.loops, loop), (*self.keys, key))

    @property
    def group(self) -> ForEach:
        """The innermost loop. Raises `ValueError` outside of all loops."""
        if not self.loops or self.loops[-1].for_each is None:
            raise ValueError("the step stands in no loop")
        return self.loops[-1].for_each

    def id_of(self, name: str) -> str:
        """Return the id under which the result of what is called so here is kept."""
        for depth in range(len(self.loops), 0, -1):
            loop = self.loops[depth - 1].for_each
            if loop is not None and name in loop.own_names - {loop.item}:
                return instance(name, self.keys[:depth])
        return name

    def loop_ids(self) -> tuple[str, ...]:
        """Return the ids of the results of the loops, outermost first."""
        return tuple(instance(loop.id, self.keys[:depth]) for depth, loop in enumerate(self.loops))

    def items(self, results: Mapping[str, StepResult]) -> Iterator[tuple[str, StepResult, str]]:
        """Yield for each loop the name of its item, the list that it stands in, and its key."""
        for loop, id_, key in zip(self.loops, self.loop_ids(), self.keys, strict=True):
            if loop.for_each is not None and id_ in results:
                yield loop.for_each.item, results[id_], key

    def result(self, name: str, results: Mapping[str, StepResult]) -> StepResult | None:
        """Return what is known of a name: an item is as tainted as the list that it stands in."""
        for item, listed, _ in self.items(results):
            if item == name:
                return item_result(name, listed)
        return results.get(self.id_of(name))

    def under(self, results: Mapping[str, StepResult]) -> tuple[str, ...]:
        """Return the labels of the lists, which decide what is done for whom."""
        return union(results[id_].taint for id_ in self.loop_ids() if id_ in results)

    def readers(self, results: Mapping[str, StepResult]) -> Readers:
        """Return who may read all of the lists."""
        return meet(results[id_].readers for id_ in self.loop_ids() if id_ in results)

    def data_class(self, results: Mapping[str, StepResult]) -> tuple[str, ...]:
        """Return the classes of the data in all of the lists."""
        return union(results[id_].data_class for id_ in self.loop_ids() if id_ in results)


def item_result(name: str, listed: StepResult) -> StepResult:
    """Return an item as a result that steps can refer to."""
    return StepResult(
        step=name,
        status="accepted",
        taint=listed.taint,
        readers=listed.readers,
        data_class=listed.data_class,
    )


def placed(steps: Iterable[Step], step_id: str) -> tuple[Step, tuple[Step, ...]]:
    """Return a step and the loops that it stands in, outermost first.

    Args:
        steps: Steps that stand side by side, as those of a plan.
        step_id: Its id in the plan, not that of an instance.

    Raises:
        KeyError: It is not among them.
    """
    pending: list[tuple[Step, tuple[Step, ...]]] = [(step, ()) for step in steps]
    while pending:
        step, around = pending.pop()
        if step.id == step_id:
            return step, around
        if step.for_each is not None:
            pending += [(inner, (*around, step)) for inner in step.for_each.steps]
    raise KeyError(step_id)


def nest_of(plan: Plan, instance_id: str) -> Nest:
    """Return what an instance stands in. Raises `KeyError` if the plan has no such step."""
    local, keys = parts_of(instance_id)
    return Nest(placed(plan.steps, local)[1], keys)


def roots(plan: Plan) -> dict[str, Step]:
    """Return for each step, those of loops included, the step of the plan that it stands in."""
    return {inner.id: step for step in plan.steps for inner in step.every()}


def outermost(plan: Plan, ids: Iterable[str]) -> tuple[Step, ...]:
    """Return the steps of the plan itself that instances belong to, in the instances' order."""
    root = roots(plan)
    return tuple({root[parts_of(id_)[0]].id: root[parts_of(id_)[0]] for id_ in ids}.values())


def around(plan: Plan, ids: Iterable[str]) -> frozenset[str]:
    """Return the ids of the results that instances may read in their loops: lists and siblings."""
    found: set[str] = set()
    found_in = (nest_of(plan, id_) for id_ in ids)
    nests = {(nest.loop_ids(), nest.keys): nest for nest in found_in}
    for nest in nests.values():
        found.update(nest.loop_ids())
        for depth, loop in enumerate(nest.loops, 1):
            group = loop.for_each.steps if loop.for_each is not None else ()
            found.update(instance(step.id, nest.keys[:depth]) for step in group)
    return frozenset(found)
