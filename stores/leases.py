"""Leases: who may act on a thread."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy import Connection, bindparam, select, text, update

from .database import Database
from .forgetting.forgotten import refuse_forgotten
from .records import LeaseHolder, Switch
from .schema import leases
from .statements import insert_if_absent
from .switches import active_switches

_THREAD = "thread:"
_WITHIN = "within:"
_SEPARATOR = "|"


def lease_of(thread: str) -> str:
    """Return the name of a thread's lease."""
    return f"{_THREAD}{thread}"  # LangGraph takes a number for a thread's id, too.


def thread_of(lease: str) -> str:
    """Return the thread that a lease is of, or nothing if it is of something else."""
    return lease.removeprefix(_THREAD) if lease.startswith(_THREAD) else ""


def lease_within(thread: str, nodes: Sequence[str]) -> str:
    """Return the name of the lease of a node of a larger graph, which is that graph's to wake.

    Args:
        thread: The larger graph's thread, whose id may hold anything.
        nodes: The names that LangGraph gives the node and those around it, outermost first.
    """
    return f"{_WITHIN}{_SEPARATOR.join([str(thread), *nodes])}"


def is_lease_within(lease: str, thread: str) -> bool:
    """Say whether a lease is, or may be, of a node that a thread of a larger graph runs us as."""
    return lease.startswith(f"{_WITHIN}{thread}{_SEPARATOR}")


def outer_thread_of(lease: str) -> str:
    """Return the larger graph's thread and the nodes within it, for people."""
    return lease.removeprefix(_WITHIN)


_GIVEN_BACK = (
    update(leases)
    .where(leases.c.name == bindparam("lease"), leases.c.owner == bindparam("holder"))
    .values(owner="", expires_at=0.0)
)


class SqlLeases:
    """Who may act on a thread.

    Args:
        database: Where to.
        clock: Unix time in seconds.
    """

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock

    async def acquire(
        self,
        name: str,
        *,
        owner: str,
        seconds: float,
        tell: Callable[[Sequence[Switch]], None] | None = None,
    ) -> int | None:
        """Take or renew a lease.

        Args:
            name: What is leased.
            owner: Who takes it.
            seconds: How long it lasts.
            tell: Is told which switches are on, as of the same moment: who begins to work must know
                them, and so need not ask for them.

        Returns:
            A fencing token, which grows whenever the owner changes and stays when it renews;
            `None` if another owner holds the lease.

        Raises:
            ForgottenError: It is of a thread that was forgotten.
        """

        def work(connection: Connection) -> tuple[int | None, Sequence[Switch]]:
            fence = take(connection)
            return fence, () if tell is None else active_switches(connection)

        def take(connection: Connection) -> int | None:
            now = self._clock()
            row = {"owner": owner, "expires_at": now + seconds, "used_at": now}
            if insert_if_absent(connection, leases, name=name, fence=1, **row):
                return 1
            # A forgotten thread has its row, so a new one is not asked about.
            if thread := thread_of(name):
                refuse_forgotten(connection, thread)
            held = connection.execute(
                select(leases).where(leases.c.name == name).with_for_update()
            ).one()
            if held.owner != owner and held.owner and held.expires_at > now:
                return None
            fence = held.fence + (held.owner != owner)
            connection.execute(
                update(leases).where(leases.c.name == name).values(fence=fence, **row)
            )
            return fence

        fence, active = await self._database.write(work)
        if tell is not None:
            tell(active)
        return fence

    async def holder(self, name: str) -> LeaseHolder | None:
        """Return who holds it; `None` if nobody does, or no longer."""
        query = select(leases).where(leases.c.name == name, leases.c.owner != "")

        def work(connection: Connection) -> LeaseHolder | None:
            row = connection.execute(query).one_or_none()
            if row is None or row.expires_at <= self._clock():
                return None
            return LeaseHolder(owner=row.owner, fence=row.fence, expires_at=row.expires_at)

        return await self._database.read(work)

    async def held(self) -> dict[str, LeaseHolder]:
        """Return every lease that was not given back, expired or not, by name."""
        # Literally as in the index of the leases that are held.
        query = select(leases).where(text("owner <> ''"))

        def work(connection: Connection) -> dict[str, LeaseHolder]:
            return {
                row.name: LeaseHolder(owner=row.owner, fence=row.fence, expires_at=row.expires_at)
                for row in connection.execute(query)
            }

        return await self._database.read(work)

    async def was_held(self, name: str) -> bool:
        """Say whether anybody has ever held it."""
        query = select(leases.c.fence).where(leases.c.name == name)
        return await self._database.read(lambda c: c.execute(query).first() is not None)

    async def release(self, name: str, *, owner: str) -> None:
        """Give it back; nothing happens if another owner holds it by now."""

        # The row stays, so that the token keeps growing.
        def work(connection: Connection) -> None:
            connection.execute(_GIVEN_BACK, {"lease": name, "holder": owner})

        await self._database.write(work)
