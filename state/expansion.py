"""Expansion: a loop of the plan as steps for each of its items, and what they bring together.

A loop that has begun is a result with status `open`: its keys, and as its output the items. From
these and the results of its instances (`pay[INV-3]`) everything else follows, so that nothing more
is stored. A loop inside a loop is such an instance itself: `lines[ORD-1]`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from math import prod

from .conditions import Hindrance, hindrance
from .instances import instance, parts_of
from .iteration import Item
from .nesting import Nest
from .plan import ForEach, Plan, Step, in_order
from .results import FINAL, StepResult, StepStatus
from .schedule import missing
from .values import Json

LOOP_STATUS: StepStatus = "open"

Place = tuple[int, ...]
"""Where an instance stands in its loop: item and step, and the same again in a loop inside."""


@dataclass(frozen=True)
class OpenLoop:
    """A loop that has begun and not ended."""

    step: Step
    around: Nest
    """What it stands in itself."""
    result: StepResult
    place: Place = ()
    """Where it stands itself."""

    @property
    def loop(self) -> ForEach:
        """What is done for each item."""
        if self.step.for_each is None:
            raise ValueError(f"step {self.step.id} is no loop")
        return self.step.for_each

    @cached_property
    def names(self) -> frozenset[str]:
        """What the steps of the group can read, and themselves."""
        return self.step.needs() | self.loop.own_names

    @property
    def root(self) -> str:
        """Id of the outermost loop."""
        return self.around.loops[0].id if self.around.loops else self.step.id

    @property
    def beside(self) -> int:
        """Lanes that may work on it at once, with all its like in the loops around."""
        loops = [step.for_each for step in (*self.around.loops, self.step)]
        return prod(loop.concurrency for loop in loops if loop is not None)

    def nests(self) -> Iterator[Nest]:
        """Yield what the steps of each item stand in, in the items' order."""
        return (self.around.inside(self.step, key) for key in self.result.items)


def open_loops(plan: Plan, results: Mapping[str, StepResult]) -> Iterator[OpenLoop]:
    """Yield the loops that have begun and not ended, each before those that stand in it."""
    for step in plan.steps:
        yield from _opened(step, Nest(), (), results)


def _opened(
    step: Step, around: Nest, place: Place, results: Mapping[str, StepResult]
) -> Iterator[OpenLoop]:
    known = results.get(instance(step.id, around.keys)) if step.for_each is not None else None
    if step.for_each is None or known is None or known.status != LOOP_STATUS:
        return
    found = OpenLoop(step, around, known, place)
    yield found
    inner = [(i, s) for i, s in enumerate(_sorted(step.for_each)) if s.for_each is not None]
    if inner:
        for position, nest in enumerate(found.nests()):
            for index, loop in inner:
                yield from _opened(loop, nest, (*place, position, index), results)


def _sorted(loop: ForEach) -> list[Step]:
    by_id = {step.id: step for step in loop.steps}
    return [by_id[step_id] for step_id in in_order(loop.steps)]


def local_results(
    opened: OpenLoop, nest: Nest, results: Mapping[str, StepResult]
) -> dict[str, StepResult]:
    """Return what the steps of one item can read, by the names that they use."""
    found = ((name, nest.result(name, results)) for name in opened.names)
    return {name: result for name, result in found if result is not None}


def hindered_items(opened: OpenLoop, results: Mapping[str, StepResult]) -> dict[str, Hindrance]:
    """Find the instances that can never run, with what stands in their way."""
    found: dict[str, Hindrance] = {}
    group = _sorted(opened.loop)
    for nest in opened.nests():
        known = local_results(opened, nest, results)
        for step in group:
            if step.id in known and known[step.id].status in FINAL:
                continue
            if in_the_way := hindrance(step, known):
                found[instance(step.id, nest.keys)] = in_the_way
                known[step.id] = StepResult(step=step.id, status=in_the_way.status)
    return found


def lanes_of_loops(plan: Plan, results: Mapping[str, StepResult]) -> tuple[tuple[str, ...], ...]:
    """Cut what can run now of the loops into lanes.

    Items are worked on side by side up to the first step that changes something. Once nothing else
    is left to do of a loop of the plan, one lane performs the effects in the items' order.
    """
    lanes: list[tuple[str, ...]] = []
    for _, group in groupby(open_loops(plan, results), key=lambda opened: opened.root):
        lanes += _lanes(plan, list(group), results)
    return tuple(lanes)


def _lanes(
    plan: Plan, group: list[OpenLoop], results: Mapping[str, StepResult]
) -> list[tuple[str, ...]]:
    first: dict[str, tuple[int, list[list[str]]]] = {}
    effects: list[tuple[Place, str]] = []
    for opened in group:
        steps = _sorted(opened.loop)
        for position, nest in enumerate(opened.nests()):
            chain = _chain(steps, local_results(opened, nest, results))
            named = [instance(step.id, nest.keys) for _, step in chain]
            changes = (i for i, (_, step) in enumerate(chain) if step.tool in plan.ordered)
            if upto := next(changes, len(chain)):
                first.setdefault(opened.step.id, (opened.beside, []))[1].append(named[:upto])
            places = ((*opened.place, position, index) for index, _ in chain)
            effects += zip(places, named, strict=True)
    if not first:
        return [tuple(name for _, name in sorted(effects))] if effects else []
    return [lane for beside, chains in first.values() for lane in _shares(chains, beside)]


def _shares(chains: list[list[str]], beside: int) -> list[tuple[str, ...]]:
    shares = (chains[worker::beside] for worker in range(min(beside, len(chains))))
    return [tuple(step_id for chain in share for step_id in chain) for share in shares]


def _chain(steps: Iterable[Step], local: Mapping[str, StepResult]) -> list[tuple[int, Step]]:
    """Return the steps of one item that can run one after the other, with their places."""
    statuses: dict[str, StepStatus] = {name: result.status for name, result in local.items()}
    chain: dict[str, tuple[int, Step]] = {}
    for index, step in enumerate(steps):
        status = statuses.get(step.id)
        if status in FINAL or status == "waiting" or step.for_each is not None:
            continue
        if missing(step, statuses) <= chain.keys():
            chain[step.id] = (index, step)
    return list(chain.values())


def is_done(opened: OpenLoop, results: Mapping[str, StepResult]) -> bool:
    """Whether every instance has ended."""
    return all(
        (result := results.get(instance(step.id, nest.keys))) is not None and result.status in FINAL
        for nest in opened.nests()
        for step in opened.loop.steps
    )


def rest_of(chain: list[str]) -> list[str]:
    """Return what is left of a lane whose first step was not accepted: the other items."""
    _, keys = parts_of(chain[0])
    return [step_id for step_id in chain if parts_of(step_id)[1] != keys] if keys else []


def places(plan: Plan, results: Mapping[str, StepResult]) -> dict[str, tuple[str, Place]]:
    """Return where each instance of an open loop stands: its outermost loop, and where in it."""
    return {
        instance(step.id, nest.keys): (opened.root, (*opened.place, position, index))
        for opened in open_loops(plan, results)
        for position, nest in enumerate(opened.nests())
        for index, step in enumerate(_sorted(opened.loop))
    }


def items_in(opened: StepResult, output: list[Json]) -> tuple[Item, ...]:
    """Return the items of a loop that has begun."""
    return tuple(
        Item(key=key, value=value) for key, value in zip(opened.items, output, strict=True)
    )
