"""A query on SQLite that the engine itself keeps from doing anything but read."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Collection, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from ...errors import ToolError
from .sql_rows import Rows, take
from .sql_statements import is_readable

MAX_BYTES = 1_000_000
"""Most bytes of all rows together, unless somebody says otherwise."""
_OPS_BETWEEN_CHECKS = 10_000
_MAX_VALUE_BYTES = 1_000_000
_FTS5_SUFFIXES = frozenset({"config", "content", "data", "docsize", "idx"})
_LIMITS = {
    sqlite3.SQLITE_LIMIT_LENGTH: _MAX_VALUE_BYTES,
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: 50_000,
    sqlite3.SQLITE_LIMIT_ATTACHED: 0,
    sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 200,
}


def query_sqlite(
    path: Path,
    sql: str,
    parameters: Sequence[Any],
    *,
    limit: int,
    seconds: float,
    tables: Collection[str] | None,
    functions: Collection[str],
    max_bytes: int = MAX_BYTES,
) -> Rows:
    """Return at most `limit` rows. Blocks; meant for a thread.

    Raises:
        ToolError: The engine refused the query, or it took too long.
    """
    deadline = time.monotonic() + seconds
    try:
        with closing(_open(path)) as connection:
            connection.set_authorizer(_authorizer(tables, functions))
            connection.set_progress_handler(
                lambda: int(time.monotonic() > deadline), _OPS_BETWEEN_CHECKS
            )
            cursor = connection.execute(sql, parameters)
            columns = [column[0] for column in cursor.description or ()]
            return take(columns, cursor, limit=limit, max_bytes=max_bytes)
    except sqlite3.OperationalError as error:
        late = time.monotonic() > deadline
        message = f"It took longer than {seconds} seconds." if late else str(error)
        raise ToolError(message, where="sql", fix="Correct or narrow the query.") from None
    except sqlite3.Error as error:
        raise ToolError(str(error), where="sql", fix="Correct the query.") from None


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=5.0)
    for category, limit in _LIMITS.items():
        connection.setlimit(category, limit)
    connection.execute("PRAGMA query_only = ON")
    return connection


def _is_index_of(table: str, tables: Collection[str] | None) -> bool:
    """Whether it is one of the tables in which FTS5 keeps a table that may be read."""
    base, _, suffix = table.lower().rpartition("_")
    return suffix in _FTS5_SUFFIXES and tables is not None and base in tables


def _authorizer(tables: Collection[str] | None, functions: Collection[str]) -> Any:
    def authorize(action: int, first: str | None, second: str | None, *_: str | None) -> int:
        match action:
            case sqlite3.SQLITE_SELECT | sqlite3.SQLITE_RECURSIVE:
                allowed = True
            case sqlite3.SQLITE_READ:
                table = first or ""
                allowed = is_readable(table, tables) or _is_index_of(table, tables)
                # Opening a virtual table asks for this one, too; it holds only numbers.
                allowed |= (table, second) == ("sqlite_master", "ROWID")
            case sqlite3.SQLITE_FUNCTION:
                allowed = (second or "").lower() in functions
            case sqlite3.SQLITE_PRAGMA:
                allowed = first == "data_version" and second is None  # FTS5 asks what it missed
            case sqlite3.SQLITE_UPDATE:
                # Opening a virtual table (json_each, FTS5) asks for this and writes nothing; on a
                # read-only connection nothing could be written.
                allowed = first == "sqlite_master"
            case _:
                allowed = False
        return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY

    return authorize
