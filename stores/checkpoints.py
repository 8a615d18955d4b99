"""Checkpoints of local runs: LangGraph's SQLite saver, tuned, with errors that say what to do."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiosqlite
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from ..errors import StoreError
from .files import private_file


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
    private_file(file)
    try:
        async with aiosqlite.connect(file, timeout=timeout_seconds) as connection:
            await connection.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;")
            saver = AsyncSqliteSaver(connection, serde=_CheckedSerializer(file))
            await saver.setup()
            yield saver
    except sqlite3.Error as error:
        raise _unusable(file, error) from error


class _CheckedSerializer(JsonPlusSerializer):
    """LangGraph's serializer, whose errors say which file is damaged."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self._file = file

    def loads_typed(self, data: tuple[str, bytes]) -> Any:
        """Read a stored value. Raises `StoreError`."""
        try:
            return super().loads_typed(data)
        except (ValueError, TypeError, NotImplementedError) as error:
            raise _unusable(self._file, error) from error


def _unusable(file: Path, error: Exception) -> StoreError:
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        fix = "The file is damaged: restore it from a backup, or move it away. Threads then begin "
        fix += "anew; what was done stands in the store and is not done again."
    else:
        fix = "Free the disk or the file, or set POINTSMAN_HOME to another folder."
    return StoreError(
        f"The checkpoints cannot be used: {str(error).rstrip('.')}.", where=str(file), fix=fix
    )
