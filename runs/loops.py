"""Loops: begin those whose list is known, and end those whose items have ended."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from ..errors import ExpressionError
from ..state.conditions import control_taint, decide, may_start, recovered
from ..state.data_classes import classes_of
from ..state.expansion import OpenLoop, is_done, items_in, local_results, open_loops
from ..state.instances import instance
from ..state.iteration import Item, ItemFailure, failures, items_of, taint_of
from ..state.nesting import Nest
from ..state.plan import ForEach, Plan, Step
from ..state.provenance import argument_provenance, union
from ..state.readers import meet
from ..state.references import Reference, at_path, computed, resolve
from ..state.results import SAID_NO, Failure, StepResult
from ..state.task import Attachment
from ..state.values import Json, Readers
from ..stores.interface import Payloads
from .memory import RunMemory
from .step import output_of, shrink, text_of

SAID = 20
"""Failures of items that a loop's own failure lists."""


@dataclass(frozen=True, kw_only=True)
class LoopScope:
    """What loops are begun and ended with."""

    plan: Plan
    results: Mapping[str, StepResult]
    attachments: Mapping[str, Attachment]
    payloads: Payloads
    thread: str
    memory: RunMemory
    now: datetime
    max_inline: int


async def advance_loops(scope: LoopScope) -> dict[str, StepResult]:
    """Return new results of the loops that can begin or end, those inside other loops too."""
    update: dict[str, StepResult] = {}
    outermost = Nest()
    for step in scope.plan.steps:
        update |= await _begun_if_ready(step, outermost, scope, scope.results)
    for opened in open_loops(scope.plan, scope.results):
        for nest in opened.nests():
            local = local_results(opened, nest, scope.results)
            for step in opened.loop.steps:
                update |= await _begun_if_ready(step, nest, scope, local)
        if is_done(opened, scope.results):
            update[opened.result.step] = await _ended(opened, scope)
    return update


async def _begun_if_ready(
    step: Step, nest: Nest, scope: LoopScope, local: Mapping[str, StepResult]
) -> dict[str, StepResult]:
    if step.for_each is None or step.id in local or not may_start(step, local):
        return {}
    named = step.model_copy(update={"id": instance(step.id, nest.keys)})
    return {named.id: await _begun(named, step.for_each, nest, scope)}


async def _begun(step: Step, loop: ForEach, nest: Nest, scope: LoopScope) -> StepResult:
    """Work out the condition and the list of a loop; nothing of it has run if that fails."""
    local = _local(step, nest, scope)
    values = await _values(step.needs(), nest, scope)
    files = {
        ref.attachment: await text_of(
            scope.attachments[ref.attachment], scope.payloads, scope.memory
        )
        for ref in step.uses()
        if ref.attachment
    }

    def lookup(ref: Reference) -> Json:
        return files[ref.attachment] if ref.attachment else at_path(values[ref.step], ref.path)

    labels = _labels(step, local, nest, scope)
    blank = StepResult(
        step=step.id,
        status="failed",
        taint=labels,
        decided=labels,
        readers=_readers(step, local, nest, scope),
        data_class=_classes(step, local, nest, scope),
        plan_version=scope.plan.version,
    )
    try:
        decided = decide(step, lookup, now=scope.now)
        if not decided.runs:
            return blank.model_copy(update={"status": "skipped", "reason": decided.reason})
        where = f"{step.id}.for_each.items"
        found = computed(loop.items, lookup, where, now=scope.now)
        items = items_of(step, found, values)
    except ExpressionError as error:
        failure = Failure(kind="expression", message=str(error))
        return recovered(step, blank.model_copy(update={"failure": failure}), lookup, now=scope.now)
    opened = blank.model_copy(
        update={
            "status": "open",
            "reason": decided.reason,
            "items": tuple(item.key for item in items),
            "output": [item.value for item in items],
        }
    )
    return await _kept(opened, scope)


def _local(step: Step, nest: Nest, scope: LoopScope) -> dict[str, StepResult]:
    found = ((name, nest.result(name, scope.results)) for name in step.needs())
    return {name: result for name, result in found if result is not None}


def _labels(
    step: Step, local: Mapping[str, StepResult], nest: Nest, scope: LoopScope
) -> tuple[str, ...]:
    """Return the labels of a loop's list and condition, which decide what its steps do."""
    listed = argument_provenance(step, local).get("for_each.items", ())
    return union([scope.plan.taint, nest.under(scope.results), control_taint(step, local), listed])


def _readers(step: Step, local: Mapping[str, StepResult], nest: Nest, scope: LoopScope) -> Readers:
    """Return who may read all that a loop reads, its list among it."""
    files = {ref.attachment for ref in step.uses() if ref.attachment}
    read = [*(result.readers for result in local.values())]
    read += [scope.attachments[name].readers for name in files]
    return meet([scope.plan.readers, nest.readers(scope.results), *read])


def _classes(
    step: Step, local: Mapping[str, StepResult], nest: Nest, scope: LoopScope
) -> tuple[str, ...]:
    """Return the classes of all that a loop reads, its list among it."""
    files = {ref.attachment for ref in step.uses() if ref.attachment}
    return classes_of(
        scope.plan,
        local.values(),
        files=[scope.attachments[name] for name in files],
        heard=nest.data_class(scope.results),
    )


async def _kept(result: StepResult, scope: LoopScope) -> StepResult:
    small = shrink(result, scope.max_inline)
    if small.payload:
        await scope.payloads.put(result.output, thread=scope.thread)
        scope.memory.keep_value(small.payload, result.output)
    return small


async def _values(names: Iterable[str], nest: Nest, scope: LoopScope) -> dict[str, Json]:
    """Return the values of names as they are read from one item of each loop around."""
    found: dict[str, Json] = {}
    for item, opened, key in nest.items(scope.results):
        listed = await output_of(opened, scope.payloads, scope.memory)
        found[item] = listed[opened.items.index(key)]
    for name in names:
        result = scope.results.get(nest.id_of(name))
        if result is not None and result.status == "accepted":
            found[name] = await output_of(result, scope.payloads, scope.memory)
    return found


async def _ended(opened: OpenLoop, scope: LoopScope) -> StepResult:
    """Put together what the items brought, in their order; a failure is told by its item."""
    step, result = opened.step, opened.result
    listed = await output_of(result, scope.payloads, scope.memory)
    outside = await _values(step.needs(), opened.around, scope)
    items = items_in(result, listed)
    brought: list[Json] = []
    unsaid: list[str] = []
    for item in items:
        try:
            brought += await _brought(opened, item, outside, scope)
        except ExpressionError as error:
            unsaid.append(f"{item.key}: {error}")
    outer = opened.around.keys
    taint = union([result.taint, taint_of(step, items, scope.results, outer)])
    failed = failures(step, items, scope.results, outer)
    said = bool(failed or unsaid)
    result = result.model_copy(
        update={
            "status": "accepted",
            "output": brought,
            "payload": "",
            "excerpt": "",
            "taint": taint,
            "decided": union([result.decided, *_decided_in(opened, scope), taint if said else ()]),
            "readers": meet([result.readers, *_readers_of_items(opened, scope)]),
            "data_class": union([result.data_class, *_classes_of_items(opened, scope)]),
            "failure": _failure(len(items), failed, unsaid),
        }
    )
    if result.failure and result.failure.kind != "rejected" and step.on_error != "skip":
        result = recovered(
            step,
            result.model_copy(update={"status": "failed", "output": None}),
            lambda ref: at_path(outside[ref.step], ref.path),
            now=scope.now,
        )
    return await _kept(result, scope)


def _readers_of_items(opened: OpenLoop, scope: LoopScope) -> list[Readers]:
    names = (instance(s.id, nest.keys) for nest in opened.nests() for s in opened.loop.steps)
    return [scope.results[name].readers for name in names if name in scope.results]


def _decided_in(opened: OpenLoop, scope: LoopScope) -> list[tuple[str, ...]]:
    names = (instance(s.id, nest.keys) for nest in opened.nests() for s in opened.loop.steps)
    return [scope.results[name].decided for name in names if name in scope.results]


def _classes_of_items(opened: OpenLoop, scope: LoopScope) -> list[tuple[str, ...]]:
    names = (instance(s.id, nest.keys) for nest in opened.nests() for s in opened.loop.steps)
    return [scope.results[name].data_class for name in names if name in scope.results]


def _failure(count: int, failed: Sequence[ItemFailure], unsaid: Sequence[str]) -> Failure | None:
    """Return what to say of the items that did not succeed; a person's no is no error."""
    if not failed and not unsaid:
        return None
    said = [f"{one.key} ({one.step}): {one.failure.message}" for one in failed]
    shown = [*said, *unsaid][:SAID]
    more = len(said) + len(unsaid) - len(shown)
    message = "; ".join([*shown, *([f"and {more} more"] if more else [])])
    refused = not unsaid and all(one.failure.kind in SAID_NO for one in failed)
    items = len({one.key for one in failed}) + len(unsaid)
    return Failure(
        kind="rejected" if refused else "items",
        message=f"{items} of {count} items did not succeed: {message}",
    )


async def _brought(
    opened: OpenLoop, item: Item, outside: Mapping[str, Json], scope: LoopScope
) -> list[Json]:
    """Return what one item brings, nothing if its step has no value."""
    loop, nest = opened.loop, opened.around.inside(opened.step, item.key)
    inner = {
        s.id: await output_of(result, scope.payloads, scope.memory)
        for s in loop.steps
        if (result := scope.results.get(instance(s.id, nest.keys))) is not None
        and result.status == "accepted"
    }
    if loop.output is None:
        last = loop.steps[-1].id
        return [inner[last]] if last in inner else []
    values = {**outside, **inner, loop.item: item.value}
    try:
        return [
            resolve(
                loop.output,
                lambda ref: at_path(values[ref.step], ref.path),
                f"{opened.step.id}.for_each.output",
                now=scope.now,
            )
        ]
    except KeyError:
        return []
