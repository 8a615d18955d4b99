"""Routed: what `route` can decide about the current step."""

from __future__ import annotations

from typing import Literal

from ..models.protocols import Candidate
from ..runs.step import Current
from ..state.results import Failure, StepResult
from ..state.values import JsonObject, Record


class Route(Record):
    """How the current step will run."""

    action: Literal["tool", "model", "extract"]
    """`extract`: no model serves the role, and the step can be done from its inputs alone."""
    args: JsonObject = {}
    approval: str = ""
    """Id of the approval that allows it; checked again by `act`."""
    provenance: dict[str, tuple[str, ...]] = {}
    candidates: tuple[Candidate, ...] = ()
    why: str = ""


def ended(current: Current, status: Literal["failed", "stopped"], failure: Failure) -> StepResult:
    """Return the result of a step that ends before it ran."""
    return StepResult(
        step=current.step.id,
        status=status,
        failure=failure,
        taint=current.taint(),
        plan_version=current.plan.version,
    )
