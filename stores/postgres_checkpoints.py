"""Checkpoints beside the store in PostgreSQL: LangGraph's saver over a pool of connections."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any, LiteralString

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import (
    ChannelVersions,
    Checkpoint,
    CheckpointMetadata,
    CheckpointTuple,
)
from sqlalchemy import URL

from ..errors import StoreError
from .checked_values import CheckedSerializer, checked
from .engines import shown
from .packing import pack_text, unpack_text

try:
    import psycopg
    from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
    from psycopg.conninfo import make_conninfo
    from psycopg.rows import DictRow, dict_row
    from psycopg_pool import AsyncConnectionPool
except ModuleNotFoundError as missing:
    raise StoreError(
        "The PostgreSQL driver is not installed.",
        where="checkpoints",
        fix="Run pip install 'pointsman[postgres]'.",
    ) from missing

_Connection = psycopg.AsyncConnection[DictRow]

_CONNECTIONS = 2
"""The saver does one thing at a time; the other connection is for the one that broke."""

_MIGRATION_LOCK = 0x706F696E74636B
"""Any number that every process of this package uses for nothing else."""

_WAIT_SECONDS = 0.05


@asynccontextmanager
async def open_postgres(
    url: URL, timeout_seconds: float
) -> AsyncGenerator[AsyncPostgresSaver, None]:
    """Open the checkpoints in a database, whose tables are made or migrated first.

    Args:
        url: From `store_url`.
        timeout_seconds: Longest wait for a lock, a statement or a connection.

    Raises:
        StoreError: The database cannot be reached, read or written.
    """

    async def configure(connection: _Connection) -> None:
        # The journal's commits do wait for the disk, and take along what was written before.
        await _set(connection, "synchronous_commit", "off")
        for limit in ("statement_timeout", "lock_timeout"):
            await _set(connection, limit, str(int(timeout_seconds * 1000)))

    try:
        # A pool that cannot connect says only that it waited; a connection says why.
        async with await _Connection.connect(
            conninfo_of(url), autocommit=True, row_factory=dict_row
        ) as first:
            await _bring_up_to_date(first, timeout_seconds)
        pool = AsyncConnectionPool(
            conninfo_of(url),
            connection_class=_Connection,
            min_size=1,
            max_size=_CONNECTIONS,
            open=False,
            timeout=timeout_seconds,
            kwargs={"autocommit": True, "row_factory": dict_row, "prepare_threshold": 0},
            configure=configure,
            check=_check,
        )
        async with pool:
            yield _PostgresSaver(pool, url=url)
    except psycopg.Error as error:
        raise _unusable(url, error) from error


class _PostgresSaver(AsyncPostgresSaver):
    """LangGraph's saver for any text, whose errors say what is damaged."""

    def __init__(self, pool: AsyncConnectionPool[_Connection], *, url: URL) -> None:
        super().__init__(pool, serde=CheckedSerializer(lambda error: _unusable(url, error)))
        self._url = url

    async def aget_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """Read a checkpoint. Raises `StoreError`."""
        try:
            return checked(await super().aget_tuple(config))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise _unusable(self._url, error) from error

    async def aput(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """Save a checkpoint, whose texts stand in a JSON column."""
        packed = {key: _packed(value) for key, value in checkpoint["channel_values"].items()}
        stored: Checkpoint = {**checkpoint, "channel_values": packed}
        return await super().aput(config, stored, metadata, new_versions)

    async def _load_checkpoint_tuple(self, value: DictRow) -> CheckpointTuple:
        # Private, and the one place that every way of reading goes through: what the public methods
        # return no longer tells texts of the JSON column from those of blobs, which are not packed.
        # tests/stores/test_checkpoints.py fails when a way of reading passes it by.
        stored: Mapping[str, Any] = value["checkpoint"].get("channel_values") or {}
        unpacked = {key: _unpacked(each) for key, each in stored.items()}
        row = {**value, "checkpoint": {**value["checkpoint"], "channel_values": unpacked}}
        return await super()._load_checkpoint_tuple(row)


def _packed(value: Any) -> Any:
    return pack_text(value) if isinstance(value, str) else value


def _unpacked(value: Any) -> Any:
    return unpack_text(value) if isinstance(value, str) else value


async def _bring_up_to_date(connection: _Connection, timeout_seconds: float) -> None:
    """Make or migrate the saver's tables, however many processes open them at once.

    The lock is asked for again and again: who waits for it within a statement holds a snapshot, for
    which the holder's `CREATE INDEX CONCURRENTLY` would wait in turn.
    """
    deadline = time.monotonic() + timeout_seconds
    while not await _ask(connection, "SELECT pg_try_advisory_lock(%s) AS said"):
        if time.monotonic() > deadline:
            raise psycopg.OperationalError("another process is still migrating the checkpoints")
        await asyncio.sleep(_WAIT_SECONDS)
    await AsyncPostgresSaver(connection).setup()
    await _ask(connection, "SELECT pg_advisory_unlock(%s) AS said")


async def _ask(connection: _Connection, question: LiteralString) -> bool:
    cursor = await connection.execute(question, [_MIGRATION_LOCK])
    row = await cursor.fetchone()
    return row is not None and row["said"]


async def _check(connection: _Connection) -> None:
    """Find out before it is needed that the database was started anew."""
    await connection.execute("")


async def _set(connection: _Connection, name: str, value: str) -> None:
    await connection.execute("SELECT set_config(%s, %s, false)", [name, value])


def conninfo_of(url: URL) -> str:
    """Return a URL as the driver itself takes it."""
    query = {k: v if isinstance(v, str) else ",".join(v) for k, v in url.query.items()}
    named = url.translate_connect_args(username="user", database="dbname")
    return make_conninfo(**{"connect_timeout": "10", **query, **named})


def _unusable(url: URL, error: Exception) -> StoreError:
    where = shown(url)
    if not isinstance(error, psycopg.Error):
        return StoreError(
            f"The checkpoints cannot be read: {str(error).rstrip('.')}.",
            where=where,
            fix="They are damaged: restore them from a backup. What was done stands in the store.",
        )
    # PostgreSQL's own text quotes the row.
    said = f"SQLSTATE {error.sqlstate}" if error.sqlstate else str(error).strip().rstrip(".")
    return StoreError(
        f"The checkpoints cannot be used: {type(error).__name__}, {said}.",
        where=where,
        fix="Check the database, its disk and its permissions.",
    )
