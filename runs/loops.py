"""Loops: begin those whose list is known, and end those whose items have ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from ..errors import ExpressionError
from ..state.conditions import control_taint, decide, may_start, recovered
from ..state.expansion import is_done, items_in, loops
from ..state.iteration import Item, ItemFailure, failures, instance, items_of, taint_of
from ..state.plan import ForEach, Plan, Step
from ..state.provenance import argument_provenance, union
from ..state.references import Reference, at_path, computed, resolve
from ..state.results import Failure, StepResult
from ..state.task import Attachment
from ..state.values import Json
from ..stores.protocols import Payloads
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
    memory: RunMemory
    now: datetime
    max_inline: int


async def advance_loops(scope: LoopScope) -> dict[str, StepResult]:
    """Return new results of the loops that can begin or end."""
    update: dict[str, StepResult] = {}
    for step in scope.plan.steps:
        known = scope.results.get(step.id)
        if step.for_each is not None and known is None and may_start(step, scope.results):
            update[step.id] = await _begun(step, step.for_each, scope)
    for step, opened in loops(scope.plan, scope.results):
        if step.for_each is not None and is_done(step, opened, scope.results):
            update[step.id] = await _ended(step, step.for_each, opened, scope)
    return update


async def _begun(step: Step, loop: ForEach, scope: LoopScope) -> StepResult:
    """Work out the condition and the list of a loop; nothing of it has run if that fails."""
    values = await _values(step.needs(), scope)
    files = {
        ref.attachment: await text_of(
            scope.attachments[ref.attachment], scope.payloads, scope.memory
        )
        for ref in step.uses()
        if ref.attachment
    }

    def lookup(ref: Reference) -> Json:
        return files[ref.attachment] if ref.attachment else at_path(values[ref.step], ref.path)

    labels = _labels(step, scope)
    blank = StepResult(
        step=step.id,
        status="failed",
        taint=labels,
        data_class=_classes(step, scope),
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


def _labels(step: Step, scope: LoopScope) -> tuple[str, ...]:
    """Return the labels of a loop's list and condition, which decide what its steps do."""
    listed = argument_provenance(step, scope.results).get("for_each.items", ())
    return union([scope.plan.taint, control_taint(step, scope.results), listed])


def _classes(step: Step, scope: LoopScope) -> tuple[str, ...]:
    """Return the classes of the data that a loop reads, its list among them."""
    read = [scope.results[name].data_class for name in step.needs() if name in scope.results]
    files = {ref.attachment for ref in step.uses() if ref.attachment}
    return union([*read, *((c,) for f in files if (c := scope.attachments[f].data_class))])


async def _kept(result: StepResult, scope: LoopScope) -> StepResult:
    small = shrink(result, scope.max_inline)
    if small.payload:
        await scope.payloads.put(result.output)
        scope.memory.keep_value(small.payload, result.output)
    return small


async def _values(names: frozenset[str], scope: LoopScope) -> dict[str, Json]:
    return {
        name: await output_of(result, scope.payloads, scope.memory)
        for name in names
        if (result := scope.results.get(name)) is not None and result.status == "accepted"
    }


async def _ended(step: Step, loop: ForEach, opened: StepResult, scope: LoopScope) -> StepResult:
    """Put together what the items brought, in their order; a failure is told by its item."""
    items = items_in(opened, await output_of(opened, scope.payloads, scope.memory))
    outside = await _values(step.needs(), scope)
    brought: list[Json] = []
    unsaid: list[str] = []
    for item in items:
        try:
            brought += await _brought(loop, item, outside, scope)
        except ExpressionError as error:
            unsaid.append(f"{item.key}: {error}")
    result = opened.model_copy(
        update={
            "status": "accepted",
            "output": brought,
            "payload": "",
            "excerpt": "",
            "taint": union([opened.taint, taint_of(step, items, scope.results)]),
            "data_class": union([opened.data_class, *_classes_of_items(loop, items, scope)]),
            "failure": _failure(len(items), failures(step, items, scope.results), unsaid),
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


def _classes_of_items(
    loop: ForEach, items: Sequence[Item], scope: LoopScope
) -> list[tuple[str, ...]]:
    names = (instance(s.id, (item.key,)) for item in items for s in loop.steps)
    return [scope.results[name].data_class for name in names if name in scope.results]


def _failure(count: int, failed: Sequence[ItemFailure], unsaid: Sequence[str]) -> Failure | None:
    """Return what to say of the items that did not succeed; a person's no is no error."""
    if not failed and not unsaid:
        return None
    said = [f"{one.key} ({one.step}): {one.failure.message}" for one in failed]
    shown = [*said, *unsaid][:SAID]
    more = len(said) + len(unsaid) - len(shown)
    message = "; ".join([*shown, *([f"and {more} more"] if more else [])])
    refused = not unsaid and all(one.failure.kind == "rejected" for one in failed)
    return Failure(
        kind="rejected" if refused else "items",
        message=f"{len(said) + len(unsaid)} of {count} items did not succeed: {message}",
    )


async def _brought(
    loop: ForEach, item: Item, outside: Mapping[str, Json], scope: LoopScope
) -> list[Json]:
    """Return what one item brings, nothing if its step has no value."""
    inner = {
        s.id: await output_of(result, scope.payloads, scope.memory)
        for s in loop.steps
        if (result := scope.results.get(instance(s.id, (item.key,)))) is not None
        and result.status == "accepted"
    }
    if loop.output is None:
        last = loop.steps[-1].id
        return [inner[last]] if last in inner else []
    values = {**outside, **inner, loop.item: item.value}
    try:
        return [
            resolve(loop.output, lambda ref: at_path(values[ref.step], ref.path), now=scope.now)
        ]
    except KeyError:
        return []
