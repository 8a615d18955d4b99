"""What forgetting one thread costs in a store of many: time, statements, checkpoints that are read.

    python -m pointsman.benchmarks.forgetting [--threads 2000]

Each thread reads 2 kB that no other thread has read, on SQLite. One of the first, one in the middle
and one of the last are forgotten, in a store of a tenth of the threads and in the whole one. Apart
from that stands what it takes to write the files anew, which grows with them.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Generator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from langgraph.checkpoint.base import BaseCheckpointSaver, CheckpointTuple
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from sqlalchemy import Engine, event

from .. import Settings, build_agent, open_store
from ..runs import forgetting
from ..runs.forgetting import CheckpointPlace, forget_thread
from ..stores.store import SqlStore
from .long_threads import PLAN, page
from .planned import fixed_plan

AT_WORK = 8
"""Threads that run at a time while the store is filled."""


class ForgettingCost(NamedTuple):
    """What forgetting one thread took."""

    removing: float
    """Seconds, without writing the files anew."""
    rewriting: float
    """Seconds."""
    statements: int
    """Of the store."""
    checkpoints: int
    """That were read, of whichever thread."""


class CountingSaver(AsyncSqliteSaver):
    """LangGraph's saver, which counts the checkpoints that are read as lists."""

    read = 0

    async def alist(self, *given: Any, **named: Any) -> AsyncIterator[CheckpointTuple]:
        """Yield checkpoints."""
        async for found in super().alist(*given, **named):
            self.read += 1
            yield found


@contextmanager
def counted() -> Generator[list[str]]:
    """Collect the store's statements while the context is open."""
    statements: list[str] = []

    def note(*told: Any) -> None:
        statements.append(told[2])

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(Engine, "before_cursor_execute", note)


@contextmanager
def timed_rewriting() -> Generator[list[float]]:
    """Collect how long each database took to be written anew while the context is open."""
    seconds: list[float] = []
    plain = forgetting.rewrite

    def timed(url: Any, **named: Any) -> str:
        began = time.monotonic()
        name = plain(url, **named)
        seconds.append(time.monotonic() - began)
        return name

    forgetting.rewrite = timed
    try:
        yield seconds
    finally:
        forgetting.rewrite = plain


async def fill(agent: Any, threads: range) -> None:
    """Hold a conversation of one turn on each thread."""
    room = asyncio.Semaphore(AT_WORK)

    async def talk(number: int) -> None:
        async with room:
            config: Any = {"configurable": {"thread_id": f"t{number}"}}
            await agent.ainvoke({"task": f"Read page {number}."}, config)

    await asyncio.gather(*(talk(number) for number in threads))


async def forget(store: SqlStore, saver: CountingSaver, home: Path, number: int) -> ForgettingCost:
    """Forget one thread; return what that took."""
    place = CheckpointPlace(saver=saver, where=home / "checkpoints.db")
    saver.read = 0
    with counted() as statements, timed_rewriting() as rewriting:
        began = time.monotonic()
        await forget_thread(store, f"t{number}", checkpoints=[place])
        took = time.monotonic() - began
    return ForgettingCost(took - sum(rewriting), sum(rewriting), len(statements), saver.read)


async def measure(sizes: list[int], home: Path) -> dict[int, list[ForgettingCost]]:
    """Return what forgetting three threads took, in a store of each size."""
    store = open_store(home / "pointsman.db")
    found: dict[int, list[ForgettingCost]] = {}
    try:
        async with CountingSaver.from_conn_string(str(home / "checkpoints.db")) as saver:
            assert isinstance(saver, CountingSaver)
            checkpointer: BaseCheckpointSaver[Any] = saver
            agent = build_agent(
                Settings(home=home),
                tools=[page],
                models={"planner": fixed_plan(PLAN)},
                store=store,
                checkpointer=checkpointer,
            )
            there = 0
            for size in sizes:
                await fill(agent, range(there, size))
                chosen = (there, (there + size) // 2, size - 1)
                found[size] = [await forget(store, saver, home, number) for number in chosen]
                there = size
    finally:
        await store.close()
    return found


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=2_000)
    threads = parser.parse_args().threads
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(measure([threads // 10, threads], Path(folder)))
    sys.stdout.write("threads  removing  rewriting  statements  checkpoints read\n")
    for size, costs in found.items():
        sys.stdout.write(
            f"{size:>7}  {median(c.removing for c in costs) * 1000:>5.0f} ms"
            f"  {median(c.rewriting for c in costs) * 1000:>6.0f} ms"
            f"  {median(c.statements for c in costs):>10.0f}"
            f"  {median(c.checkpoints for c in costs):>16.0f}\n"
        )


if __name__ == "__main__":
    main()
