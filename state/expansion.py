"""Expansion: a loop of the plan as steps for each of its items, and what they bring together.

A loop that has begun is a result with status `open`: its keys, and as its output the items. From
these and the results of its instances (`pay[INV-3]`) everything else follows, so that nothing more
is stored.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from .conditions import Hindrance, hindrance
from .iteration import Item, instance, parts_of
from .plan import ForEach, Plan, Step, in_order
from .results import FINAL, StepResult, StepStatus
from .schedule import missing
from .values import Json

LOOP_STATUS: StepStatus = "open"


def loops(plan: Plan, results: Mapping[str, StepResult]) -> Iterator[tuple[Step, StepResult]]:
    """Yield the loops that have begun and not ended, with their results."""
    for step in plan.steps:
        known = results.get(step.id)
        if step.for_each is not None and known is not None and known.status == LOOP_STATUS:
            yield step, known


def local_results(
    step: Step, loop: ForEach, key: str, results: Mapping[str, StepResult]
) -> dict[str, StepResult]:
    """Return what the steps of one item can read, by the names that they use."""
    outside = {name: results[name] for name in step.needs() if name in results}
    inside = {
        inner.id: result
        for inner in loop.steps
        if (result := results.get(instance(inner.id, (key,)))) is not None
    }
    item = StepResult(step=loop.item, status="accepted", taint=results[step.id].taint)
    return {**outside, **inside, loop.item: item}


def hindered_items(
    step: Step, opened: StepResult, results: Mapping[str, StepResult]
) -> dict[str, Hindrance]:
    """Find the instances that can never run, with what stands in their way."""
    if step.for_each is None:
        return {}
    found: dict[str, Hindrance] = {}
    order, by_id = in_order(step.for_each.steps), _by_id(step.for_each)
    for key in opened.items:
        known = local_results(step, step.for_each, key, results)
        for step_id in order:
            if step_id in known and known[step_id].status in FINAL:
                continue
            if in_the_way := hindrance(by_id[step_id], known):
                found[instance(step_id, (key,))] = in_the_way
                known[step_id] = StepResult(step=step_id, status=in_the_way.status)
    return found


def lanes_of(
    plan: Plan, step: Step, opened: StepResult, results: Mapping[str, StepResult]
) -> tuple[tuple[str, ...], ...]:
    """Cut what can run now of a loop into lanes.

    Items are worked on side by side up to the first step that changes something. Once nothing else
    is left to do, one lane performs the effects in the items' order.
    """
    if step.for_each is None:
        return ()
    first: list[tuple[str, ...]] = []
    effects: list[str] = []
    order, by_id = in_order(step.for_each.steps), _by_id(step.for_each)
    for key in opened.items:
        local = local_results(step, step.for_each, key, results)
        chain = _chain(order, by_id, {name: r.status for name, r in local.items()})
        upto = next((i for i, s in enumerate(chain) if by_id[s].tool in plan.ordered), len(chain))
        if upto:
            first.append(tuple(instance(step_id, (key,)) for step_id in chain[:upto]))
        effects += (instance(step_id, (key,)) for step_id in chain)
    if not first:
        return (tuple(effects),) if effects else ()
    beside = step.for_each.concurrency
    shares = (first[worker::beside] for worker in range(min(beside, len(first))))
    return tuple(tuple(step_id for chain in share for step_id in chain) for share in shares)


def _chain(
    order: Iterable[str], steps: Mapping[str, Step], statuses: Mapping[str, StepStatus]
) -> list[str]:
    """Return the steps of one item that can run one after the other."""
    chain: list[str] = []
    for step_id in order:
        status = statuses.get(step_id)
        if status in FINAL or status == "waiting":
            continue
        if missing(steps[step_id], statuses) <= set(chain):
            chain.append(step_id)
    return chain


def _by_id(loop: ForEach) -> dict[str, Step]:
    return {inner.id: inner for inner in loop.steps}


def is_done(step: Step, opened: StepResult, results: Mapping[str, StepResult]) -> bool:
    """Whether every instance has ended."""
    inner = step.for_each.steps if step.for_each else ()
    return all(
        (result := results.get(instance(s.id, (key,)))) is not None and result.status in FINAL
        for key in opened.items
        for s in inner
    )


def rest_of(chain: list[str]) -> list[str]:
    """Return what is left of a lane whose first step was not accepted: the other items."""
    _, keys = parts_of(chain[0])
    return [step_id for step_id in chain if parts_of(step_id)[1] != keys] if keys else []


def places(plan: Plan, results: Mapping[str, StepResult]) -> dict[str, tuple[str, int, int]]:
    """Return where each instance stands: its loop, its item, its step in the group."""
    return {
        instance(inner.id, (key,)): (step.id, position, index)
        for step, opened in loops(plan, results)
        if step.for_each is not None
        for position, key in enumerate(opened.items)
        for index, inner in enumerate(step.for_each.steps)
    }


def items_in(opened: StepResult, output: list[Json]) -> tuple[Item, ...]:
    """Return the items of a loop that has begun."""
    return tuple(
        Item(key=key, value=value) for key, value in zip(opened.items, output, strict=True)
    )
