"""The two statements that SQLAlchemy spells differently for each database.

Building a statement costs several times what running it does, so each is built once for a table and
given its values when it runs.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Executable, Table
from sqlalchemy.dialects import sqlite

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql


def _insert(dialect: str, table: Table) -> sqlite.Insert | postgresql.Insert:
    if dialect == "sqlite":
        return sqlite.insert(table)
    # Loaded only where it is spoken: it brings the whole dialect.
    from sqlalchemy.dialects import postgresql

    return postgresql.insert(table)


@cache
def _absent(dialect: str, table: Table) -> Executable:
    # `inline`: nobody asks for the new row's key, which would cost the count of rows.
    statement = _insert(dialect, table).on_conflict_do_nothing().inline()
    return statement.execution_options(preserve_rowcount=True)


@cache
def _replacing(dialect: str, table: Table, names: tuple[str, ...]) -> Executable:
    keys = [column.name for column in table.primary_key]
    statement = _insert(dialect, table)
    rest = {name: statement.excluded[name] for name in names if name not in keys}
    return statement.on_conflict_do_update(index_elements=keys, set_=rest)


def insert_if_absent(connection: Connection, table: Table, **values: Any) -> bool:
    """Insert a row unless one of its unique keys exists; return whether it was inserted."""
    return connection.execute(_absent(connection.dialect.name, table), values).rowcount == 1


def insert_or_replace(connection: Connection, table: Table, **values: Any) -> None:
    """Insert a row, or overwrite the row that has its primary key."""
    statement = _replacing(connection.dialect.name, table, tuple(values))
    connection.execute(statement, values)
