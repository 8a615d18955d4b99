"""What a run costs in parses, trips and loads stays low, and grows with the work only."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pointsman.benchmarks.trips import (
    BEFORE,
    COUNTED,
    count_run,
    line,
    one_read,
    payments,
    reads,
    shared_value,
)
from pointsman.state.plan import Plan

NOTE = Path(__file__).parents[2] / "docs" / "decisions" / "008-one-door-to-state.md"


async def test_a_read_step_parses_next_to_nothing_and_goes_three_times() -> None:
    """From invoke to answer: the lease, the outcome with the call, the answer."""
    counts = await count_run(one_read())

    assert counts["parses"] <= 4
    assert counts["trips"] <= 3


@pytest.mark.parametrize("what", ["parses", "packs", "trips"])
async def test_a_gate_costs_the_same_for_each_action(what: str) -> None:
    """Thirty-two payments cost four times what eight do, and not sixteen times."""
    eight, many = await count_run(payments(8)), await count_run(payments(32))

    assert many[what] <= 4.5 * eight[what]


async def test_a_large_value_is_loaded_once_at_most() -> None:
    """Eight steps of one lane use it."""
    assert (await count_run(shared_value()))["loads"] <= 1


async def test_what_a_model_has_cost_is_read_once_at_most() -> None:
    """Each read step after a planner's call takes as many trips as without: none for its cost."""
    one, eight = await count_run(reads(1), by_model=True), await count_run(reads(8), by_model=True)
    free_one, free_eight = await count_run(reads(1)), await count_run(reads(8))

    assert eight["trips"] - one["trips"] == free_eight["trips"] - free_one["trips"]
    # One each for the shapes of outputs that were seen, for the one that this call shows, for the
    # plan with what it has cost, and for giving the lease back after the answer.
    assert one["trips"] <= free_one["trips"] + 4


@pytest.mark.parametrize(
    ("name", "plan"),
    [
        ("one read step", one_read()),
        ("approved payments: 1", payments(1)),
        ("approved payments: 32", payments(32)),
        ("eight steps, one 200 kB value", shared_value()),
    ],
)
async def test_a_run_costs_no_more_than_the_note_says(name: str, plan: Plan) -> None:
    """The table of docs/decisions/008 has what was recorded before, and what holds now."""
    [row] = [row for row in NOTE.read_text(encoding="utf-8").splitlines() if f"| {name} |" in row]
    counts = await count_run(plan)

    for cell, before, what in zip(row.split("|")[2:], BEFORE[name], COUNTED, strict=False):
        then, _, now = cell.replace(",", "").partition("→")
        assert int(then) == before
        assert counts[what] <= int(now or then)


async def test_the_benchmark_prints_before_and_after_with_how_many_times_less() -> None:
    """In one line, so that nobody has to look the earlier figures up."""
    printed = line("one read step", await count_run(one_read()))

    assert re.search(r"12 → \d+ \(\d+\.\d×\)", printed)
    assert "→" not in line("another", await count_run(one_read()))
