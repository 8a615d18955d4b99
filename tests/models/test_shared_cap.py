"""Many runs in several processes on one cap, with faults and cancellations."""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from pathlib import Path

import pytest

from pointsman.stores.store import open_store
from pointsman.testing import Fault, Price, Reply, ScriptedGateway

CAP = 1.0
PROCESSES = 4
RUNS = 50
PRICE = Price(input=40.0, output=400.0)
FAULTS = [
    Fault(kind="rate_limited", probability=0.05),
    Fault(kind="server_error", probability=0.05),
    Fault(kind="connection_reset", probability=0.05),
    Fault(kind="cut_after_first_token", probability=0.05),
    Fault(kind="cut_body", probability=0.05),
    Fault(kind="stall", probability=0.03),
    Fault(kind="missing_usage", probability=0.05),
    Fault(kind="slow_first_byte", probability=0.2, seconds=0.1),
]


async def _spend(url: str, store: Path, seed: int) -> Counter[str]:
    worker = Path(__file__).with_name("budget_worker.py")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *(str(worker), url, str(store), str(CAP), str(RUNS), str(seed)),
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0
    return Counter(json.loads(output))


async def test_the_cap_holds_for_many_processes(tmp_path: Path) -> None:
    """200 runs never make the server bill more than the cap, and leave nothing reserved."""
    path = tmp_path / "store.db"
    reply = Reply(text="Trains run on rails, and rails are laid on sleepers.", token_delay=0.005)
    with ScriptedGateway(
        {"first": lambda _: reply, "second": lambda _: reply},
        faults=FAULTS,
        prices={"first": PRICE, "second": PRICE},
    ) as server:
        ended = sum(
            await asyncio.gather(
                *(_spend(server.base_url, path, seed) for seed in range(PROCESSES))
            ),
            Counter[str](),
        )
        assert server.wait_idle(timeout=20.0)

        assert ended.total() == PROCESSES * RUNS
        assert min(ended[how] for how in ("answered", "refused", "cancelled")) > 0, ended
        assert 0 < server.billed_usd() <= CAP
        async with open_store(path) as store:
            balance = await store.budgets.balance("principal", "local")
            attempts = await store.attempts.recent(limit=10_000)
        assert balance.reserved_usd == pytest.approx(0.0, abs=1e-9)
        assert balance.spent_usd <= CAP + 1e-9
        settled = sum(attempt.usd or 0.0 for attempt in attempts)
        assert balance.spent_usd == pytest.approx(settled)
        # What the server billed and reported is what was settled; the rest is marked.
        estimated = [attempt for attempt in attempts if attempt.estimated]
        surplus = sum(attempt.usd or 0.0 for attempt in estimated)
        assert settled - surplus <= server.billed_usd() + 1e-9 <= settled + 2e-9
        exact = [attempt for attempt in attempts if not attempt.estimated]
        billed = Counter(round(record.billed_usd or 0.0, 9) for record in server.requests)
        assert not Counter(round(a.usd or 0.0, 9) for a in exact if a.usd) - billed
