"""What a run costs in parses, trips and loads stays low, and grows with the work only."""

from __future__ import annotations

import pytest

from pointsman.benchmarks.trips import count_run, one_read, payments, reads, shared_value


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
