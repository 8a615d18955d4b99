"""Rewriting: a database's files without what was deleted from it.

A deleted row stays in free pages, dead tuples and the write-ahead log until something else is
written there. So the whole database is written anew.
"""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import URL

from ...errors import StoreError
from ..engines import shown
from ..schema import METADATA

if TYPE_CHECKING:
    from psycopg import Connection as PostgresConnection

POSTGRES_TABLES = (
    *(table.name for table in METADATA.sorted_tables),
    *("checkpoints", "checkpoint_blobs", "checkpoint_writes"),
)
"""All of the store's, whatever a forgetting deletes from, and those of LangGraph's saver."""
POSTGRES_FLOOR = (
    "PostgreSQL's write-ahead log until its segments are overwritten or removed, its archive, "
    "replicas and base backups."
)
_PAUSE_SECONDS = 0.05


def rewrite(url: URL, *, timeout_seconds: float = 30.0) -> str:
    """Write a database anew, and return its name. Blocks.

    Args:
        url: From `store_url`.
        timeout_seconds: Longest wait for others, who may hold what was deleted.

    Raises:
        StoreError: It is in use, or the disk is full. Nothing is lost, and it is to be done again.
    """
    if url.get_backend_name() == "sqlite":
        _rewrite_file(Path(url.database or ""), timeout_seconds)
    else:
        _rewrite_postgres(url, timeout_seconds)
    return shown(url)


def _rewrite_file(file: Path, timeout_seconds: float) -> None:
    deadline = time.monotonic() + timeout_seconds
    try:
        with closing(
            sqlite3.connect(file, timeout=timeout_seconds, isolation_level=None)
        ) as connection:
            for pragma in ("secure_delete = ON", "synchronous = FULL"):
                connection.execute(f"PRAGMA {pragma}").close()
            connection.execute("VACUUM").close()
            # The log holds the pages of before until it is emptied, which readers can be in the
            # way of.
            while _is_busy(connection):
                if time.monotonic() > deadline:
                    raise sqlite3.OperationalError("another process is reading it")
                time.sleep(_PAUSE_SECONDS)
    except sqlite3.Error as error:
        raise _not_rewritten(str(file), str(error)) from error


def _is_busy(connection: sqlite3.Connection) -> bool:
    return bool(connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0])


def _rewrite_postgres(url: URL, timeout_seconds: float) -> None:
    # The driver is an extra.
    import psycopg
    from psycopg import sql

    from ..postgres_checkpoints import conninfo_of

    deadline = time.monotonic() + timeout_seconds
    try:
        with psycopg.connect(conninfo_of(url), autocommit=True) as connection:
            limit = f"{int(timeout_seconds * 1000)}ms"
            connection.execute("SELECT set_config('lock_timeout', %s, false)", [limit])
            _await_old_snapshots(connection, deadline)
            found = connection.execute(
                "SELECT t FROM unnest(%s::text[]) AS t WHERE to_regclass(t) IS NOT NULL",
                [list(POSTGRES_TABLES)],
            ).fetchall()
            for (table,) in found:
                # Statistics hold samples of what stood in the columns.
                named = sql.Identifier(table)
                connection.execute(sql.SQL("VACUUM (FULL, ANALYZE) {}").format(named))
            _checkpoint(connection)
    except psycopg.Error as error:
        # PostgreSQL's own text may quote the row.
        said = f"SQLSTATE {error.sqlstate}" if error.sqlstate else type(error).__name__
        raise _not_rewritten(shown(url), said) from error


def _await_old_snapshots(connection: PostgresConnection, deadline: float) -> None:
    """Wait for transactions that may still see what was deleted: it would be written anew."""
    row = connection.execute("SELECT pg_current_xact_id()::text::bigint").fetchone()
    now = row[0] if row else 0
    while True:
        older = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND backend_xmin IS NOT NULL"
            " AND age(backend_xmin) > age((%s::bigint %% 4294967296)::text::xid)",
            [now],
        ).fetchone()
        if older is None or not older[0]:
            return
        if time.monotonic() > deadline:
            raise _not_rewritten("PostgreSQL", "an older transaction can still see it")
        time.sleep(_PAUSE_SECONDS)


def _checkpoint(connection: PostgresConnection) -> None:
    """Let the server write down what it has, where we may ask for it."""
    row = connection.execute(
        "SELECT rolsuper OR pg_has_role(current_user, 'pg_checkpoint', 'USAGE')"
        " FROM pg_roles WHERE rolname = current_user"
    ).fetchone()
    if row is not None and row[0]:
        connection.execute("CHECKPOINT")


def _not_rewritten(where: str, said: str) -> StoreError:
    return StoreError(
        f"What was deleted may still stand in its files: {said}.",
        where=where,
        fix="End what uses it or free the disk, then forget it again; that finishes the rest.",
    )
