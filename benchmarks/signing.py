"""What signing the audit log's heads costs a run that asks a person once.

    python -m pointsman.benchmarks.signing

Plans, asks, is approved and pays, over SQLite in a new folder, with the heads signed and kept as in
use. The first runs are left out: the key is made then.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command

from .. import Settings, build_agent, open_store, tool
from ..state.values import JsonObject
from ..stores.anchor import Anchor
from ..stores.signed_heads import HeadList, SignedEntry
from ..testing import ScriptedModel

WARM_UP = 10
RUNS = 50
PLAN: JsonObject = {
    "reason": "because",
    "steps": [{"id": "p", "kind": "tool", "tool": "pay", "args": {"to": "ann", "amount": 1.0}}],
}


class TimedAnchor(Anchor):
    """An anchor that knows how long it has signed."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.seconds: list[float] = []

    def sign(self, entries: Sequence[SignedEntry]) -> HeadList:
        """Sign entries and keep that."""
        started = time.perf_counter()
        try:
            return super().sign(entries)
        finally:
            self.seconds.append(time.perf_counter() - started)


@tool(effect="money", trust="internal", idempotency="key")
async def pay(to: str, amount: float) -> dict[str, Any]:
    """Pay somebody."""
    return {"to": to, "paid": amount}


async def measure(folder: Path) -> tuple[list[float], list[float]]:
    """Return the seconds of each run, and of each signature in them."""
    anchor = TimedAnchor(folder)
    store = open_store(folder / "pointsman.db", anchor=anchor)
    agent = build_agent(
        Settings.parse({"home": folder}),
        tools=[pay],
        models={"planner": ScriptedModel(replies=[PLAN] * (WARM_UP + RUNS))},
        checkpointer=InMemorySaver(),
        store=store,
    )
    runs: list[float] = []
    for number in range(WARM_UP + RUNS):
        if number == WARM_UP:
            runs.clear()
            anchor.seconds.clear()
        at: Any = {"configurable": {"thread_id": str(number)}}
        started = time.perf_counter()
        await agent.ainvoke({"task": f"Pay ann for {number}"}, at)
        decision: Command[Any] = Command(resume={"decisions": [{"type": "approve"}]})
        await agent.ainvoke(decision, at)
        runs.append(time.perf_counter() - started)
    store.close_now()
    return runs, anchor.seconds


async def main() -> int:
    """Print one line."""
    with tempfile.TemporaryDirectory() as folder:
        runs, signatures = await measure(Path(folder))
    print(
        f"a run: {statistics.median(runs) * 1000:.1f} ms (median of {len(runs)}), "
        f"{len(signatures) / len(runs):g} signed heads of "
        f"{statistics.median(signatures) * 1000:.2f} ms each, "
        f"{sum(signatures) / sum(runs):.2%} of the time"
    )
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
