"""Wall time of plans of many shapes, against their critical path.

    python -m pointsman.benchmarks.critical_path [--seconds 0.5]

The critical path is the longest way through a plan: no scheduling is faster. Journal and
checkpoints are on disk. A line names the shape, its critical path, the median wall time, and their
ratio.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from .. import Settings, build_agent, open_store, tool
from ..state.values import JsonObject
from .planned import fixed_plan

StepTimes = Mapping[str, tuple[float, tuple[str, ...]]]
"""Step → how many units of time it takes, and the steps that it needs; needed ones come first."""

RUNS = 3


@tool(effect="read", trust="internal")
async def wait(seconds: float, before: list[float] | None = None) -> JsonObject:
    """Take some time."""
    await asyncio.sleep(seconds)
    return {"seconds": seconds, "before": before}


def shapes() -> dict[str, StepTimes]:
    """Return the shapes by name."""
    chain = {f"c{n}": (1.0, (f"c{n - 1}",) if n else ()) for n in range(4)}
    skewed = {
        f"{name}{place}": (units, (f"{name}{place - 1}",) if place else ())
        for name, all_ in {"a": (4.0, 0.5, 0.5), "b": (0.5, 0.5, 4.0)}.items()
        for place, units in enumerate(all_)
    }
    users = {"s": (1.0, ()), **{f"u{n}": (1.0, ("s",)) for n in range(8)}}
    wide = {f"w{n}": (1.0, ()) for n in range(16)}
    grid: dict[str, tuple[float, tuple[str, ...]]] = {}
    for row in range(8):
        for column in range(8):
            needs = (f"g{row}{column - 1}",) if column else ()
            needs += (f"g{row - 1}{column}",) if row and not column % 4 else ()
            grid[f"g{row}{column}"] = (1.0, needs)
    return {
        "chain of 4": chain,
        "two skewed chains": skewed,
        "fork": {"s": (1.0, ()), "l": (1.0, ("s",)), "r": (1.0, ("s",))},
        "diamond": {
            "s": (1.0, ()),
            "l": (1.0, ("s",)),
            "r": (1.0, ("s",)),
            "t": (1.0, ("l", "r")),
        },
        "skewed diamonds": {
            "s": (1.0, ()),
            "l": (3.0, ("s",)),
            "r": (1.0, ("s",)),
            "r2": (1.0, ("r",)),
            "t": (1.0, ("l", "r2")),
            "t2": (1.0, ("t",)),
            "q": (3.0, ("r",)),
        },
        "8 users of one step": users,
        "16 wide": wide,
        "64 steps": grid,
    }


def critical_path(shape: StepTimes) -> float:
    """Return the units of the longest way through a shape."""
    ends: dict[str, float] = {}
    for step, (units, needs) in shape.items():
        ends[step] = units + max((ends[need] for need in needs), default=0.0)
    return max(ends.values())


def plan(shape: StepTimes, seconds: float) -> JsonObject:
    """Return the plan of a shape; each unit takes `seconds`."""
    steps: list[JsonObject] = []
    for step, (units, needs) in shape.items():
        args: JsonObject = {"seconds": units * seconds}
        if needs:
            args["before"] = [{"$from": need, "path": "seconds"} for need in needs]
        steps.append({"id": step, "kind": "tool", "tool": "wait", "args": args})
    return {"steps": steps}


async def one_run(shape: StepTimes, seconds: float, home: Path) -> float:
    """Return the wall time of one run in seconds, with journal and checkpoints on disk."""
    store = open_store(home / "pointsman.db")
    try:
        async with AsyncSqliteSaver.from_conn_string(str(home / "checkpoints.db")) as saver:
            agent = build_agent(
                Settings(home=home),
                tools=[wait],
                models={"planner": fixed_plan(plan(shape, seconds))},
                checkpointer=saver,
                store=store,
            )
            config: Any = {"configurable": {"thread_id": "path"}}
            await agent.ainvoke({"task": "warm up"}, {"configurable": {"thread_id": "warm"}})
            started = time.perf_counter()
            out = await agent.ainvoke({"task": "wait"}, config)
            wall = time.perf_counter() - started
    finally:
        await store.close()
    accepted = [r for r in out["results"].values() if r["status"] == "accepted"]
    if len(accepted) != len(shape):
        raise SystemExit(f"{len(accepted)} of {len(shape)} steps were accepted.")
    return wall


async def main() -> int:
    """Print the ratio of wall time to critical path for each shape."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=0.5, help="a unit of time")
    seconds: float = parser.parse_args().seconds
    print(f"shape                 critical path   wall s   ratio   (a unit is {seconds} s)")
    for name, shape in shapes().items():
        walls: list[float] = []
        for _ in range(RUNS):
            with tempfile.TemporaryDirectory() as folder:
                walls.append(await one_run(shape, seconds, Path(folder)))
        path, wall = critical_path(shape) * seconds, statistics.median(walls)
        print(f"{name:20}  {path:13.2f}  {wall:7.2f}  {wall / path:6.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
