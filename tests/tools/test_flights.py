"""Calls that go on after their caller: in a thread, beyond their event loop, seen by others."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from pointsman.state.run import Run
from pointsman.stores import SqlStore, open_store
from pointsman.stores.records import EffectClaim
from pointsman.tools import Runner, Tool, ToolContract, collect, doubts
from pointsman.tools import runner as runner_module
from pointsman.tools.flights import Flights
from pointsman.tools.threads import TOOL_THREADS, Threads
from pointsman.tools.waiting import at_most

WORKER = textwrap.dedent(
    """
    import asyncio, sys
    from pathlib import Path
    from test_flights import alone
    print(asyncio.run(alone(Path(sys.argv[1]), "other")).status)
    """
)


def bank(home: Path, who: str) -> Tool:
    """A bank whose look-up says what is in its books now, and nothing of what is on its way."""
    books = home / "books"

    def pay(args: dict[str, Any]) -> Any:
        with (home / "calls").open("a") as calls:
            calls.write(f"{who}\n")
        time.sleep(6)
        with books.open("a") as paid:
            paid.write(f"{who}\n")
        return {"paid": args["invoice"]}

    async def run(args: dict[str, Any], _call: Any) -> Any:
        return await TOOL_THREADS.run(pay, args)

    async def look(_key: str, args: dict[str, Any]) -> tuple[bool, Any]:
        return books.exists(), {"paid": args["invoice"]}

    contract = ToolContract(
        name="pay",
        description="Pays.",
        args_schema={"type": "object", "properties": {"invoice": {"type": "string"}}},
        effect="money",
        timeout=0.2,
        in_flight=0,
    )
    return Tool(contract=contract, run=run, reconcile=look)


async def once(home: Path, store: SqlStore, who: str, *, patience: float) -> Any:
    """Pay, as often as the runner says that nothing has happened."""
    run = Run(id="run-1", thread_id="t", started_at=0.0, deadline_at=time.time() + patience)
    runner, args = Runner(collect([bank(home, who)]), store), {"invoice": "INV-1"}
    outcome = await runner.call("pay", args, run=run, step="s1", attempt=1, timeout=None)
    while outcome.retryable:
        outcome = await runner.call("pay", args, run=run, step="s1", attempt=2, timeout=None)
    return outcome


async def alone(home: Path, who: str, *, patience: float = 60.0) -> Any:
    """Pay as a worker with a store of its own."""
    async with open_store(home / "ledger.db") as store:
        return await once(home, store, who, patience=patience)


def lines(path: Path) -> list[str]:
    """Return what was noted."""
    return path.read_text().split()


def test_a_thread_that_outlives_its_event_loop_is_waited_for(tmp_path: Path) -> None:
    """Whoever calls `asyncio.run` twice closes the loop, but not the thread."""
    assert asyncio.run(alone(tmp_path, "first", patience=0.5)).status == "unknown"
    assert asyncio.run(alone(tmp_path, "second")).status == "done"
    assert (lines(tmp_path / "calls"), lines(tmp_path / "books")) == (["first"], ["first"])


async def test_another_process_waits_for_a_call_that_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ledger says, again and again, that the call of a living process is on its way."""
    monkeypatch.setattr(doubts, "HOLD_SECONDS", 1.5)
    monkeypatch.setattr(runner_module, "HOLD_SECONDS", 1.5)
    async with open_store(tmp_path / "ledger.db") as store:
        assert (await once(tmp_path, store, "ours", patience=0.5)).status == "unknown"
        worker = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", WORKER, str(tmp_path)),
            cwd=Path(__file__).parent,
            stdout=subprocess.PIPE,
        )
        said, _ = await worker.communicate()
    assert said.split() == [b"done"]
    assert (lines(tmp_path / "calls"), lines(tmp_path / "books")) == (["ours"], ["ours"])


async def test_a_call_is_under_way_until_its_thread_has_ended() -> None:
    """Neither a second cancellation nor a wait that is broken off makes it over."""
    flights, ended = Flights(), threading.Event()

    async def call() -> None:
        await Threads().run(ended.wait, 30)

    def drop(task: asyncio.Future[Any]) -> None:
        task.cancel()

    async def watched() -> None:
        with flights.watched("key"):
            await at_most(0.05, call(), left_behind=drop)

    waiting = asyncio.create_task(watched())
    await asyncio.sleep(0.3)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert flights.is_under_way("key")
    assert not flights.is_under_way("another")
    ended.set()
    await asyncio.sleep(0.2)
    assert not flights.is_under_way("key")


async def test_a_call_that_was_cleared_up_is_held_no_more(tmp_path: Path) -> None:
    """What is known by now, or belongs to a later attempt, stays as it is."""
    async with open_store(tmp_path / "ledger.db") as store:
        claim = EffectClaim(
            key="k", run_id="r", step="s1", tool="pay", args_digest="d", effect="money"
        )
        taken = await store.effects.claim(claim, owner="one", lease_seconds=5)
        until = time.time() + 60
        unknown = await store.effects.settle(
            "k", fence=taken.fence, state="unknown", under_way=60.0
        )
        assert (unknown.settled_at or 0) >= until
        assert unknown.lease_expires_at >= until
        assert not await store.effects.hold("k", fence=taken.fence - 1, under_way=90.0)
        assert await store.effects.hold("k", fence=taken.fence, under_way=0.0)
        await store.effects.reopen("k", ended="done", output=7, note="late")
        assert not await store.effects.hold("k", fence=taken.fence, under_way=90.0)
        known = await store.effects.get("k")
        assert known is not None
        assert (known.state, known.output) == ("done", 7)
        assert (known.settled_at or 0) < time.time() + 1
