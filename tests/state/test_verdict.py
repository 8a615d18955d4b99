"""Verdicts on one attempt."""

from __future__ import annotations

from typing import Any

import pytest

from pointsman.state.plan import Check, Step
from pointsman.state.results import Evidence, Failure
from pointsman.state.run import Limits
from pointsman.state.verdict import ActOutcome, holds, judge

EVIDENCE = (Evidence(id="a", step="a", source="order ORD-1"),)
ORDER = {
    "status": "delivered",
    "total": 49.9,
    "items": [],
    "at": "2026-05-19T10:00",
    "paid": True,
    "lost": None,
}


def verdict(attempt: int = 1, checks: tuple[Check, ...] = (), **facts: Any) -> str:
    """Judge an outcome of a tool step."""
    outcome = ActOutcome(**({"output": ORDER, "evidence": EVIDENCE} | facts))
    step = Step(id="a", kind="tool", tool="t", checks=checks)
    return judge(step, outcome, attempt=attempt, limits=Limits(), lookup=lambda _: 50).action


def test_a_good_result_is_accepted() -> None:
    """Nothing speaks against it."""
    assert verdict() == "accept"


@pytest.mark.parametrize(
    ("facts", "action"),
    [
        ({"failure": Failure(kind="timeout", message="", retryable=True)}, "retry"),
        ({"failure": Failure(kind="timeout", message="", retryable=True), "attempt": 3}, "fail"),
        ({"failure": Failure(kind="output_schema", message="", retryable=True)}, "fallback"),
        ({"failure": Failure(kind="arguments", message="")}, "fail"),
        ({"happened_unknown": True}, "ask"),
        ({"evidence": ()}, "fail"),
        ({"confidence": 0.1}, "fallback"),
        ({"confidence": 0.1, "attempt": 3}, "fail"),
        ({"confidence": 0.8}, "accept"),
    ],
)
def test_each_outcome_has_its_verdict(facts: dict[str, Any], action: str) -> None:
    """Retries are bounded; an unknown outcome goes to a person, whatever else is true."""
    assert verdict(**facts) == action


def test_a_broken_business_rule_fails_the_step_with_its_message() -> None:
    """The rule's own words are the reason."""
    check = Check(path="status", op="eq", value="shipped", message="Only shipped orders.")
    assert verdict(checks=(check,)) == "fail"


@pytest.mark.parametrize(
    ("path", "op", "value", "expected"),
    [
        ("status", "eq", "delivered", True),
        ("status", "ne", "delivered", False),
        ("status", "in", ["delivered", "shipped"], True),
        ("status", "not_in", ["delivered"], False),
        ("status", "in", "delivered", False),
        ("total", "le", {"$from": "limit"}, True),
        ("total", "gt", 49.9, False),
        ("total", "ge", 49.9, True),
        ("total", "lt", "99", False),
        ("items", "not_empty", None, False),
        ("items", "exists", None, True),
        ("missing", "exists", None, False),
        ("missing.deeper", "ne", 1, False),
        ("status", "ne", 5, False),
        ("status", "ne", None, True),
        ("lost", "eq", None, True),
        ("paid", "eq", 1, False),
        ("at", "lt", "2026-05-19 11:00", True),
        ("at", "eq", "2026-05-19 10:00:00", True),
        ("at", "in", ["2026-05-19 10:00"], True),
        ("at", "not_in", ["2026-05-19 10:00"], False),
        ("at", "ne", "2026-05-19T10:00Z", False),
        ("at", "ge", "2026-05-19", True),
    ],
)
def test_checks(path: str, op: Any, value: Any, expected: bool) -> None:
    """A value that is absent or of another type fails, also under `ne`."""
    check = Check(path=path, op=op, value=value, message="")
    assert holds(check, ORDER, lambda _: 50) is expected
