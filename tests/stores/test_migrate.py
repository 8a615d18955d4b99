"""A database of any age is brought up to date, or refused."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, update
from sqlalchemy.engine.interfaces import ReflectedIndex

from pointsman.errors import StoreError
from pointsman.stores import open_store
from pointsman.stores.engines import Pool, store_url
from pointsman.stores.migrate import SCRIPTS, upgrade, version_of
from pointsman.stores.migrate import create as create_tables
from pointsman.stores.schema import METADATA, VERSION, version


def index_text(index: ReflectedIndex) -> str:
    """Describe an index, with the condition of a partial one as text."""
    options = {name: str(value) for name, value in index.get("dialect_options", {}).items()}
    return str({**index, "dialect_options": options})


def structure(connection: Connection) -> dict[str, object]:
    """Describe every table: columns, keys, constraints and indexes."""
    found = inspect(connection)
    return {
        table: {
            "columns": [{**c, "type": str(c["type"])} for c in found.get_columns(table)],
            "primary key": found.get_pk_constraint(table),
            "foreign keys": sorted(map(str, found.get_foreign_keys(table))),
            "unique": sorted(map(str, found.get_unique_constraints(table))),
            "checks": sorted(map(str, found.get_check_constraints(table))),
            "indexes": sorted(map(index_text, found.get_indexes(table))),
        }
        for table in found.get_table_names()
    }


def test_replaying_every_migration_gives_the_fresh_schema(url: str) -> None:
    """A database that grew through all releases is the same as a new one."""
    pool = Pool(store_url(url), connections=1, timeout_seconds=5)
    with pool.writing.begin() as connection:
        create_tables(connection)
        fresh = structure(connection)
        METADATA.drop_all(connection)
        upgrade(connection, None)
        replayed = structure(connection)
        assert version_of(connection) == VERSION
    pool.close()

    assert len(fresh) > 10
    assert replayed == fresh


def test_version_is_the_newest_migration() -> None:
    """The constant that spares loading Alembic is not forgotten, and revisions are in order."""
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.set_main_option("path_separator", "os")
    scripts = ScriptDirectory.from_config(config)

    assert scripts.get_heads() == [VERSION]
    revisions = [script.revision for script in scripts.walk_revisions()]
    assert revisions == sorted(revisions, reverse=True)
    assert all(revision.isdigit() and len(revision) == 4 for revision in revisions)


async def test_database_of_a_newer_release_is_refused(url: str) -> None:
    """An old release leaves a newer database alone and says what to do."""
    async with open_store(url) as store:
        await store.database.write(lambda c: c.execute(update(version).values(version_num="9999")))

    async with open_store(url) as store:
        with pytest.raises(StoreError, match=r"version 9999.*Upgrade pointsman"):
            await store.switches.active()


async def test_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    """A file with other content is not touched."""
    path = tmp_path / "notes.txt"
    path.write_text("not a database, but long enough to look at\n" * 100)
    before = path.read_bytes()

    async with open_store(path) as store:
        with pytest.raises(StoreError, match="not a database"):
            await store.switches.active()

    assert path.read_bytes() == before


OPENER = """
import asyncio, sys
from pointsman.stores import open_store

async def main(url):
    async with open_store(url) as store:
        print("ready", flush=True)
        sys.stdin.readline()
        await store.audit.append("opened", body={})

asyncio.run(main(sys.argv[1]))
"""


async def test_processes_may_open_an_empty_database_at_once(url: str) -> None:
    """Four processes meet at a database that does not exist yet; all of them get to write."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", OPENER, url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.communicate("go\n", timeout=60)

    assert [process.returncode for process in processes] == [0] * 4
    async with open_store(url) as store:
        assert (await store.audit.verify()).entries == 4
