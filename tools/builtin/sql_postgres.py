"""A query on PostgreSQL in a read-only transaction with a time limit."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from typing import Any

from ...errors import ConfigError, ToolError

CONNECT_SECONDS = 5


def query_postgres(
    url: str, sql: str, parameters: Sequence[Any], limit: int, seconds: float
) -> tuple[list[str], list[Sequence[Any]]]:
    """Return column names and at most `limit` rows. Blocks; meant for a thread.

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
        with closing(_connected(psycopg, url, seconds)) as connection:
            cursor = connection.execute(_bounded(sql, limit).encode(), parameters, prepare=False)
            columns = [column.name for column in cursor.description or ()]
            return columns, [*cursor.fetchall()]
    except psycopg.Error as error:
        raise ToolError(_text(error), where="sql", fix="Correct or narrow the query.") from None


def _connected(psycopg: Any, url: str, seconds: float) -> Any:
    settings = f"-c default_transaction_read_only=on -c statement_timeout={int(seconds * 1000)}"
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


def _bounded(sql: str, limit: int) -> str:
    # Without it the client would receive every row. The line breaks end a comment of the query's,
    # and the query itself has been parsed and found to be one SELECT.
    return f"SELECT * FROM (\n{sql.rstrip().rstrip(';')}\n) AS bounded LIMIT {limit}"  # noqa: S608


def _text(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
