"""Calls: which tools a run has called with which arguments, and whose result it accepted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from ..state.plan import Plan, Step
from ..state.references import Reference, at_path, resolve
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
        AcceptedCall(step=step.id, tool=step.tool, args=_args(step, result, outputs, now))
        for step in plan.steps
        if step.kind == "tool" and (result := results.get(step.id)) and result.status == "accepted"
    )


def _args(step: Step, result: StepResult, outputs: Mapping[str, Json], now: datetime) -> JsonObject:
    if result.approval is not None:
        return result.approval.args

    def lookup(reference: Reference) -> Json:
        if reference.attachment:
            return {"$attachment": reference.attachment}
        return at_path(outputs[reference.step], reference.path)

    return resolve(step.args, lookup, now=now)
