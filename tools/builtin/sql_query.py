"""SQL queries that only read: SQLite or PostgreSQL, bounded in rows and time.

Needs the extra `sql`; PostgreSQL needs the extra `postgres`, too.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field
from typing_extensions import Unpack

from ...state.results import Evidence
from ...state.values import Json, JsonObject
from ..contract import ContractOptions, Tool
from ..decorator import tool
from .sql_postgres import query_postgres
from .sql_rows import Rows
from .sql_sqlite import MAX_BYTES, query_sqlite
from .sql_statements import Dialect, check_statement, functions_of

Scalar = str | int | float | bool | None


def sql_query(
    database: Path | str,
    *,
    tables: Sequence[str] | None = None,
    functions: Sequence[str] = (),
    schemas: Sequence[str] = ("public",),
    max_rows: int = 200,
    max_bytes: int = MAX_BYTES,
    query_seconds: float = 5.0,
    **contract: Unpack[ContractOptions],
) -> Tool:
    """Make a tool that runs `SELECT`s.

    Values belong into `parameters`, so that a plan can pass them by reference instead of building
    SQL from text.

    Args:
        database: Path of a SQLite file, or `postgresql://…`.
        tables: Tables that may be read, as `name` or `schema.name`; by default all but the
            catalogs.
        functions: Functions that may be called besides the ordinary ones.
        schemas: On PostgreSQL, the schemas whose tables may be read.
        max_rows: Most rows returned; more are cut, and the output says so.
        max_bytes: Most bytes of all rows together; the rest is cut, too.
        query_seconds: Longest time the database may work on one query.
        **contract: Fields of the contract to set otherwise.
    """
    postgres = isinstance(database, str) and database.startswith(("postgresql:", "postgres:"))
    dialect: Dialect = "postgres" if postgres else "sqlite"
    readable = _Readable(
        database=database,
        dialect=dialect,
        # As they are, too: PostgreSQL keeps the case of a quoted name.
        tables=None if tables is None else frozenset({*map(str.lower, tables), *tables}),
        functions=functions_of(dialect) | {name.lower() for name in functions},
        schemas=schemas if postgres else ("main",),
        max_rows=max_rows,
        max_bytes=max_bytes,
        seconds=query_seconds,
    )
    options: ContractOptions = {
        "effect": "read",
        "trust": "internal",
        "idempotency": "natural",
        "consequential": (),
        **contract,
    }

    @tool(cite=_cite, **options)
    def query_database(
        sql: Annotated[str, Field(min_length=1, max_length=10_000)],
        parameters: Annotated[list[Scalar], Field(max_length=100)] = [],  # noqa: B006 - copied
    ) -> JsonObject:
        """Run one SELECT on the database and return its rows.

        Args:
            sql: One SELECT statement. Placeholders are ? on SQLite and $1, $2 on PostgreSQL.
            parameters: Values of the placeholders, in order.
        """
        found = readable.query(sql, parameters)
        names = _unique(found.columns)
        shown = [dict(zip(names, map(_plain, row), strict=True)) for row in found.rows]
        return {"columns": names, "rows": shown, "truncated": found.cut}

    return query_database


@dataclass(frozen=True, kw_only=True)
class _Readable:
    """What may be read of a database, and how much of it at once."""

    database: Path | str
    dialect: Dialect
    tables: frozenset[str] | None
    functions: frozenset[str]
    schemas: Sequence[str]
    max_rows: int
    max_bytes: int
    seconds: float

    def query(self, sql: str, parameters: list[Scalar]) -> Rows:
        """Check a statement and run it. Raises `ToolError`."""
        tree = check_statement(
            sql,
            dialect=self.dialect,
            functions=self.functions,
            tables=self.tables,
            schemas=self.schemas,
        )
        if self.dialect == "postgres":
            return query_postgres(
                str(self.database),
                sql,
                tree,
                parameters,
                limit=self.max_rows,
                seconds=self.seconds,
                max_bytes=self.max_bytes,
                schemas=self.schemas,
                functions=self.functions,
            )
        return query_sqlite(
            Path(self.database),
            sql,
            parameters,
            limit=self.max_rows,
            seconds=self.seconds,
            tables=self.tables,
            functions=self.functions,
            max_bytes=self.max_bytes,
        )


def _unique(columns: list[str]) -> list[str]:
    """Number columns of the same name, which an object could hold only once."""
    names: list[str] = []
    for column in columns:
        name, number = column, 2
        while name in names:
            name, number = f"{column}_{number}", number + 1
        names.append(name)
    return names


def _plain(value: Any) -> Json:
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else str(value)
        case Decimal():
            # A float holds fifteen digits; an amount with more of them stays whole as text.
            exact = value.is_finite() and Decimal(repr(float(value))) == value
            return _plain(float(value)) if exact else str(value)
        case datetime() | date() | time():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case bytes() | memoryview():
            return f"<{len(value)} bytes>"
        case dict() | list():
            return value
        case _:
            return str(value)


def _cite(args: JsonObject, output: Json) -> list[Evidence]:
    source = f"query {args['sql'][:200]}"
    return [
        Evidence(id="", step="", path=f"rows.{n}", source=f"{source} § row {n + 1}")
        for n in range(min(len(output["rows"]), 20))
    ]
