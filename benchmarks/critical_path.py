"""Wall time of two skewed chains, against their critical path.

    python -m pointsman.benchmarks.critical_path

Two independent chains of three steps, one slow at its start and one at its end. If chains waited
for each other at every step, the run would take the sum of the slowest step at each place.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from .. import Settings, build_agent, open_store, tool
from ..state.values import JsonObject
from .planned import fixed_plan

CHAINS: dict[str, tuple[float, ...]] = {"a": (0.4, 0.05, 0.05), "b": (0.05, 0.05, 0.4)}
CRITICAL_PATH = max(sum(times) for times in CHAINS.values())
IN_STEP = sum(max(times) for times in zip(*CHAINS.values(), strict=True))
RUNS = 5


@tool(effect="read", trust="internal")
async def wait(seconds: float, before: float = 0.0) -> JsonObject:
    """Take some time."""
    await asyncio.sleep(seconds)
    return {"seconds": seconds, "before": before}


def plan() -> JsonObject:
    """Return the plan of both chains."""
    steps: list[JsonObject] = []
    for name, times in CHAINS.items():
        for place, seconds in enumerate(times):
            args: JsonObject = {"seconds": seconds}
            if place:
                args["before"] = {"$from": f"{name}{place - 1}", "path": "seconds"}
            steps.append({"id": f"{name}{place}", "kind": "tool", "tool": "wait", "args": args})
    return {"steps": steps}


async def one_run(home: Path) -> float:
    """Return the wall time of one run in seconds, with journal and checkpoints on disk."""
    store = open_store(home / "pointsman.db")
    try:
        async with AsyncSqliteSaver.from_conn_string(str(home / "checkpoints.db")) as saver:
            agent = build_agent(
                Settings(home=home),
                tools=[wait],
                models={"planner": fixed_plan(plan())},
                checkpointer=saver,
                store=store,
            )
            config: Any = {"configurable": {"thread_id": "path"}}
            await agent.ainvoke({"task": "warm up"}, {"configurable": {"thread_id": "warm"}})
            started = time.perf_counter()
            await agent.ainvoke({"task": "wait"}, config)
            return time.perf_counter() - started
    finally:
        await store.close()


async def main() -> int:
    """Print the ratio of wall time to critical path."""
    walls: list[float] = []
    for _ in range(RUNS):
        with tempfile.TemporaryDirectory() as folder:
            walls.append(await one_run(Path(folder)))
    wall = statistics.median(walls)
    print(f"critical path {CRITICAL_PATH:.2f} s, in lockstep it would be {IN_STEP:.2f} s")
    print(f"wall {wall:.3f} s (median of {RUNS}), wall ÷ critical path {wall / CRITICAL_PATH:.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
