"""A look at a database that leaves it as it is: no file is made, no table, nothing is migrated."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from sqlalchemy import URL, Engine, NullPool, create_engine, select
from sqlalchemy.exc import SQLAlchemyError

from ..state.values import Record
from .engines import Pool, failure, shown, store_url
from .migrate import version_of
from .records import Switch
from .schema import VERSION, switches


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


def look_at_store(where: str | Path) -> StoreFound:
    """Say what a store's database holds. Blocks.

    Args:
        where: As `open_store` takes it.

    Raises:
        ConfigError: The URL cannot be read or is not supported.
        StoreError: The database refuses, or is none.
    """
    url = store_url(where)
    name = shown(url)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").exists():
        return StoreFound(name=name)
    engine = _engine(url)
    try:
        with engine.connect() as connection:
            version = version_of(connection)
            rows = connection.execute(select(switches)) if version == VERSION else None
            on = tuple(Switch(**row) for row in rows.mappings()) if rows is not None else ()
    except SQLAlchemyError as error:
        raise failure(error, url) from error
    finally:
        engine.dispose()
    return StoreFound(name=name, version=version, current=version == VERSION, switches=on)


def _engine(url: URL) -> Engine:
    if url.get_backend_name() != "sqlite":
        return Pool(url, connections=1, timeout_seconds=10.0).reading
    file = Path(url.database or "")
    # Even a reader makes the two files of the write-ahead log, and leaves them there. Where there
    # is no log nobody has the database open, and it can be read as it stands.
    log = file.with_name(f"{file.name}-wal").exists()
    place = f"{file.as_uri()}?mode=ro{'' if log else '&immutable=1'}"
    return create_engine(
        "sqlite+pysqlite://",
        creator=lambda: sqlite3.connect(place, uri=True),
        poolclass=NullPool,
        hide_parameters=True,
    )
