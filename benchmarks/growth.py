"""Bytes on disk for a lane of n steps with 2 kB results each, checkpoints and journal together.

    python -m pointsman.benchmarks.growth

The results are random, so that nothing can be stored once for two. Each line also says how long a
step took; times are of this machine, the ratio to the payload is what counts.
"""

from __future__ import annotations

import asyncio
import random
import string
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from .. import Settings, build_agent, open_store, tool
from ..state.values import JsonObject
from .planned import fixed_plan

SIZES = (8, 32, 64, 128, 256)
RESULT_BYTES = 2_000


def chain(length: int) -> JsonObject:
    """Return a plan in which each step uses the one before."""
    steps: list[JsonObject] = [{"id": "s0", "kind": "tool", "tool": "page", "args": {"number": 0}}]
    steps += [
        {
            "id": f"s{n}",
            "kind": "tool",
            "tool": "page",
            "args": {"number": n, "before": {"$from": f"s{n - 1}", "path": "number"}},
        }
        for n in range(1, length)
    ]
    return {"steps": steps}


@tool(effect="read", trust="internal")
async def page(number: int, before: int = 0) -> JsonObject:
    """Return a page of random text."""
    generator = random.Random(number * 7919 + before)
    letters = string.ascii_letters + string.digits
    return {"number": number, "text": "".join(generator.choices(letters, k=RESULT_BYTES))}


async def measure(length: int, home: Path) -> tuple[int, float]:
    """Run one lane of `length` steps; return bytes on disk and seconds."""
    store = open_store(home / "pointsman.db")
    plan = fixed_plan(chain(length))
    try:
        async with AsyncSqliteSaver.from_conn_string(str(home / "checkpoints.db")) as saver:
            agent = build_agent(
                Settings(home=home),
                tools=[page],
                models={"planner": plan},
                checkpointer=saver,
                store=store,
            )
            config: Any = {"configurable": {"thread_id": "growth"}}
            started = time.perf_counter()
            out = await agent.ainvoke({"task": "Read all pages"}, config)
            seconds = time.perf_counter() - started
            accepted = [r for r in out["results"].values() if r["status"] == "accepted"]
            if len(accepted) != length:
                raise SystemExit(f"only {len(accepted)} of {length} steps were accepted")
    finally:
        await store.close()
    return bytes_in(home), seconds


def bytes_in(folder: Path) -> int:
    """Return the size of all files of a folder, in bytes."""
    return sum(file.stat().st_size for file in folder.iterdir())


async def main() -> int:
    """Print one line for each size; fail if any is three times its payload or more, from 64 up."""
    print("steps   payload kB   on disk kB   ratio   ms a step")
    worst = 0.0
    for length in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            size, seconds = await measure(length, Path(folder))
        payload = length * RESULT_BYTES
        ratio = size / payload
        worst = max(worst, ratio) if length == SIZES[-1] else worst
        per_step = 1000 * seconds / length
        kilobytes = f"{payload / 1e3:10.0f}   {size / 1e3:10.0f}"
        print(f"{length:5}   {kilobytes}   {ratio:5.2f}   {per_step:9.2f}")
    return 1 if worst >= 3 else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
