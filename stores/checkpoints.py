"""Checkpoints of local runs: LangGraph's SQLite saver, tuned, with errors that say what to do."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import aiosqlite
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from ..errors import StoreError


@asynccontextmanager
async def open_checkpoints(
    file: Path, *, timeout_seconds: float = 30.0
) -> AsyncGenerator[AsyncSqliteSaver, None]:
    """Open the checkpoints in a file, which is created on first use.

    Checkpoints may be lost with the power: a thread then goes on from an earlier one, and the
    journal, which is never lost, gives back what was done since. So they do not wait for the disk.

    Args:
        file: The SQLite file.
        timeout_seconds: Longest wait for another process that writes.

    Raises:
        StoreError: The file cannot be opened, read or written.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unusable(file, error) from error
    try:
        async with aiosqlite.connect(file, timeout=timeout_seconds) as connection:
            await connection.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;")
            saver = AsyncSqliteSaver(connection)
            await saver.setup()
            yield saver
    except sqlite3.Error as error:
        raise _unusable(file, error) from error


def _unusable(file: Path, error: Exception) -> StoreError:
    return StoreError(
        f"The checkpoints cannot be used: {error}.",
        where=str(file),
        fix="Free the disk or the file, or set POINTSMAN_HOME to another folder.",
    )
