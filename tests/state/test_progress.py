"""What `plan` does next, and when a run must stop."""

from __future__ import annotations

from typing import Any

import pytest

from pointsman.state.plan import Plan, Step
from pointsman.state.progress import hard_stop, next_move, skip_blocked, tool_failures
from pointsman.state.results import Attempt, Failure, StepResult, Verdict
from pointsman.state.run import Limits, Run
from pointsman.state.usage import Usage

PLAN = Plan(
    steps=(
        Step(id="a", kind="tool", tool="t"),
        Step(id="b", kind="tool", tool="t", after=("a",)),
        Step(id="c", kind="tool", tool="t"),
    )
)


def result(step: str, status: Any, kind: str = "") -> StepResult:
    """Make a result."""
    failure = Failure(kind=kind, message="because") if kind else None
    return StepResult(step=step, status=status, failure=failure)


def of(*results: StepResult) -> dict[str, StepResult]:
    """Index results by step."""
    return {r.step: r for r in results}


def test_a_person_is_asked_only_when_nothing_else_can_run() -> None:
    """So that one interrupt holds everything that waits."""
    waiting = of(result("a", "waiting"))
    assert next_move(PLAN, waiting, may_revise=True).chains == (("c",),)

    waiting |= of(result("c", "accepted"))
    assert next_move(PLAN, waiting, may_revise=True).kind == "ask"


def test_a_cleared_step_is_dispatched() -> None:
    """A person agreed: the step goes on with the chain that needs it."""
    results = of(result("a", "cleared"), result("c", "accepted"))
    assert next_move(PLAN, results, may_revise=True).chains == (("a", "b"),)


@pytest.mark.parametrize(
    ("kind", "status", "may_revise", "move"),
    [
        ("tool_error", "failed", True, "revise"),
        ("tool_error", "failed", False, "finish"),
        ("rejected", "rejected", True, "finish"),
        ("responded", "rejected", True, "revise"),
        ("no_model", "failed", True, "finish"),
    ],
)
def test_only_failures_that_a_plan_can_avoid_lead_to_another(
    kind: str, status: Any, may_revise: bool, move: str
) -> None:
    """A person's no is final; a bounded number of revisions is not exceeded."""
    results = of(result("a", status, kind), result("c", "accepted"))
    results |= skip_blocked(PLAN, results)
    assert next_move(PLAN, results, may_revise=may_revise).kind == move


def run(**limits: Any) -> Run:
    """Make a run with limits."""
    return Run(id="r", started_at=0, deadline_at=100, limits=Limits(**limits))


FAILED = Attempt(performed_by="tool:t", verdict=Verdict(action="fail", reason="x"))


@pytest.mark.parametrize(
    ("reason", "facts"),
    [
        pytest.param("turns", {"turns": 25}, id="turns"),
        pytest.param("deadline", {"now": 100}, id="deadline"),
        pytest.param("budget", {"usage": Usage(usd=1.0)}, id="money"),
        pytest.param("budget", {"usage": Usage(input_tokens=6, output_tokens=5)}, id="tokens"),
        pytest.param(
            "tool_failure",
            {"results": of(StepResult(step="a", status="failed", attempts=(FAILED,) * 3))},
            id="tool",
        ),
        pytest.param("paused", {"results": of(result("a", "stopped", "paused"))}, id="paused"),
    ],
)
def test_each_hard_stop_has_its_reason(reason: str, facts: dict[str, Any]) -> None:
    """And a detail for the person who reads the answer."""
    known: dict[str, Any] = {"turns": 1, "now": 1, "usage": Usage(), "results": {}} | facts

    stop = hard_stop(run(budget_usd=1.0, budget_tokens=11), **known)

    assert stop is not None
    assert stop.reason == reason
    assert stop.detail


def test_a_run_within_its_limits_goes_on() -> None:
    """No hard stop applies; an unknown cost is not a used-up budget here."""
    assert not hard_stop(run(budget_usd=1.0), turns=1, now=1, usage=Usage(usd=None), results={})


def test_a_tool_that_answers_has_not_failed() -> None:
    """Two lookups with a wrong id are two answers; only what might have gone otherwise counts."""
    passing = Attempt(performed_by="tool:t", verdict=Verdict(action="retry", reason="x"))
    answered = Failure(kind="tool_error", message="no such order")
    disturbed = Failure(kind="tool_error", message="no line", retryable=True)
    results = {
        "a": StepResult(step="a", status="failed", failure=answered, attempts=(FAILED,)),
        "b": StepResult(step="b", status="failed", failure=answered, attempts=(passing, FAILED)),
        "c": StepResult(step="c", status="failed", failure=disturbed, attempts=(passing, FAILED)),
    }
    assert tool_failures(results.values()) == {"t": 3}
