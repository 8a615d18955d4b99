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
from .instances import instance
from .iteration import Item
from .nesting import Nest, nest_of
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


@dataclass(frozen=True)
class _ItemWork:
    """What can be done next for one item."""

    place: Place
    keys: tuple[str, ...]
    group: list[Step]
    statuses: Mapping[str, StepStatus]
    chain: list[tuple[int, Step]]
    """Steps that can run one after the other, with their places in the group."""

    def ids(self, upto: int) -> list[str]:
        """Return the ids of the first instances of the chain."""
        return [instance(step.id, self.keys) for _, step in self.chain[:upto]]


def _lanes(
    plan: Plan, group: list[OpenLoop], results: Mapping[str, StepResult]
) -> list[tuple[str, ...]]:
    work = [
        _work(opened, (*opened.place, position), nest, results)
        for opened in group
        for position, nest in enumerate(opened.nests())
    ]
    first: dict[int, list[list[str]]] = {}
    beside: dict[int, int] = {}
    for one, opened in zip(work, (o for o in group for _ in o.result.items), strict=True):
        changes = (i for i, (_, step) in enumerate(one.chain) if step.tool in plan.ordered)
        if upto := next(changes, len(one.chain)):
            first.setdefault(len(opened.place), []).append(one.ids(upto))
            beside[len(opened.place)] = opened.beside
    if first:
        return [lane for depth, chains in first.items() for lane in _shares(chains, beside[depth])]
    effects = _effects(plan, work)
    return [effects] if effects else []


def _work(
    opened: OpenLoop, place: Place, nest: Nest, results: Mapping[str, StepResult]
) -> _ItemWork:
    local = local_results(opened, nest, results)
    statuses: dict[str, StepStatus] = {name: result.status for name, result in local.items()}
    group = _sorted(opened.loop)
    return _ItemWork(place, nest.keys, group, statuses, _chain(group, statuses))


def _effects(plan: Plan, work: list[_ItemWork]) -> tuple[str, ...]:
    """Return the lane that performs effects, and asks for them, in the items' order.

    Where an earlier item is not yet as far, nobody is asked for the later one: they are asked
    together. What a person has agreed to does not wait.
    """
    pending = _pending(plan, work)
    found: list[tuple[Place, str]] = []
    for one in work:
        for index, step in one.chain:
            place = (*one.place, index)
            agreed = one.statuses.get(step.id) == "cleared"
            if step.tool in plan.ordered and not agreed and pending.get(step.id, place) < place:
                break
            found.append((place, instance(step.id, one.keys)))
    return tuple(id_ for _, id_ in sorted(found))


def _pending(plan: Plan, work: list[_ItemWork]) -> dict[str, Place]:
    """Return for each effect the first item that cannot yet come to it; a person can."""
    found: dict[str, Place] = {}
    for one in work:
        reached = {step.id for _, step in one.chain}
        for index, step in enumerate(one.group):
            status = one.statuses.get(step.id)
            if step.id in reached or status in FINAL or status in ("waiting", "cleared", "open"):
                continue
            for effect in step.every():
                if effect.tool in plan.ordered:
                    place = (*one.place, index)
                    found[effect.id] = min(place, found.get(effect.id, place))
    return found


def _shares(chains: list[list[str]], beside: int) -> list[tuple[str, ...]]:
    shares = (chains[worker::beside] for worker in range(min(beside, len(chains))))
    return [tuple(step_id for chain in share for step_id in chain) for share in shares]


def _chain(steps: Iterable[Step], statuses: Mapping[str, StepStatus]) -> list[tuple[int, Step]]:
    """Return the steps of one item that can run one after the other, with their places."""
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


def rest_of(plan: Plan, chain: list[str]) -> list[str]:
    """Return what is left of a lane whose first step was not accepted: all but its own item.

    A step in no loop ends its lane.
    """
    ended = nest_of(plan, chain[0])
    if not ended.keys:
        return []
    # A long lane asks this at each of its steps: what ends otherwise is of another item for sure.
    keys = chain[0][chain[0].index("[") :]
    return [id_ for id_ in chain if not id_.endswith(keys) or nest_of(plan, id_) != ended]


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
