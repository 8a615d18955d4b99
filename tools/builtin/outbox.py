"""An outbox: messages that another process sends, each written exactly once."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

from pydantic import Field
from typing_extensions import Unpack

from ...state.values import Json, JsonObject
from ...stores.files import private_file
from ..contract import ContractOptions, Tool, ToolCall
from ..decorator import tool
from ..threads import TOOL_THREADS

_TABLE = """
CREATE TABLE IF NOT EXISTS outbox (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    recipient TEXT NOT NULL,
    subject TEXT NOT NULL,
    body TEXT NOT NULL,
    run_id TEXT NOT NULL,
    created_at REAL NOT NULL
)
"""


def outbox(path: Path, **contract: Unpack[ContractOptions]) -> Tool:
    """Make a tool that puts a message into the table `outbox` of a SQLite file.

    The idempotency key is unique in the table: the same call a second time finds its message.

    Args:
        path: The SQLite file; file and table are made on first use.
        **contract: Fields of the contract to set otherwise.
    """
    options: ContractOptions = {
        "effect": "message",
        "trust": "trusted",
        "idempotency": "key",
        "consequential": ("to", "subject", "body"),
        **contract,
    }

    async def reconcile(key: str, _args: JsonObject) -> tuple[bool, Json]:
        found = await TOOL_THREADS.run(_find, path, key)
        return found is not None, found

    @tool(describe=_describe, preview=_preview, reconcile=reconcile, **options)
    def send_message(
        to: Annotated[str, Field(max_length=320, json_schema_extra={"format": "email"})],
        subject: Annotated[str, Field(max_length=200, pattern=r"^[^\r\n]*$")],
        body: Annotated[str, Field(min_length=1, max_length=20_000)],
        call: ToolCall,
    ) -> Json:
        """Send a message by putting it into the outbox.

        Args:
            to: E-mail address of the one recipient.
            subject: Subject line.
            body: Text of the message.
            call: The call.
        """
        return _put(path, call, (to, subject, body))

    return send_message


@contextmanager
def _opened(path: Path) -> Generator[sqlite3.Connection]:
    if not path.exists():
        # It holds what was written to whom. Who may read one that exists is its owner's affair.
        private_file(path)
    connection = sqlite3.connect(path, timeout=10.0, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(_TABLE)
        yield connection
    finally:
        connection.close()


def _put(path: Path, call: ToolCall, message: tuple[str, str, str]) -> Json:
    with _opened(path) as connection:
        connection.execute(
            "INSERT INTO outbox (key, recipient, subject, body, run_id, created_at)"
            " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING",
            (call.idempotency_key, *message, call.run_id, time.time()),
        )
        return _row(connection, call.idempotency_key)


def _find(path: Path, key: str) -> Json:
    with _opened(path) as connection:
        return _row(connection, key)


def _row(connection: sqlite3.Connection, key: str) -> Json:
    query = "SELECT id, recipient, subject FROM outbox WHERE key = ?"
    row = connection.execute(query, (key,)).fetchone()
    return None if row is None else {"message": row[0], "to": row[1], "subject": row[2]}


def _describe(args: JsonObject) -> str:
    return f"Send {args['to']} a message with the subject {args['subject']!r}."


async def _preview(args: JsonObject, _call: ToolCall) -> Json:
    return {name: args[name] for name in ("to", "subject", "body")}
