"""A look at a database that leaves it as it is: no file is made, no table, nothing is migrated."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, NullPool, create_engine, select
from sqlalchemy.exc import SQLAlchemyError

from ..state.values import Record
from .engines import Pool, failure, shown, store_url
from .migrate import refuse_newer, version_of
from .records import Switch
from .schema import VERSION, switches

MOST_COPIED = 256 * 1024 * 1024
"""Bytes of a database and its log together that are copied for a look."""


class StoreFound(Record):
    """What a database was found to be."""

    name: str
    """The URL without its password."""
    version: str | None = None
    """Its revision; `None` where there is nothing of ours yet."""
    current: bool = False
    """Whether it is the revision of this release."""
    switches: tuple[Switch, ...] = ()
    """Those that are on; read from the current revision only."""
    unseen: str = ""
    """Why it was not looked into, where it was not."""


def look_at_store(where: str | Path) -> StoreFound:
    """Say what a store's database holds. Blocks.

    Args:
        where: As `open_store` takes it.

    Raises:
        ConfigError: The URL cannot be read or is not supported.
        StoreError: The database refuses, is none, or was made by a newer release.
    """
    url = store_url(where)
    name = shown(url)
    try:
        if url.get_backend_name() != "sqlite":
            return _found(Pool(url, connections=1, timeout_seconds=10.0).reading, name)
        with _place(Path(url.database or "")) as place:
            return _found(_reading(place), name) if place else StoreFound(name=name)
    except _NotCopiedError as error:
        return StoreFound(name=name, unseen=str(error))
    except (SQLAlchemyError, OSError) as error:
        raise failure(error, url) from error


def _found(engine: Engine, name: str) -> StoreFound:
    try:
        with engine.connect() as connection:
            version = version_of(connection)
            refuse_newer(version)
            on = _switches(connection) if version == VERSION else ()
    finally:
        engine.dispose()
    return StoreFound(name=name, version=version, current=version == VERSION, switches=on)


def _switches(connection: Connection) -> tuple[Switch, ...]:
    return tuple(Switch(**row) for row in connection.execute(select(switches)).mappings())


class _NotCopiedError(Exception):
    """A database is not copied to look at it."""


@contextmanager
def _place(file: Path) -> Generator[str]:
    """Give the URI by which SQLite reads a file and changes nothing; empty if there is none.

    Even a reader makes the two files of the write-ahead log, writes into the one that processes
    share, and leaves both there.
    """
    log, shared = (file.with_name(f"{file.name}{suffix}") for suffix in ("-wal", "-shm"))
    if not file.exists():
        yield ""
    elif not log.exists() or not log.stat().st_size:
        # Nobody has the database open, and it can be read as it stands.
        yield f"{file.as_uri()}?mode=ro&immutable=1"
    elif shared.exists():
        yield f"{file.as_uri()}?mode=ro&readonly_shm=1"
    else:
        # Nobody has it open, as of a copy that was put back, and SQLite reads no log alone.
        with tempfile.TemporaryDirectory() as scratch:
            yield f"{_copied(file, log, Path(scratch)).as_uri()}?mode=ro"


def _copied(file: Path, log: Path, folder: Path) -> Path:
    size = sum(path.stat().st_size for path in (file, log))
    if size > MOST_COPIED:
        raise _NotCopiedError(
            f"not looked into: with its log it has {size:,} bytes, and at most {MOST_COPIED:,} are "
            "copied for a look"
        )
    for path in (file, log):
        shutil.copyfile(path, folder / path.name)
    return folder / file.name


def _reading(place: str) -> Engine:
    return create_engine(
        "sqlite+pysqlite://",
        creator=lambda: sqlite3.connect(place, uri=True),
        poolclass=NullPool,
        hide_parameters=True,
    )
