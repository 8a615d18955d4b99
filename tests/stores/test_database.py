"""One database serves many event loops, survives cancellation and kill, and closes clean."""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import unquote

import pytest
from sqlalchemy import Connection, event, insert, select, text

from pointsman.errors import ConfigError, DecisionError, StoreError
from pointsman.state.values import digest
from pointsman.stores import SqlStore, engines, open_store
from pointsman.stores.checkpoints import open_checkpoints
from pointsman.stores.database import Database
from pointsman.stores.records import Switch
from pointsman.stores.schema import leases, switches
from pointsman.stores.workers import Workers, WorkItem


def pause(target: str = "") -> Switch:
    """Return a switch."""
    return Switch(kind="pause", target=target, at=1.0)


def insert_switch(connection: Connection, target: str) -> str:
    """Insert a row directly."""
    connection.execute(
        insert(switches).values(kind="pause", target=target, reason="", actor="", at=1.0)
    )
    return target


def test_one_store_serves_many_event_loops(url: str) -> None:
    """The same store is used from two `asyncio.run` calls and from a thread's loop at once."""
    store = open_store(url)
    asyncio.run(store.switches.set(pause("first")))

    thread = threading.Thread(target=lambda: asyncio.run(store.switches.set(pause("second"))))
    thread.start()
    asyncio.run(store.switches.set(pause("third")))
    thread.join()

    active = asyncio.run(store.switches.active())
    store.close_now()
    assert sorted(switch.target for switch in active) == ["first", "second", "third"]


async def test_opening_does_no_io(tmp_path: Path) -> None:
    """A store is made inside a running loop without touching the disk, and closed unused."""
    path = tmp_path / "folder" / "store.db"

    await open_store(path).close()

    assert not path.parent.exists()


async def test_failing_piece_undoes_only_itself(tmp_path: Path) -> None:
    """Of writes that share a commit, the one that fails leaves the others standing."""
    database = Database(tmp_path / "store.db")
    first = asyncio.create_task(database.write(lambda c: insert_switch(c, "0")))
    await first
    commits: list[object] = []
    gate = threading.Event()

    def hold(connection: Connection) -> None:
        event.listen(connection.engine, "commit", commits.append)
        assert gate.wait(30)

    def fail(connection: Connection) -> None:
        insert_switch(connection, "half")
        raise DecisionError("No.")

    tasks = [asyncio.create_task(database.write(hold))]
    await asyncio.sleep(0)
    tasks += [
        asyncio.create_task(database.write(work))
        for work in (
            lambda c: insert_switch(c, "1"),
            fail,
            lambda c: insert_switch(c, "0"),
            lambda c: insert_switch(c, "2"),
        )
    ]
    await asyncio.sleep(0)
    gate.set()
    _, one, failed, duplicate, two = await asyncio.gather(*tasks, return_exceptions=True)

    targets = await database.read(lambda c: c.scalars(select(switches.c.target)).all())
    await database.close()
    assert (one, two) == ("1", "2")
    assert isinstance(failed, DecisionError)
    assert isinstance(duplicate, StoreError)
    assert sorted(targets) == ["0", "1", "2"]
    assert len(commits) <= 3, "the queued pieces were not committed together"


async def test_cancelled_write_that_waits_never_happens(tmp_path: Path) -> None:
    """A write cancelled in the queue is skipped, and those around it happen."""
    database = Database(tmp_path / "store.db")
    started, gate = threading.Event(), threading.Event()

    def hold(_connection: Connection) -> None:
        started.set()
        assert gate.wait(30)

    holder = asyncio.create_task(database.write(hold))
    await asyncio.to_thread(started.wait, 30)
    cancelled = asyncio.create_task(database.write(lambda c: insert_switch(c, "cancelled")))
    kept = asyncio.create_task(database.write(lambda c: insert_switch(c, "kept")))
    await asyncio.sleep(0)
    cancelled.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cancelled
    gate.set()
    await asyncio.gather(holder, kept)

    targets = await database.read(lambda c: c.scalars(select(switches.c.target)).all())
    await database.close()
    assert targets == ["kept"]


async def test_cancelled_write_that_runs_is_settled_first(url: str) -> None:
    """A write cancelled while it runs has happened when the cancellation is seen."""
    database = Database(url)
    started, gate = threading.Event(), threading.Event()

    def slow(connection: Connection) -> None:
        insert_switch(connection, "done")
        started.set()
        assert gate.wait(30)

    task = asyncio.create_task(database.write(slow))
    await asyncio.to_thread(started.wait, 30)
    task.cancel()
    await asyncio.sleep(0)
    assert not task.done()
    gate.set()
    with pytest.raises(asyncio.CancelledError):
        await task

    targets = await database.read(lambda c: c.scalars(select(switches.c.target)).all())
    await database.close()
    assert targets == ["done"]


async def test_write_that_does_not_get_its_turn_times_out(tmp_path: Path) -> None:
    """A call behind a stuck one ends with an error that says that nothing was changed."""
    database = Database(tmp_path / "store.db", timeout_seconds=0.05)
    started, gate = threading.Event(), threading.Event()

    def hold(_connection: Connection) -> None:
        started.set()
        assert gate.wait(30)

    holder = asyncio.create_task(database.write(hold))
    await asyncio.to_thread(started.wait, 30)
    with pytest.raises(StoreError, match="nothing was changed"):
        await database.write(lambda c: insert_switch(c, "late"))
    with pytest.raises(StoreError, match="may still happen"):
        await holder
    gate.set()
    await database.close()


async def test_lock_of_another_process_is_reported(tmp_path: Path) -> None:
    """A file that another connection keeps locked gives an error that says so."""
    path = tmp_path / "store.db"
    async with open_store(path) as store:
        await store.switches.set(pause())
        impatient = Database(path, timeout_seconds=0.05)
        gate, held = threading.Event(), threading.Event()

        def hold(_connection: Connection) -> None:
            held.set()
            assert gate.wait(30)

        holder = asyncio.create_task(store.database.write(hold))
        await asyncio.to_thread(held.wait, 30)
        with pytest.raises(StoreError, match=r"locked.*Another process holds the database"):
            await impatient.write(lambda c: insert_switch(c, "x"))
        gate.set()
        await holder
        await impatient.close()


async def test_close_finishes_what_is_queued(tmp_path: Path) -> None:
    """Writes that were queued before closing are in the file, which stands alone afterwards."""
    path = tmp_path / "store.db"
    store = open_store(path)
    writes = [asyncio.create_task(store.switches.set(pause(str(n)))) for n in range(50)]
    await asyncio.sleep(0)

    await store.close()
    await asyncio.gather(*writes)

    assert [file.name for file in tmp_path.iterdir()] == ["store.db"]
    async with open_store(path) as again:
        assert len(await again.switches.active()) == 50


async def test_closed_store_says_so(url: str) -> None:
    """A call after closing gets a clear error, and closing twice is fine."""
    store = open_store(url)
    await store.switches.active()
    await store.close()
    await store.close()

    with pytest.raises(StoreError, match="The store is closed"):
        await store.switches.active()
    with pytest.raises(StoreError, match="The store is closed"):
        await store.payloads.put(1)


async def test_forgotten_store_closes_itself(tmp_path: Path) -> None:
    """A store that is dropped without closing leaves no thread and no log behind."""
    store = open_store(tmp_path / "store.db")
    await store.switches.set(pause())
    del store
    gc.collect()

    assert [file.name for file in tmp_path.iterdir()] == ["store.db"]


async def test_read_sees_one_moment(store: SqlStore) -> None:
    """Statements of one read agree, whatever is written between them."""
    await store.switches.set(pause("a"))
    between, written = threading.Event(), threading.Event()

    def count_twice(connection: Connection) -> tuple[int, int]:
        first = len(connection.execute(select(switches)).all())
        between.set()
        assert written.wait(30)
        return first, len(connection.execute(select(switches)).all())

    reading = asyncio.create_task(store.database.read(count_twice))
    await asyncio.to_thread(between.wait, 30)
    await store.switches.set(pause("b"))
    written.set()

    assert await reading == (1, 1)
    assert len(await store.switches.active()) == 2


async def test_sqlite_is_set_up_to_survive_power_loss(tmp_path: Path) -> None:
    """Write-ahead log, full synchronization and foreign keys are on for every connection."""

    def pragmas(connection: Connection) -> list[object]:
        names = ("journal_mode", "synchronous", "foreign_keys")
        return [connection.execute(text(f"PRAGMA {name}")).scalar() for name in names]

    async with open_store(tmp_path / "store.db") as store:
        assert await store.database.read(pragmas) == ["wal", 2, 1]
        assert await store.database.write(pragmas) == ["wal", 2, 1]


@pytest.mark.parametrize(
    "where", ["sqlite://", ":memory:", "mysql://host/db", "://x", "sqlite:///file:x?mode=memory"]
)
def test_unsupported_place_is_refused(where: str) -> None:
    """What cannot hold a store is refused at once, with what could."""
    with pytest.raises(ConfigError, match="Give a file path"):
        open_store(where)


@pytest.mark.parametrize(
    "where",
    [
        *("me:hush@host/db", "postgresql//me:hush@host/db", "postgres me:hush@host", "POSTGRES"),
        *("host=h password=hush", "dbname=d password = hush", "user=me passwd=hush"),
        *("postgresql://me:hu@hush@host/db", "postgresql:me:hush@host/db", "://me:hush@host/db"),
    ],
)
def test_a_database_named_in_another_way_is_no_path(where: str) -> None:
    """Taken for one, it would make a file with the password in its name."""
    for _ in range(2):
        with pytest.raises(ConfigError, match="cannot be read") as caught:
            open_store(where)
        assert "hush" not in str(caught.value)


@pytest.mark.parametrize("where", ["a@b.db", "x/me:you@host/x.db", "hosts=1.db", "postgres.db"])
def test_a_path_may_hold_any_sign(where: str) -> None:
    """Only what begins like a connection is none."""
    assert unquote(open_store(where).database.name).endswith(where)


@pytest.mark.parametrize(
    "where",
    [
        "postgresql://me:hush@127.0.0.1:1/db",
        "POSTGRESQL://me:hush@127.0.0.1:1/db",
        "postgresql://me@127.0.0.1:1/db?password=hush",
        "postgresql://127.0.0.1:1/db?user=me&sslpassword=hush&passfile=hush",
    ],
)
async def test_unreachable_server_is_reported_without_password(where: str) -> None:
    """A server that does not answer gives an error that names it, and not the password."""
    async with open_store(where) as store:
        with pytest.raises(StoreError, match=r"127\.0\.0\.1:1/db") as caught:
            await store.switches.active()

    assert "hush" not in f"{caught.value}{store!r}"
    with pytest.raises(StoreError, match=r"127\.0\.0\.1:1/db") as caught:
        async with open_checkpoints(where):
            pass
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize("apart", [-3600.0, -2.5, -1.5, 1.5, 2.5, 3600.0])
async def test_a_process_whose_clock_is_wrong_is_refused(
    apart: float, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Leases compare the clocks of machines; it is told by how much, before it does anything."""
    clock = SimpleNamespace(time=lambda: time.time() + apart, monotonic=time.monotonic)
    monkeypatch.setattr(engines, "time", clock)
    async with open_store(postgres_url) as store:
        if abs(apart) < engines.MAX_CLOCK_SECONDS:
            assert not await store.switches.active()
            return
        side = "ahead of" if apart > 0 else "behind"
        with pytest.raises(StoreError, match=rf"clock is [\d.]+ s {side} the database's"):
            await store.switches.active()


async def test_failure_does_not_quote_values(store: SqlStore) -> None:
    """A refused row is not in the message."""
    row = {"name": "n", "owner": "hush", "fence": 1, "expires_at": 1.0}
    await store.database.write(lambda c: c.execute(insert(leases).values(row)))

    with pytest.raises(StoreError) as caught:
        await store.database.write(lambda c: c.execute(insert(leases).values(row)))

    assert "hush" not in str(caught.value)


def test_full_queue_refuses_and_closing_drains() -> None:
    """A bounded queue takes no more than it may hold, and a closed one takes nothing."""
    gate, done = threading.Event(), []

    def run(jobs: Sequence[WorkItem]) -> None:
        assert gate.wait(30)
        for job in jobs:
            if job.start():
                job.finish(lambda: done.append(1))

    workers = Workers(run, threads=1, bound=3, name="test")
    offered = [workers.offer(WorkItem(work=int)) for _ in range(10)]
    assert 3 <= sum(offered) <= 4
    gate.set()
    workers.close()

    assert len(done) == sum(offered)
    assert not workers.offer(WorkItem(work=int))


FORKED = """
import asyncio, os, sys, warnings
warnings.simplefilter("ignore")
from pointsman.stores import open_store

async def append(store):
    await asyncio.gather(*(store.audit.append("x", body={}) for _ in range(10)))

store = open_store(sys.argv[1])
asyncio.run(append(store))
child = os.fork()
asyncio.run(append(store))
if child:
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert asyncio.run(store.audit.verify()).entries == 30
store.close_now()
"""


def run_script(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a script in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", script, *arguments], capture_output=True, text=True, timeout=60
    )


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_forked_process_opens_its_own_connections(url: str) -> None:
    """Parent and child go on with the same store object after a fork."""
    finished = run_script(FORKED, url)

    assert finished.returncode == 0, finished.stderr


FORGETFUL = """
import asyncio, sys
from pointsman.stores import open_store

store = open_store(sys.argv[1])
asyncio.run(store.audit.append("x", body={}))
"""


def test_program_that_forgets_to_close_ends_clean(tmp_path: Path) -> None:
    """At the interpreter's end an open store is closed, and its log is gone."""
    finished = run_script(FORGETFUL, str(tmp_path / "store.db"))

    assert (finished.returncode, finished.stderr) == (0, "")
    assert [file.name for file in tmp_path.iterdir()] == ["store.db"]


KILLED = """
import asyncio, sys
from pointsman.stores import open_store

async def main():
    store = open_store(sys.argv[1])
    async def writer(name):
        number = 0
        while True:
            number += 1
            await store.audit.append("x", body={})
            value = f"{sys.argv[2]}-{name}-{number}"
            await store.payloads.put(value)
            sys.stdout.write(value + "\\n")
            sys.stdout.flush()
    await asyncio.gather(*(writer(name) for name in "abc"))

asyncio.run(main())
"""


async def test_what_was_acknowledged_survives_kill(tmp_path: Path) -> None:
    """After `kill -9` every write that had returned is there, and the file is whole."""
    path = tmp_path / "store.db"
    acknowledged: list[str] = []
    for round_number in range(2):
        command = [sys.executable, "-c", KILLED, str(path), str(round_number)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            acknowledged += [process.stdout.readline().strip() for _ in range(7)]
            process.kill()
            acknowledged += process.stdout.read().split()

    async with open_store(path) as store:
        for value in acknowledged:
            assert await store.payloads.get(digest(value)) == value
        assert (await store.audit.verify()).entries >= len(acknowledged)
        check = await store.database.read(lambda c: c.execute(text("PRAGMA integrity_check")).all())
        assert check == [("ok",)]
