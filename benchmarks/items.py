"""Time and bytes of a loop over n items, each looked up and used: both grow with the items.

    python -m pointsman.benchmarks.items

Each result is 500 random bytes. The last line says what an item of the longest loop took compared
with one of the shortest; it fails above 1.5.
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
from .growth import bytes_in
from .planned import fixed_plan

SIZES = (62, 125, 250, 500, 1000)
RESULT_BYTES = 500
MOST = 1.5


def loop(count: int) -> JsonObject:
    """Return a plan that looks every item up and uses what was found."""
    look = {"id": "look", "kind": "tool", "tool": "page", "args": {"number": {"$from": "one"}}}
    use = {
        "id": "use",
        "kind": "tool",
        "tool": "page",
        "when": "look.number >= 0",
        "args": {"number": {"$expr": "look.number + 1"}},
    }
    items = {"items": f"range({count})", "item": "one", "key": "one", "max": count}
    return {
        "steps": [{"id": "all", "kind": "each", "for_each": {**items, "steps": [look, use]}}],
    }


@tool(effect="read", trust="internal")
async def page(number: int) -> JsonObject:
    """Return a page of random text."""
    letters = random.Random(number).choices(string.ascii_letters, k=RESULT_BYTES)
    return {"number": number, "text": "".join(letters)}


async def measure(count: int, home: Path) -> tuple[float, float]:
    """Run one loop; return bytes on disk and seconds of processor time."""
    store = open_store(home / "pointsman.db")
    try:
        async with AsyncSqliteSaver.from_conn_string(str(home / "checkpoints.db")) as saver:
            agent = build_agent(
                Settings(home=home),
                tools=[page],
                models={"planner": fixed_plan(loop(count))},
                checkpointer=saver,
                store=store,
            )
            config: Any = {"configurable": {"thread_id": "items"}}
            started = time.process_time()
            out = await agent.ainvoke({"task": "Look every item up"}, config)
            seconds = time.process_time() - started
            if len(out["results"]["all"].get("items", ())) != count:
                raise SystemExit(f"the loop did not go over {count} items")
    finally:
        await store.close()
    return bytes_in(home), seconds


async def main() -> int:
    """Print one line for each size; fail if an item gets dearer as the loop gets longer."""
    print("items   on disk kB   kB an item   ms an item")
    found: list[tuple[float, float]] = []
    for count in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            size, seconds = await measure(count, Path(folder))
        found.append((size / count, seconds / count))
        kilobytes = f"{size / 1e3:10.0f}   {size / count / 1e3:10.2f}"
        print(f"{count:5}   {kilobytes}   {1000 * seconds / count:10.2f}")
    ratios = [last / first for first, last in zip(found[1], found[-1], strict=True)]
    print(f"an item of {SIZES[-1]} against one of {SIZES[1]}: ", end="")
    print(f"{ratios[0]:.2f} times the bytes, {ratios[1]:.2f} times the processor time")
    return 1 if max(ratios) > MOST else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
