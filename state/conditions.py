"""Conditions: whether a step runs, is skipped or is blocked, and the words for why."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Literal

from ..errors import ExpressionError
from .expressions.reading import reads
from .expressions.truth import truth_of
from .plan import Step, UseInstead
from .provenance import union
from .references import Reference, as_text, at_path, computed, read_by, resolve
from .results import FINAL, StepResult
from .values import Json, Record

SHOWN = 80
"""Characters of a value that a reason shows."""

LISTED = 6
"""Values that a reason shows."""


class Decided(Record):
    """What a condition said."""

    runs: bool
    reason: str
    """For the approver and the trace: `runs because order.total > 100 (order.total is 250)`."""
    read: tuple[str, ...] = ()
    """Names that it read: their labels are the labels of the decision."""


def decide(
    step: Step, lookup: Callable[[Reference], Json], *, now: datetime | None = None
) -> Decided:
    """Decide a step's `when`.

    Args:
        step: The step.
        lookup: Finds the value of a reference; raises `KeyError` where there is none.
        now: The time of the run.

    Raises:
        ExpressionError: The condition failed or is not true or false; `where` names the step,
            which then fails without having run.
    """
    if not step.when:
        return Decided(runs=True, reason="")
    where = f"{step.id}.when"
    said = computed(step.when, lookup, where, now=now)
    try:
        runs = truth_of(said)
    except ExpressionError as error:
        raise ExpressionError(
            f"The condition gave {as_text(said)[:SHOWN]}, not true or false.",
            where=where,
            fix=error.fix,
        ) from error
    verb = "runs because" if runs else "skipped because not"
    return Decided(
        runs=runs,
        reason=f"{verb} {step.when}{_where(step.when, lookup)}",
        read=tuple(sorted(reads(step.when).names)),
    )


def _where(condition: str, lookup: Callable[[Reference], Json]) -> str:
    """Return the values that a condition looked at, cut short."""
    shown: list[str] = []
    for ref in read_by(condition, "when"):
        name = ".".join(part for part in (ref.step or ref.attachment, ref.path) if part)
        try:
            value = lookup(ref) if ref.attachment else at_path(_whole(ref, lookup), ref.path)
        except KeyError:
            shown.append(f"{name} is absent")
            continue
        text = as_text(value) if not isinstance(value, list | dict) else f"{len(value)} entries"
        shown.append(f"{name} is {text if len(text) <= SHOWN else f'{text[: SHOWN - 1]}…'}")
    more = [f"{len(shown) - LISTED} more"] if len(shown) > LISTED else []
    return f" ({', '.join([*shown[:LISTED], *more])})" if shown else ""


def _whole(ref: Reference, lookup: Callable[[Reference], Json]) -> Json:
    return lookup(Reference(at=ref.at, step=ref.step))


def control_taint(step: Step, results: Mapping[str, StepResult]) -> tuple[str, ...]:
    """Return the labels of what decides that a step runs, and which of several values it takes.

    That is what its condition reads, whatever it said, and what decided to what end the steps came
    that it needs, waits for, or can do without.
    """
    read = {ref for ref in step.uses() if ref.at == "when"}
    names = {ref.step for ref in read if ref.step}
    files = {f"file:{ref.attachment}" for ref in read if ref.attachment}
    before = [results[name].decided for name in step.needs() if name in results]
    return union([files, *before, *(results[name].taint for name in names if name in results)])


class Hindrance(Record):
    """Why a step can never run in this plan."""

    status: Literal["skipped", "blocked"]
    cause: str
    """The step that was skipped or did not succeed."""


def hindrance(step: Step, results: Mapping[str, StepResult]) -> Hindrance | None:
    """Return what stands in a step's way for good, or `None`.

    What needs a skipped step is skipped, what needs one that did not succeed is blocked; a
    failure is named before a condition.
    """
    ended = {
        needed: results[needed].status
        for needed in sorted(step.requires())
        if needed in results and results[needed].status in FINAL
    }
    for needed, status in ended.items():
        if status not in ("accepted", "skipped"):
            return Hindrance(status="blocked", cause=needed)
    for needed, status in ended.items():
        if status == "skipped":
            return Hindrance(status="skipped", cause=needed)
    return None


def may_start(step: Step, results: Mapping[str, StepResult]) -> bool:
    """Whether all that a step requires is accepted and all that it awaits has ended."""
    return all(
        needed in results
        and (
            results[needed].status == "accepted"
            if needed in step.requires()
            else results[needed].status in FINAL
        )
        for needed in step.needs()
    )


def recovered(
    step: Step,
    failed: StepResult,
    lookup: Callable[[Reference], Json],
    *,
    now: datetime | None = None,
) -> StepResult:
    """Return what `on_error` makes of a failed step; labels, attempts and the failure stay.

    A rejection is no error: a person said no, and nothing takes its place.

    Args:
        step: The step.
        failed: Its result.
        lookup: Finds the value of a reference; raises `KeyError` where there is none.
        now: The time of the run.

    Raises:
        KeyError: The other value is not there.
        ExpressionError: The other value could not be worked out.
    """
    if failed.status != "failed" or failed.failure is None or step.on_error == "fail":
        return failed
    why = failed.failure.message
    if not isinstance(step.on_error, UseInstead):
        return failed.model_copy(update={"status": "skipped", "reason": f"skipped because {why}"})
    return failed.model_copy(
        update={
            "status": "accepted",
            "output": resolve(step.on_error.use, lookup, f"{step.id}.on_error.use", now=now),
            "payload": "",
            "reason": f"another value is used because {why}",
        }
    )
