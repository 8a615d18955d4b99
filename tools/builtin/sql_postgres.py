"""A query on PostgreSQL in a read-only transaction with a time limit."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import closing
from itertools import chain, islice
from typing import Any

from ...errors import ConfigError, ToolError
from .sql_parser import exp
from .sql_rows import Rows, take, too_large
from .sql_statements import attributes, refused, tables_of

CONNECT_SECONDS = 5
_TOO_LARGE = "a row is too large: "

# Functions that take a whole row, and are no column of the tables that are read.
_DISGUISED = """
SELECT DISTINCT p.proname FROM pg_catalog.pg_proc p
JOIN pg_catalog.pg_type t ON t.oid = p.proargtypes[0]
WHERE p.proname = ANY($1) AND t.typtype IN ('c', 'd', 'p') AND NOT EXISTS (
    SELECT FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
    WHERE a.attname = p.proname AND a.attnum > 0 AND NOT a.attisdropped AND c.relname = ANY($2))
"""


def query_postgres(
    url: str,
    sql: str,
    tree: exp.Query,
    parameters: Sequence[Any],
    *,
    limit: int,
    seconds: float,
    max_bytes: int,
    schemas: Sequence[str],
    functions: Collection[str],
) -> Rows:
    """Return at most `limit` rows of a statement that was checked. Blocks; meant for a thread.

    Give it a role that may only read: a read-only transaction still runs functions, and only the
    role says what those may reach.

    Raises:
        ToolError: The server refused the query, or it took too long.
    """
    try:
        import psycopg
    except ImportError as error:
        raise ConfigError(
            "PostgreSQL needs psycopg.", where="sql_query", fix="Install the extra `postgres`."
        ) from error
    try:
        with closing(_connected(psycopg, url, seconds, schemas)) as connection:
            _refuse_disguised(connection, tree, functions)
            bounded = _bounded(sql, limit + 1, max_bytes).encode()
            cursor = connection.cursor()
            arriving = cursor.stream(bounded, parameters)
            # The first row brings the description with it; without a row there is none.
            first = list(islice(arriving, 1))
            columns = [column.name for column in cursor.description or ()]
            return take(columns, chain(first, arriving), limit=limit, max_bytes=max_bytes)
    except psycopg.errors.InvalidTextRepresentation as error:
        if _TOO_LARGE not in str(error):
            raise ToolError(_text(error), where="sql", fix="Correct the query.") from None
        raise too_large(max_bytes) from None
    except psycopg.Error as error:
        raise ToolError(_text(error), where="sql", fix="Correct or narrow the query.") from None


def _connected(psycopg: Any, url: str, seconds: float, schemas: Sequence[str]) -> Any:
    # An unqualified name means a table of these schemas, whatever the role's own search path.
    path = ",".join(f'"{name}"' for name in schemas).replace(" ", "\\ ")
    settings = (
        f"-c default_transaction_read_only=on -c statement_timeout={int(seconds * 1000)}"
        # Otherwise a backslash would end a text where the check saw it go on.
        f" -c search_path={path} -c standard_conforming_strings=on"
    )
    try:
        # A raw cursor sends the statement alone, with its parameters beside it: the server
        # itself then refuses a second statement.
        connection = psycopg.connect(
            url,
            options=settings,
            connect_timeout=CONNECT_SECONDS,
            cursor_factory=psycopg.RawCursor,
        )
    except psycopg.Error as error:
        # A malformed URL is quoted in the message, with its password.
        raise ToolError(
            f"The database cannot be reached ({type(error).__name__}).",
            retryable=True,
            where="sql",
            fix="Try later.",
        ) from None
    connection.read_only = True
    return connection


def _refuse_disguised(connection: Any, tree: exp.Query, functions: Collection[str]) -> None:
    """Refuse `row.function`, which PostgreSQL reads as `function(row)`."""
    names = attributes(tree) - set(functions)
    if not names:
        return
    found = connection.execute(_DISGUISED, [sorted(names), sorted(tables_of(tree))]).fetchall()
    if found:
        raise refused(f"The function {found[0][0]} is not allowed.")


def _bounded(sql: str, limit: int, max_bytes: int) -> str:
    # Without it the client would receive every row, and each row whole: the cast fails on one that
    # is too large, on the server. The line breaks end a comment of the query's, and the query
    # itself has been parsed and found to be one SELECT.
    size = "octet_length(bounded::text)"
    return (
        f"SELECT * FROM (\n{sql.rstrip().rstrip(';')}\n) AS bounded"  # noqa: S608
        f" WHERE CASE WHEN {size} > {max_bytes} THEN ('{_TOO_LARGE}' || {size})::int = 0"
        f" ELSE true END LIMIT {limit}"
    )


def _text(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
