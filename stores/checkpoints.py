"""Checkpoints: LangGraph's savers, tuned, with errors that say what to do."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import aiosqlite
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import BaseCheckpointSaver, CheckpointTuple
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from ..errors import ConfigError, StoreError
from .checked_values import CheckedSerializer, checked
from .engines import store_url, use_write_ahead_log
from .files import private_file
from .sealing import Seal


@asynccontextmanager
async def open_checkpoints(
    where: str | Path, *, timeout_seconds: float = 30.0, seal: Seal | None = None
) -> AsyncGenerator[BaseCheckpointSaver[str], None]:
    """Open the checkpoints in a file or a database, whose tables are made on first use.

    Checkpoints may be lost with the power: a thread then goes on from an earlier one, and the
    journal, which is never lost, gives back what was done since. So they do not wait for the disk.

    Args:
        where: The SQLite file, or `postgresql://USER@HOST/DATABASE`.
        timeout_seconds: Longest wait for another process that writes.
        seal: Seals values in a file; opens those that were sealed.

    Raises:
        ConfigError: The URL cannot be read; or values are to be sealed in PostgreSQL, where
            LangGraph writes short ones into the row itself.
        StoreError: The checkpoints cannot be opened, read or written.
    """
    url = store_url(where)
    if url.get_backend_name() == "sqlite":
        opened = _open_file(Path(url.database or ""), timeout_seconds, seal)
    else:
        if seal and seal.closes:
            raise ConfigError(
                "Checkpoints in PostgreSQL are not sealed.",
                where="masking.seal_checkpoints",
                fix="Leave it out, and have the database's disk encrypted.",
            )
        # The driver is an extra.
        from .postgres_checkpoints import open_postgres

        opened = open_postgres(url, timeout_seconds)
    async with opened as saver:
        yield saver


@asynccontextmanager
async def _open_file(
    file: Path, timeout_seconds: float, seal: Seal | None
) -> AsyncGenerator[BaseCheckpointSaver[str], None]:
    private_file(file)
    try:
        await asyncio.to_thread(_switch_to_wal, file, timeout_seconds)
        async with aiosqlite.connect(file, timeout=timeout_seconds) as connection:
            await connection.execute("PRAGMA synchronous = NORMAL")
            serde = CheckedSerializer(lambda error: _unusable(file, error), seal=seal)
            saver = _FileSaver(connection, serde=serde, file=file)
            await saver.setup()
            yield saver
    except sqlite3.Error as error:
        raise _unusable(file, error) from error


def _switch_to_wal(file: Path, timeout_seconds: float) -> None:
    """Switch a file to WAL, which it keeps; by a connection of its own, which may block."""
    with closing(sqlite3.connect(file, timeout=timeout_seconds)) as connection:
        use_write_ahead_log(connection, timeout_seconds)


class _FileSaver(AsyncSqliteSaver):
    """LangGraph's saver, whose errors say which file is damaged."""

    def __init__(self, *given: Any, file: Path, **named: Any) -> None:
        super().__init__(*given, **named)
        self._file = file

    async def aget_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """Read a checkpoint. Raises `StoreError`."""
        try:
            return checked(await super().aget_tuple(config))
        except ValueError as error:  # the metadata are JSON
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
