"""Calls: which tools a run has called with which arguments, and whose result it accepted."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterator, Mapping
from datetime import datetime

from ..errors import ExpressionError
from ..state.instances import instance
from ..state.iteration import items_of
from ..state.plan import ForEach, Plan, Step
from ..state.references import Reference, at_path, computed, resolve
from ..state.results import StepResult
from ..state.values import Json, JsonObject, Record


class AcceptedCall(Record):
    """A tool call whose result was accepted."""

    step: str
    tool: str
    args: JsonObject = {}
    """As the tool got them."""


def accepted_calls(
    plan: Plan,
    results: Mapping[str, StepResult],
    outputs: Mapping[str, Json],
    *,
    now: datetime,
) -> tuple[AcceptedCall, ...]:
    """Return the calls whose result was accepted, with the arguments that the tool got.

    Args:
        plan: The plan.
        results: Results of its steps.
        outputs: Outputs of the accepted ones.
        now: The time of the run.
    """
    return tuple(
        AcceptedCall(step=result.step, tool=step.tool, args=_args(step, result, values, now))
        for top in plan.steps
        for step, result, values in performed(top, results, outputs, now)
        if step.kind == "tool" and result.status == "accepted" and result.recalled is None
    )


def performed(
    step: Step,
    results: Mapping[str, StepResult],
    values: Mapping[str, Json],
    now: datetime,
    keys: tuple[str, ...] = (),
) -> Iterator[tuple[Step, StepResult, Mapping[str, Json]]]:
    """Yield a step with its result and what it could read, and after a loop those of its items.

    Args:
        step: The step.
        results: Results by step instance.
        values: Outputs by step instance, and the items of the loops around by their names.
        now: The time of the run.
        keys: Keys of the items of the loops around.
    """
    known = results.get(instance(step.id, keys))
    if known is None:
        return
    yield step, known, values
    if step.for_each is not None and known.items:
        yield from _of_items(step, step.for_each, keys, results, values, now)


def _of_items(
    step: Step,
    loop: ForEach,
    keys: tuple[str, ...],
    results: Mapping[str, StepResult],
    values: Mapping[str, Json],
    now: datetime,
) -> Iterator[tuple[Step, StepResult, Mapping[str, Json]]]:
    def lookup(reference: Reference) -> Json:
        if reference.attachment:
            return {"$attachment": reference.attachment}
        return at_path(values[reference.step], reference.path)

    try:
        items = items_of(step, computed(loop.items, lookup, now=now), values)
    except ExpressionError:
        # The list cannot be worked out any more, as where retention has removed what it was of.
        return
    everything = dict(values)
    for item in items:
        inside = (*keys, item.key)
        ids = {s.id: instance(s.id, inside) for s in loop.steps}
        read = {local: values[name] for local, name in ids.items() if name in values}
        known = ChainMap({**read, loop.item: item.value}, everything)
        for inner in loop.steps:
            yield from performed(inner, results, known, now, inside)


def _args(step: Step, result: StepResult, outputs: Mapping[str, Json], now: datetime) -> JsonObject:
    if result.approval is not None:
        return result.approval.args

    def lookup(reference: Reference) -> Json:
        if reference.attachment:
            return {"$attachment": reference.attachment}
        return at_path(outputs[reference.step], reference.path)

    return resolve(step.args, lookup, step.id, now=now)
