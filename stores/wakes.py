"""Wakes: threads that somebody should look at, each taken by one worker at a time.

A row says nothing of what there is to do: whoever looks finds that in the thread, its tasks and its
approvals. So a row too many costs a look and nothing else, and a row is gone only when what made it
was seen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, delete, func, select, text, update

from .database import Database
from .rates import take_token
from .records import Wake
from .schema import wakes
from .statements import insert_if_absent

_TAKING_LOCK = 0x706F696E747761
"""Any number that every process of this package uses for nothing else."""
_FREE = {"taken_by": "", "taken_until": 0.0}
_UNTRIED = {"tries": 0, "errors": 0}


def wake(
    connection: Connection, thread: str, *, tenant: str = "", priority: int = 0, due_at: float
) -> None:
    """Have a thread looked at, as part of the transaction that makes it worth a look."""
    asked = {"thread_id": thread, "tenant": tenant, "rank": -priority, "due_at": due_at}
    own = wakes.c.thread_id == thread
    # A worker may settle the row between the two.
    while not insert_if_absent(connection, wakes, **asked, number=1, **_FREE, **_UNTRIED):
        row = connection.execute(select(wakes).where(own).with_for_update()).one_or_none()
        if row is None:
            continue
        newer = {
            "tenant": tenant or row.tenant,
            "rank": min(-priority, row.rank),
            "due_at": min(due_at, row.due_at),
            "number": row.number + 1,
        }
        connection.execute(update(wakes).where(own).values({**newer, **_UNTRIED}))
        return


def within_limit(
    found: Sequence[Row[Any]], busy: Mapping[str, int], *, room: int, limit: int | None
) -> list[Row[Any]]:
    """Choose rows in their order, so that no tenant has more than `limit` at work.

    Args:
        found: Rows with a `tenant`, those that come first first.
        busy: Tenant → how many are at work already.
        room: Most to choose.
        limit: Most at work of one tenant, `None` for any number.
    """
    at_work = Counter(busy)
    chosen: list[Row[Any]] = []
    for row in found:
        if len(chosen) == room:
            break
        if limit is None or at_work[row.tenant] < limit:
            at_work[row.tenant] += 1
            chosen.append(row)
    return chosen


class SqlWakes:
    """Threads to look at.

    Args:
        database: Where to.
        clock: Unix time in seconds.
    """

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock

    async def add(self, threads: Sequence[str]) -> None:
        """Have threads looked at now, without forgetting how often that was tried."""
        now = self._clock()

        def work(connection: Connection) -> None:
            for thread in sorted(threads):
                asked = {"thread_id": thread, "tenant": "", "rank": 0, "due_at": now, "number": 1}
                if not insert_if_absent(connection, wakes, **asked, **_FREE, **_UNTRIED):
                    later = (wakes.c.thread_id == thread) & (wakes.c.due_at > now)
                    connection.execute(update(wakes).where(later).values(due_at=now))

        if threads:
            await self._database.write(work)

    async def take(
        self,
        by: str,
        *,
        room: int,
        seconds: float,
        limit: int | None = None,
        rate: int | None = None,
        thread: str | None = None,
    ) -> Sequence[Wake]:
        """Take threads that are due: by priority, then by how long they wait.

        Args:
            by: Who takes them.
            room: Most to take.
            seconds: How long nobody else takes them; see `renew`.
            limit: Most threads of one tenant at work at a time, over all workers.
            rate: Most threads of one tenant a minute, over all workers.
            thread: Only this one.
        """

        def work(connection: Connection) -> list[Wake]:
            now = self._clock()
            if limit is not None:
                _one_at_a_time(connection)
            taken: list[Wake] = []
            spent: set[str] = set()
            while len(taken) < room:
                busy = {} if limit is None else _at_work(connection, now)
                full = [tenant for tenant, count in busy.items() if count >= (limit or 0)]
                found = _due(connection, now, room - len(taken), [*full, *spent], thread)
                chosen = within_limit(found, busy, room=room - len(taken), limit=limit)
                for row in chosen:
                    if row.tenant in spent or not _has_token(connection, row.tenant, rate, now):
                        spent.add(row.tenant)
                        continue
                    values = {"taken_by": by, "taken_until": now + seconds, "tries": row.tries + 1}
                    connection.execute(
                        update(wakes).where(wakes.c.thread_id == row.thread_id).values(values)
                    )
                    taken.append(_wake_of(row))
                if len(chosen) == len(found) and spent.isdisjoint(row.tenant for row in found):
                    break
            return taken

        return await self._database.write(work) if room > 0 else ()

    async def renew(self, by: str, seconds: float) -> None:
        """Keep all that one worker has taken."""
        statement = (
            update(wakes).where(wakes.c.taken_by == by).values(taken_until=self._clock() + seconds)
        )

        def work(connection: Connection) -> None:
            connection.execute(statement)

        await self._database.write(work)

    async def settle(self, seen: Wake, by: str, *, again_at: float | None = None) -> None:
        """Give a thread back that was looked at, and forget it unless there is a newer reason.

        Args:
            seen: As it was taken.
            by: Who took it.
            again_at: When somebody should look again.
        """
        own = (wakes.c.thread_id == seen.thread_id) & (wakes.c.taken_by == by)

        def work(connection: Connection) -> None:
            as_seen = own & (wakes.c.number == seen.number)
            if again_at is None:
                connection.execute(delete(wakes).where(as_seen))
            else:
                connection.execute(update(wakes).where(as_seen).values(due_at=again_at))
            connection.execute(update(wakes).where(own).values({**_FREE, **_UNTRIED}))

        await self._database.write(work)

    async def put_off(self, seen: Wake, by: str, *, until: float, error: bool = False) -> None:
        """Give a thread back that could not be seen to now.

        Args:
            seen: As it was taken.
            by: Who took it.
            until: When it is due again.
            error: Whether its run came to an error.
        """
        own = (wakes.c.thread_id == seen.thread_id) & (wakes.c.taken_by == by)
        values = {**_FREE, "due_at": until, "tries": seen.tries - 1, "errors": seen.errors + error}

        def work(connection: Connection) -> None:
            connection.execute(update(wakes).where(own).values(values))

        await self._database.write(work)

    async def takers(self) -> Sequence[str]:
        """Return who has taken something."""
        query = select(wakes.c.taken_by).where(wakes.c.taken_by != "").distinct()
        return await self._database.read(lambda c: c.execute(query).scalars().all())

    async def leave(self, by: str) -> None:
        """Let others take what somebody took who is gone."""
        statement = update(wakes).where(wakes.c.taken_by == by).values(_FREE)

        def work(connection: Connection) -> None:
            connection.execute(statement)

        await self._database.write(work)

    async def waiting(self) -> int:
        """Return how many threads are due and with nobody."""
        now = self._clock()
        query = select(func.count()).where(wakes.c.due_at <= now, wakes.c.taken_until <= now)
        return await self._database.read(lambda c: c.execute(query).scalar_one())


def _due(
    connection: Connection, now: float, room: int, full: Sequence[str], thread: str | None
) -> Sequence[Row[Any]]:
    query = (
        select(wakes)
        .where(wakes.c.due_at <= now, wakes.c.taken_until <= now)
        .order_by(wakes.c.rank, wakes.c.due_at)
        .limit(room)
        .with_for_update(skip_locked=True)
    )
    if full:
        query = query.where(wakes.c.tenant.not_in(full))
    if thread is not None:
        query = query.where(wakes.c.thread_id == thread)
    return connection.execute(query).all()


def _at_work(connection: Connection, now: float) -> dict[str, int]:
    query = (
        select(wakes.c.tenant, func.count().label("at_work"))
        .where(wakes.c.taken_until > now)
        .group_by(wakes.c.tenant)
    )
    return {row.tenant: row.at_work for row in connection.execute(query)}


def _has_token(connection: Connection, tenant: str, rate: int | None, now: float) -> bool:
    if rate is None:
        return True
    name = f"tenant:{tenant}"
    return not take_token(connection, name, per_minute=rate, patience=0.0, now=now)


def _one_at_a_time(connection: Connection) -> None:
    """Have workers count and take in turn; two at once would each see room for one more."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_TAKING_LOCK})"))


def _wake_of(row: Row[Any]) -> Wake:
    return Wake(
        thread_id=row.thread_id,
        tenant=row.tenant,
        priority=-row.rank,
        number=row.number,
        tries=row.tries + 1,
        errors=row.errors,
    )
