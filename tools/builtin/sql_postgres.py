"""A query on PostgreSQL in a read-only transaction with a time limit."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from itertools import chain, islice
from typing import Any

from ...errors import ConfigError, ToolError
from .sql_rows import Rows, take, too_large

CONNECT_SECONDS = 5
_TOO_LARGE = "a row is too large: "


def query_postgres(
    url: str,
    sql: str,
    parameters: Sequence[Any],
    *,
    limit: int,
    seconds: float,
    max_bytes: int,
    schemas: Sequence[str],
) -> Rows:
    """Return at most `limit` rows. Blocks; meant for a thread.

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
        f" -c search_path={path}"
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
