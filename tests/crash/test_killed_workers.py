"""Workers killed and stopped at random, and their database started anew: each bill settled once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pointsman.benchmarks.killed_workers import Campaign, blows_of

from ..postgres_server import restart, running_server

KILLS = int(os.environ.get("POINTSMAN_WORKER_KILLS", "8"))
"""More of them: `make crash`."""


@pytest.mark.timeout(240 + 8 * KILLS)
@pytest.mark.usefixtures("postgres_server")
async def test_nothing_is_lost_and_nothing_doubled(own_home: Path) -> None:
    """All tasks are answered, and every effect stands in the books once."""
    blows = blows_of(kills=KILLS, stops=KILLS // 8 + 1, restarts=1)
    with running_server(Path("/tmp")) as url:  # noqa: S108  socket paths must be short
        campaign = Campaign(own_home, url, blows=blows, restart=lambda: restart(url), seed=KILLS)

        report = await campaign.run()

    assert report.right, report
    assert report.bills >= KILLS
