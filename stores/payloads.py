"""Payloads: values stored once, under the digest of their content."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from ..errors import NotFoundError
from ..state.values import Json
from .database import Database
from .packing import compress, expand, is_small, json_bytes, ordered_bytes, parse_json, read_stored
from .schema import payload_holders, payloads
from .statements import insert_if_absent

INLINE_BYTES = 64
"""Shorter values stay in the row that refers to them: a digest would take as much room."""


EVERYBODY = "everybody"
"""Who has stored what belongs to no conversation, and stays."""


def holder_of_thread(thread: str) -> str:
    """Return how it is noted that a thread has stored a payload."""
    return f"thread {thread}"


def holder_of_run(run: str) -> str:
    """Return how it is noted that a run has, where its thread is not known."""
    return f"run {run}"


@dataclass(frozen=True, kw_only=True)
class Content:
    """A value ready to be stored."""

    digest: str
    size: int
    """Bytes before compression."""
    data: bytes
    media_type: str | None = None
    """`None` for a JSON value."""

    @property
    def is_short(self) -> bool:
        """Whether it is stored in the row itself."""
        return self.size <= INLINE_BYTES


def content_of(value: Json) -> Content:
    """Prepare a JSON value; its digest is that of `state.values.digest`."""
    hashed = hashlib.sha256(json_bytes(value)).hexdigest()
    data = ordered_bytes(value)
    return Content(digest=hashed, size=len(data), data=compress(data))


async def contents_of(database: Database, values: Sequence[Json]) -> list[Content]:
    """Prepare JSON values: here if they are small, else where they do not hold up the loop."""
    if all(is_small(value) for value in values):
        return [content_of(value) for value in values]
    return await database.compute(lambda: [content_of(value) for value in values])


def content_of_bytes(data: bytes, media_type: str) -> Content:
    """Prepare bytes. The media type is part of the digest: the same bytes may be declared twice."""
    hashed = hashlib.sha256(media_type.encode() + b"\0" + data)
    return Content(digest=hashed.hexdigest(), size=len(data), data=data, media_type=media_type)


def insert_content(connection: Connection, content: Content, *, by: str = "") -> None:
    """Store content unless it is there.

    Args:
        connection: In a transaction.
        content: What to store.
        by: Who will name it, from `holder_of_thread` or `holder_of_run`: when all of these are
            forgotten, it goes; empty: whoever it may be.
    """
    insert_if_absent(
        connection,
        payloads,
        digest=content.digest,
        data=content.data,
        media_type=content.media_type,
    )
    insert_if_absent(connection, payload_holders, digest=content.digest, holder=by)


def stored_json(data: bytes) -> Json:
    """Read the `data` of a row that holds a JSON value."""
    return read_stored(lambda stored: parse_json(expand(stored)), data)


class SqlPayloads:
    """`Payloads` over the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, value: Json, *, thread: str = "") -> str:
        """Store a JSON value and return its digest.

        Args:
            value: The value.
            thread: The one that will name it; empty where that may be several.
        """
        [content] = await contents_of(self._database, [value])
        return await self._stored(content, thread)

    async def put_bytes(self, data: bytes, media_type: str, *, thread: str = "") -> str:
        """Store bytes and return their digest. Arguments as for `put`."""
        content = await self._database.compute(lambda: content_of_bytes(data, media_type))
        return await self._stored(content, thread)

    async def put_with_next_write(self, value: Json) -> str:
        """Store a JSON value of no conversation with what is written next; return its digest."""
        [content] = await contents_of(self._database, [value])
        await self._database.with_next_write(
            f"payload {content.digest}",
            lambda connection: insert_content(connection, content, by=EVERYBODY),
        )
        return content.digest

    async def _stored(self, content: Content, thread: str) -> str:
        by = holder_of_thread(thread) if thread else ""
        await self._database.write(lambda connection: insert_content(connection, content, by=by))
        return content.digest

    async def get(self, digest: str) -> Json:
        """Return the value. Raises `NotFoundError`."""

        def work(connection: Connection) -> Json:
            data, media_type = _row(connection, digest)
            if media_type is not None:
                raise _not_found(digest, f"It holds {media_type}, not JSON.")
            return stored_json(data)

        return await self._database.read(work)

    async def get_bytes(self, digest: str) -> tuple[bytes, str]:
        """Return bytes and media type. Raises `NotFoundError`."""

        def work(connection: Connection) -> tuple[bytes, str]:
            data, media_type = _row(connection, digest)
            if media_type is not None:
                return data, media_type
            return read_stored(expand, data), "application/json"

        return await self._database.read(work)


def _row(connection: Connection, digest: str) -> tuple[bytes, str | None]:
    query = select(payloads.c.data, payloads.c.media_type).where(payloads.c.digest == digest)
    row = connection.execute(query).one_or_none()
    if row is None:
        raise _not_found(digest, "No payload is stored under this digest.")
    return row.data, row.media_type


def _not_found(digest: str, message: str) -> NotFoundError:
    return NotFoundError(message, where=f"payload {digest}", fix="Check the digest and the store.")
