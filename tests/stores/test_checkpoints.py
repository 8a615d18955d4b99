"""Checkpoints beside the store, in a real PostgreSQL."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import make_url

from pointsman import Settings
from pointsman.errors import StoreError
from pointsman.home import checkpoints_of
from pointsman.stores.checkpoints import open_checkpoints

CONFIG: Any = {"configurable": {"thread_id": "t", "checkpoint_ns": ""}}
WHOLE: Any = {
    "v": 4,
    "id": "1",
    "ts": "",
    "channel_values": {"work": {"amount": 100}, "task": "Pay 100.00"},
    "channel_versions": {"work": "1", "task": "1"},
    "versions_seen": {},
}
METADATA: Any = {"source": "loop", "step": 1}


async def read_again(url: str, values: dict[str, Any]) -> Any:
    """Write a checkpoint with these values, and return the values that another process reads."""
    checkpoint = {**WHOLE, "channel_values": values}
    async with open_checkpoints(url) as saver:
        await saver.aput(CONFIG, checkpoint, METADATA, dict.fromkeys(values, "1"))  # type: ignore[arg-type]
    async with open_checkpoints(url) as saver:
        found = await saver.aget_tuple(CONFIG)
    assert found is not None
    return found.checkpoint["channel_values"]


@pytest.mark.parametrize("text", ["", "plain", "NUL \0", "half \ud83d", "\ufdd0json:", "ü€🙂"])
async def test_any_text_comes_back(postgres_url: str, text: str) -> None:
    """LangGraph keeps texts in a JSON column, which refuses some."""
    assert await read_again(postgres_url, {"task": text}) == {"task": text}


async def test_every_way_of_reading_unpacks_texts(postgres_url: str) -> None:
    """LangGraph's private loader is replaced; what no longer asks it shows here."""
    text = "half \ud83d"
    assert await read_again(postgres_url, {"task": text}) == {"task": text}

    async with open_checkpoints(postgres_url) as saver:
        [listed] = [found async for found in saver.alist(CONFIG)]
        by_id = await saver.aget_tuple(listed.config)

    assert listed.checkpoint["channel_values"] == {"task": text}
    assert by_id is not None
    assert by_id.checkpoint["channel_values"] == {"task": text}


async def test_many_processes_may_make_the_tables_at_once(postgres_url: str) -> None:
    """LangGraph's own set-up fails where two meet, and waits for ever within a lock."""

    async def opened() -> object:
        async with open_checkpoints(postgres_url) as saver:
            return await saver.aget_tuple(CONFIG)

    assert await asyncio.gather(*(opened() for _ in range(6))) == [None] * 6


OPENER = """
import asyncio, sys
from pathlib import Path
from pointsman.stores.checkpoints import open_checkpoints

async def main():
    print("ready", flush=True)
    for name in sys.stdin:
        async with open_checkpoints(Path(name.strip())):
            print("opened", flush=True)

asyncio.run(main())
"""


def test_processes_may_open_a_new_file_at_once(tmp_path: Path) -> None:
    """SQLite does not wait for another process that makes the same switch to WAL."""
    files = [tmp_path / f"{number}.db" for number in range(100)]
    with contextlib.ExitStack() as stack:
        processes = [
            stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", OPENER],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            for _ in range(4)
        ]
        pipes = [(p.stdin, p.stdout) for p in processes if p.stdin and p.stdout]
        said = {told.readline() for _, told in pipes}
        for file in files:
            for given, _ in pipes:
                given.write(f"{file}\n")
                given.flush()
            said |= {told.readline() for _, told in pipes}

    assert said == {"ready\n", "opened\n"}


async def test_a_spoilt_value_is_named(postgres_url: str) -> None:
    """A value that is not as it was written is never read as another one."""
    await read_again(postgres_url, WHOLE["channel_values"])
    async with await psycopg.AsyncConnection.connect(postgres_url) as connection:
        await connection.execute("UPDATE checkpoint_blobs SET blob = set_byte(blob, 0, 1)")
    async with open_checkpoints(postgres_url) as saver:
        with pytest.raises(StoreError, match="not as it was written"):
            await saver.aget_tuple(CONFIG)


async def test_a_connection_that_broke_is_replaced(postgres_url: str) -> None:
    """A restart of the database costs a long-lived process nothing."""
    async with open_checkpoints(postgres_url) as saver:
        assert await saver.aget_tuple(CONFIG) is None
        async with await psycopg.AsyncConnection.connect(postgres_url) as connection:
            await connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE pid <> pg_backend_pid() AND query LIKE '%checkpoint%'"
            )
        assert await saver.aget_tuple(CONFIG) is None


async def test_a_database_out_of_reach_is_told_without_its_password() -> None:
    """The message says where and why."""
    with pytest.raises(StoreError, match=r"\*\*\*@127.0.0.1:1/") as told:
        async with open_checkpoints("postgresql://me:secret@127.0.0.1:1/none"):
            pass

    assert "secret" not in str(told.value)


def test_checkpoints_follow_the_store(tmp_path: Path, postgres_url: str) -> None:
    """Only a database that machines can share holds them beside the store."""
    home = {"home": str(tmp_path)}
    file = str(tmp_path / "elsewhere.db")

    assert checkpoints_of(Settings.parse(home)) == tmp_path / "checkpoints.db"
    assert checkpoints_of(Settings.parse({**home, "store_url": file})) == (
        tmp_path / "checkpoints.db"
    )
    there = checkpoints_of(Settings.parse({**home, "store_url": postgres_url}))
    assert make_url(str(there)) == make_url(postgres_url)
