"""The two statements that SQLAlchemy spells differently for each database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import sqlite

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql


def _insert(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    if connection.dialect.name == "sqlite":
        return sqlite.insert(table)
    # Loaded only where it is spoken: it brings the whole dialect.
    from sqlalchemy.dialects import postgresql

    return postgresql.insert(table)


def insert_if_absent(connection: Connection, table: Table, **values: Any) -> bool:
    """Insert a row unless one of its unique keys exists; return whether it was inserted."""
    # `inline`: nobody asks for the new row's key, which would cost the count of rows.
    statement = _insert(connection, table).values(values).on_conflict_do_nothing().inline()
    counted = statement.execution_options(preserve_rowcount=True)
    return connection.execute(counted).rowcount == 1


def insert_or_replace(connection: Connection, table: Table, **values: Any) -> None:
    """Insert a row, or overwrite the row that has its primary key."""
    keys = [column.name for column in table.primary_key]
    rest = {name: value for name, value in values.items() if name not in keys}
    statement = _insert(connection, table).values(values)
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=rest))
