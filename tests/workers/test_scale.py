"""The simulation of many machines agrees with what can be worked out by hand."""

from __future__ import annotations

import pytest

from pointsman.benchmarks.scale import Load, Simulation, TaskCosts

COSTS = TaskCosts(worker_cpu=0.05, database_cpu=0.02, shared_row=0.01)


def test_what_has_room_does_what_it_is_asked() -> None:
    """The database is busy for its cost of each task; the wait is the models' and little else."""
    load = Load(machines=2, tasks_a_second=30.0, database_cores=4, shards=0)

    found = Simulation(COSTS, load).run()

    assert found.done_a_second == pytest.approx(30.0, rel=0.1)
    assert found.database == pytest.approx(30.0 * 0.02 / 4, rel=0.1)
    assert found.median_seconds == pytest.approx(5.3 + 0.07, rel=0.15)


def test_a_row_that_all_share_is_the_limit_and_rows_beside_it_lift_it() -> None:
    """One serves 100 calls a second, so 33 tasks; eight have room for all 60."""
    one = Simulation(COSTS, Load(machines=4, tasks_a_second=60.0, shards=1)).run()
    eight = Simulation(COSTS, Load(machines=4, tasks_a_second=60.0, shards=8)).run()

    assert one.row == pytest.approx(1.0, abs=0.01)
    assert one.done_a_second < 100 / 3
    assert eight.done_a_second == pytest.approx(60.0, rel=0.1)
