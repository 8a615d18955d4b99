"""Idle threads: when each was last at work, and the classes of what it holds."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select, tuple_

from ..database import Database
from ..leases import lease_of, thread_of
from ..schema import leases, tasks
from ..thread_classes import classes_of_threads


@dataclass(frozen=True, kw_only=True)
class IdleThread:
    """A thread at which nobody was for a while."""

    id: str
    used_at: float
    """When a run last took or renewed it, in Unix seconds."""
    classes: frozenset[str]
    """Of the data that it holds."""
    queued: bool
    """Whether a task waits for a worker."""


class SqlIdleThreads:
    """Threads by when they were last used."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def before(
        self, moment: float, *, after: IdleThread | None = None, limit: int
    ) -> list[IdleThread]:
        """Return threads that were last used before a moment, oldest first.

        A forgotten thread is not among them, nor what a larger graph runs as a node.

        Args:
            moment: Unix time in seconds.
            after: The last one of the page before.
            limit: Most threads.
        """
        query = select(leases.c.name, leases.c.used_at).where(
            # Of a forgotten thread it is 0.
            leases.c.used_at > 0,
            leases.c.used_at < moment,
            leases.c.name.startswith("thread:"),
        )
        if after is not None:
            place = tuple_(leases.c.used_at, leases.c.name)
            query = query.where(place > tuple_(after.used_at, lease_of(after.id)))
        query = query.order_by(leases.c.used_at, leases.c.name).limit(limit)

        def work(connection: Connection) -> list[IdleThread]:
            used = {thread_of(row.name): row.used_at for row in connection.execute(query)}
            classes = classes_of_threads(connection, used)
            left = select(tasks.c.thread_id).where(
                tasks.c.thread_id.in_(used), tasks.c.state == "queued"
            )
            queued = {*connection.execute(left).scalars()}
            return [
                IdleThread(
                    id=thread,
                    used_at=at,
                    classes=classes.get(thread, frozenset()),
                    queued=thread in queued,
                )
                for thread, at in used.items()
            ]

        return await self._database.read(work)
