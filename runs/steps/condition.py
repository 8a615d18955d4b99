"""Whether a step's condition lets it run."""

from __future__ import annotations

from dataclasses import replace

from ...errors import ExpressionError
from ...state.conditions import decide
from ...state.results import Failure, StepResult
from ..step import Current, ended


def under_condition(current: Current) -> Current | StepResult:
    """Return the step with the reason why it runs, or the result with which it ends unrun."""
    try:
        decided = decide(current.step, current.lookup, now=current.now)
    except ExpressionError as error:
        return ended(current, "failed", Failure(kind="expression", message=str(error)))
    if decided.runs:
        return replace(current, because=decided.reason)
    return StepResult(
        step=current.step.id,
        status="skipped",
        reason=decided.reason,
        taint=current.control(),
        readers=current.readers(),
        data_class=current.data_class(),
        plan_version=current.plan.version,
    )
