"""What workers get through: 1, 2, 4 and 8 processes on one machine and one PostgreSQL.

    python -m pointsman.benchmarks.throughput postgresql://…

Tasks that need nobody are left first and then worked off. Printed are tasks a second, and what a
task costs the database: transactions, bytes of its log, and rows that autovacuum has to clear away.
`docs/scale.md` works out from these what more machines need.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, text

from .. import open_store
from ..state.run import Principal
from ..stores.records import Cap, QueuedTask, Requester
from ..stores.store import SqlStore
from ..workers.task_queue import TaskQueue
from ..workers.wakers import migrate_queue
from .crew import Crew, settings_in

WORKERS = (1, 2, 4, 8)
TASKS = 200
CLIENTS = 8
ROW_SECONDS = 4.0
WARM = 16
"""Tasks before the clock starts, so that no worker is still being born."""


@dataclass(frozen=True, kw_only=True)
class Counts:
    """What the database has counted."""

    transactions: int
    log_bytes: int
    dead_rows: int
    connections: int
    worker_seconds: float
    """Processor time of the workers."""
    database_seconds: float
    """Processor time of the database's processes, if they are on this machine."""


@dataclass(frozen=True, kw_only=True)
class Throughput:
    """What one number of workers came to."""

    workers: int
    a_second: float
    transactions: float
    """A task, as what follows."""
    log_kilobytes: float
    dead_rows: float
    cpu_milliseconds: float
    """Of the worker."""
    database_milliseconds: float
    """Of the database."""
    connections: float
    """A worker."""

    def __str__(self) -> str:
        return (
            f"{self.workers:7}  {self.a_second:7.1f}  {self.cpu_milliseconds:6.1f}  "
            f"{self.database_milliseconds:11.1f}  {self.transactions:12.1f}  "
            f"{self.log_kilobytes:6.1f}  {self.dead_rows:9.1f}  {self.connections:11.1f}"
        )


HEAD = "workers  tasks/s  CPU ms  database ms  transactions  WAL kB  dead rows  connections"


async def measure(home: Path, url: str, workers: int, tasks: int, *, first: int) -> Throughput:
    """Work tasks off with so many processes.

    Args:
        home: The desk's folder.
        url: The store's.
        workers: How many processes.
        tasks: How many tasks.
        first: Number of the first thread, so that none was used before.
    """
    crew = Crew(home, url, quick=False)
    async with open_store(url) as store:
        queue = TaskQueue(store)
        try:
            crew.fill(workers)
            warm = await leave(queue, range(first, first + WARM * workers))
            await until_ended(store, warm)
            begin = first + WARM * workers
            before = await counted(store, crew)
            began = time.monotonic()
            left = await leave(queue, range(begin, begin + tasks))
            await until_ended(store, left)
            seconds = time.monotonic() - began
            after = await counted(store, crew)
        finally:
            crew.end()
    return Throughput(
        workers=workers,
        a_second=tasks / seconds,
        transactions=(after.transactions - before.transactions) / tasks,
        log_kilobytes=(after.log_bytes - before.log_bytes) / tasks / 1e3,
        dead_rows=(after.dead_rows - before.dead_rows) / tasks,
        cpu_milliseconds=1e3 * (after.worker_seconds - before.worker_seconds) / tasks,
        database_milliseconds=1e3 * (after.database_seconds - before.database_seconds) / tasks,
        connections=after.connections / workers,
    )


async def leave(queue: TaskQueue, numbers: range) -> list[QueuedTask]:
    """Leave a task on a thread of its own for each number."""
    who = Requester(principal=Principal(id="ann"), authenticated=True)
    return await asyncio.gather(
        *(queue.enqueue(f"what is bill B-{n}", thread=f"look-{n}", asked_by=who) for n in numbers)
    )


async def until_ended(store: SqlStore, tasks: list[QueuedTask]) -> None:
    """Wait until all have ended. Raises `SystemExit` if one has failed."""
    left = tasks
    while left:
        await asyncio.sleep(0.05)
        newest = await store.tasks.get(left[-1].thread_id, left[-1].message_id)
        if newest.state == "failed":
            raise SystemExit(f"{newest.thread_id} has failed: {newest.error}")
        if newest.state == "ended":
            left = left[:-1]
            while left:
                known = await store.tasks.get(left[-1].thread_id, left[-1].message_id)
                if known.state != "ended":
                    break
                left = left[:-1]


async def counted(store: SqlStore, crew: Crew) -> Counts:
    """Ask the database, and the kernel, what was used so far."""
    await asyncio.sleep(1.2)  # PostgreSQL publishes its counts once a second.

    def work(connection: Connection) -> tuple[int, int, int, int, list[int]]:
        return (
            connection.execute(text(_TRANSACTIONS)).scalar_one(),
            int(connection.execute(text(_LOG)).scalar_one()),
            int(connection.execute(text(_DEAD)).scalar_one()),
            connection.execute(text(_CONNECTIONS)).scalar_one(),
            list(connection.execute(text("SELECT pid FROM pg_stat_activity")).scalars()),
        )

    transactions, log_bytes, dead_rows, connections, served_by = await store.database.read(work)
    return Counts(
        transactions=transactions,
        log_bytes=log_bytes,
        dead_rows=dead_rows,
        connections=connections,
        worker_seconds=sum(_cpu_seconds(process.pid) for process in crew.alive),
        database_seconds=sum(map(_cpu_seconds, served_by)),
    )


_TRANSACTIONS = (
    "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()"
)
_LOG = "SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn"
_DEAD = "SELECT sum(n_tup_upd + n_tup_del) FROM pg_stat_user_tables"
_CONNECTIONS = (
    "SELECT count(*) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


def _cpu_seconds(pid: int | None) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except FileNotFoundError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def a_second(act: Callable[[int], Awaitable[object]]) -> float:
    """Have eight clients do something again and again, and return how often that was in a second.

    Args:
        act: What they do, given the client's number.
    """
    until = time.monotonic() + ROW_SECONDS
    done = 0

    async def client(number: int) -> None:
        nonlocal done
        while time.monotonic() < until:
            await act(number)
            done += 1

    await asyncio.gather(*map(client, range(CLIENTS)))
    return done / ROW_SECONDS


async def measure_rows(url: str, tell: Callable[[Any], None]) -> None:
    """Tell how many reservations and log entries a second there can be, on rows that are shared."""
    async with open_store(url) as store:

        async def reserve(key: str) -> None:
            cap = Cap(scope="principal", key=key, usd=1e6)
            id_ = uuid4().hex
            later = time.time() + 60
            await store.budgets.reserve(id_, [cap], usd=0.001, tokens=1, expires_at=later)
            await store.budgets.settle(id_, usd=0.001, tokens=1)

        shared = await a_second(lambda _: reserve("all"))
        apart = await a_second(lambda number: reserve(f"client {number}"))
        log = await a_second(lambda _: store.audit.append("measured", body={}))
    tell(f"reservations a second, settled: {shared:.0f} under one cap, {apart:.0f} under eight")
    tell(f"entries of the audit log a second: {log:.0f}")


async def measure_all(url: str, tasks: int, tell: Callable[[Any], None]) -> None:
    """Measure each number of workers, telling each result."""
    await migrate_queue(url)
    with tempfile.TemporaryDirectory() as folder:
        settings_in(Path(folder))
        first = 0
        for workers in WORKERS:
            tell(await measure(Path(folder), url, workers, tasks, first=first))
            first += tasks + WARM * workers
    await measure_rows(url, tell)


def main() -> int:
    """Print one line for each number of workers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url", help="a PostgreSQL database without tables of pointsman")
    parser.add_argument("--tasks", type=int, default=TASKS)
    given = parser.parse_args()
    print(f"{os.cpu_count()} processors")
    print(HEAD)
    asyncio.run(measure_all(given.url, given.tasks, lambda found: print(found, flush=True)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
