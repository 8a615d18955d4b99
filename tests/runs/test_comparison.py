"""`compared`: two runs side by side, from their traces alone."""

from __future__ import annotations

from typing import Any

import pytest

from pointsman.runs.comparison import compared
from pointsman.runs.trace import RunTrace, StepTrace
from pointsman.state.answer import Answer
from pointsman.state.plan import Step
from pointsman.state.results import Attempt, Failure, StepResult
from pointsman.state.run import Run, Stop
from pointsman.state.usage import Usage


def step(name: str = "s1", **result: Any) -> StepTrace:
    """Make a step that has come to an end."""
    planned = Step(id=name, kind="tool", tool="look", goal="Look it up.")
    return StepTrace(
        step=planned,
        args={"no": 1},
        result=StepResult(step=name, **{"status": "accepted", **result}),
        output={"total": 5},
    )


def run(*steps: StepTrace, **more: Any) -> RunTrace:
    """Make a run."""
    return RunTrace(run=Run(id="r1", started_at=0.0), steps=steps, **more)


FIRST = run(step(), answer=Answer(text="It is 5.", status="complete"))


def differing(other: RunTrace) -> list[tuple[str, str]]:
    """Return step and name of each fact that differs from the first run."""
    return [(place, fact.name) for place, fact in compared(FIRST, other).differences()]


def test_a_run_does_not_differ_from_itself() -> None:
    """Ids and times are no facts."""
    again = FIRST.model_copy(update={"run": Run(id="r2", started_at=9.0)})

    assert not compared(FIRST, again).differs
    assert (compared(FIRST, again).before, compared(FIRST, again).after) == ("r1", "r2")


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (step().model_copy(update={"args": {"no": 2}}), ["args"]),
        (step().model_copy(update={"output": {"total": 6}}), ["output"]),
        (step(taint=("mail",)), ["taint"]),
        (step(status="failed", failure=Failure(kind="x", message="y")), ["status", "failure"]),
        (step(attempts=(Attempt(performed_by="tool:look"),)), ["performed by", "usd"]),
    ],
)
def test_each_fact_of_a_step_is_compared(other: StepTrace, expected: list[str]) -> None:
    """Each that differs is named, and no other."""
    answered = {"answer": FIRST.answer}

    assert differing(run(other, **answered)) == [("s1", name) for name in expected]


def test_what_one_run_lacks_is_told() -> None:
    """A step of one alone, a stop, the answer and what it cost."""
    other = run(
        step("s2"), stop=Stop(reason="budget", detail="Spent."), usage=Usage(usd=1.0, model_calls=2)
    )

    found = differing(other)

    assert ("s1", "what") in found
    assert ("s2", "what") in found
    assert [n for p, n in found if not p] == [
        "stop", "answer status", "answer", "model calls", "usd",
    ]  # fmt: skip


def test_steps_stand_in_the_order_of_the_first_run() -> None:
    """Then come those that only the second has."""
    pairs = compared(run(step("b"), step("a")), run(step("c"), step("a"))).steps

    assert [pair.step for pair in pairs] == ["b", "a", "c"]
