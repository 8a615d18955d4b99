"""Engines: how each database is connected to, and what its failures mean."""

from __future__ import annotations

import re
import sqlite3
import time
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from ..errors import ConfigError, StoreError
from .files import private_file

WAL_PAGES = 256
"""Pages in the write-ahead log before they are copied into the file."""

MAX_CLOCK_SECONDS = 2.0
"""By which a machine's clock may differ from the database's: leases compare the clocks of machines,
and one that is far ahead takes calls for ended that are on their way."""

_PAGE_BYTES = 4096

_LOOK_AGAIN_SECONDS = 0.01

_TRANSIENT = {"40001", "40P01"}
"""PostgreSQL: serialization failure, deadlock. The transaction may simply be run again."""

_POSTGRES = {"postgres", "postgresql", "postgresql+psycopg"}


_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")
"""How a URL begins; a single letter is a drive of Windows."""
_POSTGRES_FIRST = re.compile(r"postgres\w*+(?:\W*(?=:)|\W*)", re.IGNORECASE)
_POSTGRES_ALONE = re.compile(r"postgres(?:ql)?(?:\s|\Z)", re.IGNORECASE)
_PARAMETER = re.compile(r"\b(?:password|passwd|dbname|host)\s*+=", re.IGNORECASE)
_SLASH = re.compile(r"[/\\]")


def _is_no_path(where: str) -> bool:
    """Say whether a database is named in another way than by a URL or a file.

    Taken for a path, it would name a file by its password.
    """
    named = where.strip()
    first = _POSTGRES_FIRST.match(named)
    spoken = (named, named[first.end() :]) if first else (named,)
    users = (_SLASH.split(each, maxsplit=1)[0].rpartition("@")[0] for each in spoken)
    parameters = _POSTGRES_ALONE.match(named) or _PARAMETER.search(named)
    return parameters is not None or any(":" in user for user in users)


def store_url(where: str | Path) -> URL:
    """Read a URL; a plain path means SQLite.

    Raises:
        ConfigError: The URL cannot be read, or names a database that is not supported.
    """
    if isinstance(where, Path):
        return _sqlite_url(str(where))
    is_url = "://" in where or _SCHEME.match(where)
    if not is_url and not _is_no_path(where):
        return _sqlite_url(where)
    try:
        url = make_url(where) if is_url else None
    except (ArgumentError, ValueError):
        url = None
    # An @ behind the first one is of a password, of which libraries quote the rest as a host.
    if url is None or "@" in f"{url.database}{url.host}":
        # The text may hold a password, so it is not quoted.
        raise ConfigError(
            "The URL cannot be read.",
            where="store",
            fix=f"{_FIX} Write special characters of a password as %XX.",
        )
    if url.drivername.lower() in ("sqlite", "sqlite+pysqlite"):
        return _sqlite_url(url.database or "")
    if url.drivername.lower() in _POSTGRES:
        return url.set(drivername="postgresql+psycopg")
    raise ConfigError("This kind of database is not supported.", where="store", fix=_FIX)


_FIX = "Give a file path, sqlite:///PATH or postgresql://USER@HOST/DATABASE."


def _sqlite_url(path: str) -> URL:
    if path.strip() in ("", ":memory:") or path.startswith("file:"):
        raise ConfigError(
            "A store in memory would forget what was approved and done.",
            where="store",
            fix="Give a file path; a temporary folder will do for a test.",
        )
    if "\0" in path:
        raise ConfigError("The path holds a NUL character.", where="store", fix=_FIX)
    return URL.create("sqlite+pysqlite", database=str(Path(path).expanduser().absolute()))


def shown(url: URL) -> str:
    """Return a URL as errors name it: its password, and its options, may be secrets."""
    return url.set(query={}).render_as_string(hide_password=True)


class Pool:
    """Connections to one database, and the two kinds of transaction. Connects on first use.

    Args:
        url: From `store_url`.
        connections: Most connections.
        timeout_seconds: Longest wait for a lock.

    Raises:
        StoreError: The driver is not installed, or the folder cannot be made.
    """

    def __init__(self, url: URL, *, connections: int, timeout_seconds: float) -> None:
        make = _sqlite_engine if url.get_backend_name() == "sqlite" else _postgres_engine
        engine = make(url, connections, timeout_seconds)
        self.reading = _for_reading(engine)
        """Transactions that see one moment, however many statements they run."""
        self.writing = _for_writing(engine)
        """Transactions that may write from their first statement."""
        self.close = engine.dispose
        """Close the connections."""


def _sqlite_engine(url: URL, connections: int, timeout_seconds: float) -> Engine:
    private_file(Path(url.database or ""))
    engine = create_engine(
        url,
        pool_size=connections,
        max_overflow=0,
        hide_parameters=True,
        connect_args={"timeout": timeout_seconds},
    )

    @event.listens_for(engine, "connect")
    def configure(connection: sqlite3.Connection, _record: object) -> None:
        try:
            _configure_sqlite(connection, timeout_seconds)
        except BaseException:
            connection.close()
            raise

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(connection.get_execution_options().get("begin", "BEGIN"))

    _ = configure, begin
    return engine


def _configure_sqlite(connection: sqlite3.Connection, timeout_seconds: float) -> None:
    # The driver must not begin transactions by itself: savepoints need our own BEGIN.
    connection.isolation_level = None
    for pragma in (
        "foreign_keys = ON",
        "synchronous = FULL",
        f"wal_autocheckpoint = {WAL_PAGES}",
        f"journal_size_limit = {WAL_PAGES * _PAGE_BYTES}",
    ):
        connection.execute(f"PRAGMA {pragma}").close()
    use_write_ahead_log(connection, timeout_seconds)


def use_write_ahead_log(connection: sqlite3.Connection, timeout_seconds: float) -> None:
    """Switch to WAL. Another process may do so too, for which SQLite does not wait here."""
    deadline = time.monotonic() + timeout_seconds
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL").close()
        except sqlite3.OperationalError as error:
            if not is_busy(error) or time.monotonic() > deadline:
                raise
            time.sleep(_LOOK_AGAIN_SECONDS)
        else:
            return


def _postgres_engine(url: URL, connections: int, timeout_seconds: float) -> Engine:
    options: dict[str, Any] = {} if "connect_timeout" in url.query else {"connect_timeout": 10}
    try:
        engine = create_engine(
            url,
            pool_size=connections,
            max_overflow=0,
            pool_pre_ping=True,
            hide_parameters=True,
            connect_args=options,
        )
    except ModuleNotFoundError as error:
        raise StoreError(
            "The PostgreSQL driver is not installed.",
            where="store",
            fix="Run pip install 'pointsman[postgres]'.",
        ) from error

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: object) -> None:
        milliseconds = int(timeout_seconds * 1000)
        try:
            connection.execute(f"SET statement_timeout = {milliseconds}")
            connection.execute(f"SET lock_timeout = {milliseconds}")
            _check_clock(connection)
            connection.commit()
        except BaseException:
            connection.close()
            raise

    _ = configure
    return engine


def _check_clock(connection: Any) -> None:
    """Refuse to work by a clock that is wrong.

    Raises:
        StoreError: It differs from the database's by more than others allow for.
    """
    before = time.time()
    [there] = connection.execute("SELECT extract(epoch FROM clock_timestamp())::float8").fetchone()
    after = time.time()
    # However long the answer took: it was read in between.
    apart = max(before - there, there - after)
    if apart > MAX_CLOCK_SECONDS:
        ahead = "ahead of" if before > there else "behind"
        raise StoreError(
            f"This machine's clock is {apart:.1f} s {ahead} the database's.",
            where="clock",
            fix="Set both by NTP: leases on threads and calls compare them.",
        )


def _for_reading(engine: Engine) -> Engine:
    if engine.dialect.name == "sqlite":
        return engine
    return engine.execution_options(isolation_level="REPEATABLE READ")


def _for_writing(engine: Engine) -> Engine:
    if engine.dialect.name == "sqlite":
        # A deferred transaction that turns into a writing one fails if another wrote meanwhile.
        return engine.execution_options(begin="BEGIN IMMEDIATE")
    return engine


def is_transient(error: BaseException) -> bool:
    """Say whether the same transaction may succeed if it is run again at once."""
    return isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) in _TRANSIENT


def is_busy(error: BaseException) -> bool:
    """Say whether another connection holds SQLite's lock."""
    return _sqlite_code(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def is_damaged(error: BaseException) -> bool:
    """Say whether SQLite found a file that is no database, or no longer a whole one."""
    return _sqlite_code(error) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def _sqlite_code(error: BaseException) -> int:
    """Return the primary code of the driver's error, or of the one that SQLAlchemy wraps."""
    code = getattr(getattr(error, "orig", error), "sqlite_errorcode", 0) or 0
    return code & 0xFF


def failure(error: SQLAlchemyError | OSError, url: URL) -> StoreError:
    """Turn a database's failure into an error of ours, without the values it was about."""
    where = shown(url)
    if is_busy(error):
        fix = "Another process holds the database: try again, or end that process."
    elif is_damaged(error):
        fix = "The file is damaged: restore it from a backup. Moved away, a new one is begun, "
        fix += "which knows nothing of what was approved and done."
    else:
        fix = "Check the database, its disk and its permissions."
    return StoreError(f"The database refused: {_cause(error)}.", where=where, fix=fix)


def _cause(error: SQLAlchemyError | OSError) -> str:
    cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
    state = getattr(cause, "sqlstate", None)
    if state is not None:
        # PostgreSQL's own text quotes the row.
        return f"{type(cause).__name__}, SQLSTATE {state}"
    return f"{type(cause).__name__}, {str(cause).strip()}"
