"""Conditions: what runs, what is skipped, what is blocked, and why."""

from __future__ import annotations

from typing import Any

import pytest

from pointsman.errors import ExpressionError
from pointsman.state.conditions import control_taint, decide, hindrance, may_start, recovered
from pointsman.state.plan import Step
from pointsman.state.references import Reference
from pointsman.state.results import Failure, StepResult, StepStatus

VALUES: dict[str, Any] = {"order": {"total": 250.0, "note": "x" * 200, "lines": [1, 2]}}


def lookup(ref: Reference) -> Any:
    """Find a whole output. Raises `KeyError`."""
    return VALUES[ref.step]


def step(when: str = "", **fields: Any) -> Step:
    """Return a step under a condition."""
    return Step(id="pay", kind="tool", tool="pay", when=when, **fields)


def results(**statuses: StepStatus) -> dict[str, StepResult]:
    """Return results with these statuses, each labelled with its own source."""
    return {
        id_: StepResult(step=id_, status=status, taint=(f"tool:{id_}",))
        for id_, status in statuses.items()
    }


@pytest.mark.parametrize(
    ("when", "runs", "reason"),
    [
        ("", True, ""),
        ("order.total > 100", True, "runs because order.total > 100 (order.total is 250.00)"),
        (
            "order.total > 300",
            False,
            "skipped because not order.total > 300 (order.total is 250.00)",
        ),
        ("has(gone)", False, "skipped because not has(gone) (gone is absent)"),
        (
            "len(order.lines) == 2",
            True,
            "runs because len(order.lines) == 2 (order.lines is 2 entries)",
        ),
    ],
)
def test_a_condition_is_decided_with_its_reason(when: str, runs: bool, reason: str) -> None:
    """The reason shows what was looked at."""
    decided = decide(step(when), lookup)

    assert (decided.runs, decided.reason) == (runs, reason)


def test_a_long_value_is_cut_in_the_reason() -> None:
    """An approver reads a line, not a page."""
    assert len(decide(step("order.note != ''"), lookup).reason) < 150


@pytest.mark.parametrize(
    ("when", "says"),
    [
        ("order.total", "gave 250.00, not true or false"),
        ("gone.total > 1", "did not run"),
        ("order.total / 0 > 1", "divides by zero"),
    ],
)
def test_a_condition_that_fails_names_step_and_field(when: str, says: str) -> None:
    """It is no answer, neither yes nor no."""
    with pytest.raises(ExpressionError, match=says) as caught:
        decide(step(when), lookup)

    assert caught.value.where.startswith("pay.when")


def test_a_decision_carries_the_labels_of_what_it_read() -> None:
    """That a step was skipped tells something too."""
    known = results(order="accepted", gone="skipped", other="accepted")

    assert control_taint(step("has(gone) or order.total > 1"), known) == (
        "tool:gone",
        "tool:order",
    )


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ({"a": "accepted"}, None),
        ({"a": "skipped"}, ("skipped", "a")),
        ({"a": "failed"}, ("blocked", "a")),
        ({"a": "skipped", "b": "rejected"}, ("blocked", "b")),
        ({"a": "blocked"}, ("blocked", "a")),
        ({"a": "waiting"}, None),
    ],
)
def test_what_stands_in_the_way(statuses: dict[str, StepStatus], expected: Any) -> None:
    """What needs a skipped step is skipped; after a failure it is blocked."""
    found = hindrance(step(after=("a", "b")), results(**statuses))

    assert (found and (found.status, found.cause)) == expected


def test_branches_are_awaited() -> None:
    """A step that takes the first of two starts when both have ended."""
    first_of = {"x": {"$first_of": [{"$from": "a"}, {"$from": "b"}]}}
    taking = step(args=first_of)

    assert not may_start(taking, results(a="skipped"))
    assert may_start(taking, results(a="skipped", b="accepted"))
    assert hindrance(taking, results(a="skipped", b="failed")) is None
    assert not may_start(step(after=("a",)), results(a="skipped"))


def test_on_error_makes_another_result_of_a_failure() -> None:
    """Failed, skipped, or accepted with another value; the failure stays on record."""
    failure = Failure(kind="tool_error", message="No such file.")
    failed = StepResult(step="pay", status="failed", failure=failure, taint=("tool:x",))
    use = {"use": {"total": {"$expr": "order.total * 2"}}}

    assert recovered(step(), failed, lookup) == failed
    assert recovered(step(on_error="skip"), failed, lookup).status == "skipped"
    other = recovered(step(on_error=use), failed, lookup)
    assert (other.status, other.output, other.taint) == (
        "accepted",
        {"total": 500.0},
        ("tool:x",),
    )
    assert other.failure == failure


def test_a_rejection_is_no_error() -> None:
    """A person said no: `on_error` puts nothing in its place."""
    said_no = Failure(kind="rejected", message="Too much.")
    rejected = StepResult(step="pay", status="rejected", failure=said_no)

    assert recovered(step(on_error={"use": 1}), rejected, lookup) == rejected
