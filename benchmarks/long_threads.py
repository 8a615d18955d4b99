"""What a turn costs in a long thread: processor time, bytes on disk, and the reading of history.

    python -m pointsman.benchmarks.long_threads [--turns 100]

Each turn reads 2 kB that no other turn has read, on a SQLite checkpointer. A turn's figures are
those of the turns around it, in one run; what counts is the ratio of a late turn to an early one.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sqlite3
import string
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from .. import Settings, build_agent, open_store, tool
from ..state.values import JsonObject
from .planned import fixed_plan

RESULT_BYTES = 2_000
AROUND = 3
"""Turns on each side of one, over which its figures are medians."""
STATES = 20
"""States of history that are read at the end."""


class TurnCost(NamedTuple):
    """What one turn cost."""

    cpu: float
    """Seconds of processor time of the process."""
    wall: float
    """Seconds."""
    checkpoints: int
    """Bytes of checkpoints after it."""
    store: int
    """Bytes of the store after it."""


def _pages() -> Iterator[str]:
    generator = random.Random(7)
    letters = string.ascii_letters + string.digits
    while True:
        yield "".join(generator.choices(letters, k=RESULT_BYTES))


PAGES = _pages()


@tool(effect="read", trust="internal")
async def page() -> JsonObject:
    """Return a page of random text."""
    return {"text": next(PAGES)}


PLAN: JsonObject = {"steps": [{"id": "look", "kind": "tool", "tool": "page", "args": {}}]}


def _size(file: Path) -> int:
    """Return the bytes of a database, with what stands in its log alone yet."""
    with closing(sqlite3.connect(file)) as connection:
        [[pages]] = connection.execute("PRAGMA page_count")
        [[bytes_each]] = connection.execute("PRAGMA page_size")
    return pages * bytes_each


async def measure(turns: int, home: Path) -> tuple[list[TurnCost], float]:
    """Hold one thread; return what each turn cost, and how long its history takes to read."""
    store = open_store(home / "pointsman.db")
    config: Any = {"configurable": {"thread_id": "long"}}
    found: list[TurnCost] = []
    try:
        async with AsyncSqliteSaver.from_conn_string(str(home / "checkpoints.db")) as saver:
            agent = build_agent(
                Settings(home=home),
                tools=[page],
                models={"planner": fixed_plan(PLAN)},
                store=store,
                checkpointer=saver,
            )
            for turn in range(turns):
                cpu, wall = time.process_time(), time.monotonic()
                await agent.ainvoke({"task": f"Read page {turn}."}, config)
                found.append(
                    TurnCost(
                        time.process_time() - cpu,
                        time.monotonic() - wall,
                        _size(home / "checkpoints.db"),
                        _size(home / "pointsman.db"),
                    )
                )
            started = time.monotonic()
            read = [state async for state in agent.aget_state_history(config, limit=STATES)]
            seconds = time.monotonic() - started
            assert len(read) == min(STATES, len(read))
    finally:
        await store.close()
    return found, seconds


def _around(turns: list[TurnCost], at: int) -> tuple[float, float, float]:
    """Return processor milliseconds, and kilobytes of checkpoints and store, that a turn takes."""
    near = turns[max(1, at - AROUND) : at + AROUND + 1]
    before = turns[max(1, at - AROUND) - 1]
    return (
        median(turn.cpu for turn in near) * 1000,
        (near[-1].checkpoints - before.checkpoints) / len(near) / 1000,
        (near[-1].store - before.store) / len(near) / 1000,
    )


def main() -> None:
    """Print a line for each place in the thread."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=100)
    turns: int = parser.parse_args().turns
    with tempfile.TemporaryDirectory() as home:
        found, history = asyncio.run(measure(turns, Path(home)))
    places = [at for at in (5, 10, 20, 50, 100, 200, 500) if at <= turns]
    first = _around(found, places[0])[0]
    sys.stdout.write("turn  cpu ms  ratio  kB of checkpoints  kB of store\n")
    for at in places:
        cpu, checkpoints, store = _around(found, at)
        sys.stdout.write(
            f"{at:4}  {cpu:6.0f}  {cpu / first:5.2f}  {checkpoints:17.1f}  {store:11.1f}\n"
        )
    sys.stdout.write(f"{STATES} states of history: {history:.2f} s\n")


if __name__ == "__main__":
    main()
