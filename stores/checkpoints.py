"""Checkpoints of local runs: LangGraph's SQLite saver, tuned, with errors that say what to do."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiosqlite
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import CheckpointTuple
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
            saver = _Saver(connection, serde=_CheckedSerializer(file), file=file)
            await saver.setup()
            yield saver
    except sqlite3.Error as error:
        raise _unusable(file, error) from error


class _Saver(AsyncSqliteSaver):
    """LangGraph's saver, whose errors say which file is damaged."""

    def __init__(self, *given: Any, file: Path, **named: Any) -> None:
        super().__init__(*given, **named)
        self._file = file

    async def aget_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """Read a checkpoint. Raises `StoreError`."""
        try:
            found = await super().aget_tuple(config)
        except ValueError as error:  # of the metadata, which are JSON
            raise _unusable(self._file, error) from error
        if found is not None and not _is_whole(found):
            raise _unusable(self._file, ValueError("A checkpoint is none"))
        return found


def _is_whole(found: CheckpointTuple) -> bool:
    parts: list[Any] = [found.checkpoint, found.metadata]
    if not all(isinstance(part, dict) for part in parts):
        return False
    return {"v", "channel_versions"} <= parts[0].keys() and "step" in parts[1]


class _CheckedSerializer(JsonPlusSerializer):
    """LangGraph's serializer with a checksum behind each value.

    SQLite's own checks see the pages and not what stands in them; a spoilt value can still be read,
    as another one.
    """

    def __init__(self, file: Path) -> None:
        super().__init__()
        self._file = file

    def dumps_typed(self, obj: Any) -> tuple[str, bytes]:
        """Write a value and its checksum."""
        kind, data = super().dumps_typed(obj)
        return kind + _CHECKED, data + _checksum(data)

    def loads_typed(self, data: tuple[str, bytes]) -> Any:
        """Read a stored value, of an earlier release without a checksum. Raises `StoreError`."""
        try:
            kind, value = data
            if kind.endswith(_CHECKED):
                kind, value, found = kind.removesuffix(_CHECKED), value[:-4], value[-4:]
                if found != _checksum(value):
                    raise ValueError("A value is not as it was written")
            return super().loads_typed((kind, value))
        except (ValueError, TypeError, AttributeError, NotImplementedError) as error:
            raise _unusable(self._file, error) from error


_CHECKED = "+crc32"
"""Behind the type of a value with a checksum."""


def _checksum(data: bytes) -> bytes:
    return zlib.crc32(data).to_bytes(4, "big")


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
