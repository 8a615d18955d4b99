"""The prompt of a model's step."""

from __future__ import annotations

from datetime import date

from pointsman.runs.prompts import step_messages
from pointsman.state.plan import Step


def test_a_step_knows_the_day() -> None:
    """What is due next Friday, or overdue, cannot be worked out without it."""
    step = Step(id="due", kind="reason", prompt="Which day is next Friday?")

    [_, asked] = step_messages(step, [], today=date(2026, 11, 27))

    assert asked.text.startswith("Today is Friday, 2026-11-27.")
