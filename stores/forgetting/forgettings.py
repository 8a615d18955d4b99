"""Forgettings: which threads are to be forgotten, how far that has come, and what it removed.

The intent is recorded first, and with it nobody acts on the thread any more. Whatever ends the work
in the middle, a dead process or a full disk, what is half forgotten stands here as unfinished, and
doing it again goes on: each of its parts may be done any number of times.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, insert, or_, select, update

from ...errors import NotFoundError, OperatorError, StoreError
from ..audit import SqlAuditLog, append_entry, remove_bodies
from ..bodies import body_of, record_in
from ..database import Database
from ..journal import OWNER, owner_in, owner_key
from ..leases import is_lease_within, lease_of
from ..records import AuditEntry, DeletionReceipt, LeaseHolder
from ..schema import audit_entries, forgettings, leases, notes, tasks
from ..statements import insert_if_absent
from .forgotten import refuse_forgotten
from .principals import KnownPrincipal, remove_about
from .removal import RETENTION_BEGUN, RETENTION_DONE, old_bodies, remove_thread

BEGUN, DONE = "forgetting_begun", "thread_forgotten"
"""Kinds of the audit log's entries that frame a forgetting."""


Acts = Callable[[LeaseHolder, float], bool]
"""Whether who holds a lease may still act under it, at a time."""


@dataclass(frozen=True, kw_only=True)
class ForgettingIntent:
    """That a thread is to be forgotten, and why."""

    thread: str
    actor: str = ""
    reason: str = ""
    seen: str | None = None
    """The tenant whose threads that person may see; `None` for all."""
    known: bool = False
    """Whether it has checkpoints."""
    idle_since: float | None = None
    """Only if nobody was at work on it after that moment, and no task waits for it."""
    ended_class: str = ""
    keeps_audit: bool = False
    principal: str = ""


class SqlForgettings:
    """What is to be forgotten, and was.

    Args:
        database: Where to.
        clock: Unix time in seconds.
        log: Told of each new entry of the audit log.
    """

    def __init__(self, database: Database, clock: Callable[[], float], log: SqlAuditLog) -> None:
        self._database = database
        self._clock = clock
        self._log = log

    async def begin(
        self,
        intents: Sequence[ForgettingIntent],
        *,
        acts: Acts,
        about: KnownPrincipal | None = None,
    ) -> list[DeletionReceipt]:
        """Record that threads are to be forgotten, all or none; nobody acts on them from then on.

        Args:
            intents: The threads.
            acts: Whether who holds a lease may still act under it.
            about: Whose threads they are, if they are somebody's to be forgotten as a whole. What
                is kept about them outside of threads is removed at once.

        Returns:
            What was removed so far of each, if it was begun before.

        Raises:
            NotFoundError: There is no such thread, for whoever sees one tenant.
            OperatorError: A run is at work on one, or was since it was last looked at.
            StoreError: Other tenants have used one too.
        """
        await self._database.write_what_waits()

        def work(connection: Connection) -> list[tuple[DeletionReceipt, AuditEntry | None]]:
            # In one order, so that two of these cannot wait for each other.
            ordered = sorted(intents, key=lambda intent: intent.thread)
            now = self._clock()
            done = [_begun_by(connection, intent, now, acts) for intent in ordered]
            if about is None:
                return done
            return _with_removal(connection, done, about, ordered[0], now)

        done = await self._database.write(work)
        for _, entry in done:
            if entry is not None:
                await self._log.anchored(entry)
        return [receipt for receipt, _ in done][: len(intents)]

    async def remove(
        self, thread: str, *, named: frozenset[str], needed: frozenset[str] | None
    ) -> DeletionReceipt | None:
        """Remove what the store holds of a thread, all or nothing.

        Args:
            thread: The thread, whose forgetting was begun.
            named: Digests that its checkpoints name.
            needed: Digests that checkpoints of other threads name; `None`: nobody has looked.

        Returns:
            What was removed so far; `None` if nothing was, because it has to be known first what
            other threads' checkpoints name.
        """

        def work(connection: Connection) -> tuple[DeletionReceipt, list[AuditEntry]] | None:
            receipt = _receipt(_begun(connection, thread))
            removal = remove_thread(
                connection,
                receipt,
                at=self._clock(),
                named=named,
                needed=needed,
            )
            if removal is None:
                return None
            receipt = _added(receipt, removal.removed).model_copy(
                update={"kept": tuple(removal.kept)}
            )
            _keep(connection, receipt)
            return receipt, removal.entries

        done = await self._database.write(work)
        if done is None:
            return None
        receipt, entries = done
        for entry in entries:
            await self._log.anchored(entry)
        return receipt

    async def would_remove(
        self, intent: ForgettingIntent, *, named: frozenset[str], needed: frozenset[str] | None
    ) -> dict[str, int] | None:
        """Return what `remove` would remove of a thread, by place, and change nothing.

        Returns:
            `None` if it has to be known first what other threads' checkpoints name.
        """
        now = self._clock()
        receipt = DeletionReceipt(
            thread_id=intent.thread, begun_at=now, keeps_audit=intent.keeps_audit
        )

        def work(connection: Connection) -> dict[str, int] | None:
            with connection.begin_nested() as trial:
                removal = remove_thread(connection, receipt, at=now, named=named, needed=needed)
                trial.rollback()
            return None if removal is None else removal.removed

        return await self._database.write(work)

    async def old_entries(self, before: float, *, limit: int) -> int:
        """Return how many entries of the audit log from before a moment have a text, to a limit."""

        def work(connection: Connection) -> int:
            return sum(len(each) for each in old_bodies(connection, before, limit).values())

        return await self._database.read(work)

    async def remove_entries(self, before: float, *, actor: str, reason: str, limit: int) -> int:
        """Remove the texts of entries of the audit log from before a moment; return how many."""

        def work(connection: Connection) -> tuple[int, list[AuditEntry]]:
            found = old_bodies(connection, before, limit)
            entries = [
                remove_bodies(
                    connection,
                    tenant,
                    sorted(numbers),
                    at=self._clock(),
                    reason=reason,
                    actor=actor,
                )
                for tenant, numbers in sorted(found.items())
            ]
            return sum(map(len, found.values())), entries

        count, entries = await self._database.write(work)
        for entry in entries:
            await self._log.anchored(entry)
        return count

    async def is_retention_open(self) -> bool:
        """Say whether a removal of what is past its lifetime was begun and has not come to its end.

        Its threads are listed as unfinished; what it removed besides may still stand in the files.
        """
        kinds = (RETENTION_BEGUN, RETENTION_DONE)
        query = (
            select(audit_entries.c.kind)
            .where(audit_entries.c.tenant == "", audit_entries.c.kind.in_(kinds))
            .order_by(audit_entries.c.number.desc())
            .limit(1)
        )
        newest = await self._database.read(lambda c: c.execute(query).scalar_one_or_none())
        return newest == RETENTION_BEGUN

    async def note_removed(self, thread: str, place: str, count: int) -> None:
        """Note what is about to be removed elsewhere; of one place the largest number counts."""

        def work(connection: Connection) -> None:
            receipt = _receipt(_begun(connection, thread))
            most = max(count, receipt.removed.get(place, 0))
            _keep(
                connection,
                receipt.model_copy(update={"removed": {**receipt.removed, place: most}}),
            )

        if count:
            await self._database.write(work)

    async def finish(
        self, thread: str, *, rewritten: Sequence[str], out_of_reach: Sequence[str]
    ) -> DeletionReceipt:
        """Record that all is done, with an entry of the audit log that says what was removed."""

        def work(connection: Connection) -> tuple[DeletionReceipt, AuditEntry]:
            receipt = _receipt(_begun(connection, thread))
            now = self._clock()
            entry = append_entry(
                connection,
                tenant=receipt.audit_tenant,
                at=now,
                kind=DONE,
                thread_id=thread,
                actor=receipt.actor,
                body={"reason": receipt.reason, "removed": receipt.removed},
            )
            ended = receipt.model_copy(
                update={
                    "ended_at": now,
                    "rewritten": tuple(rewritten),
                    "out_of_reach": tuple(out_of_reach),
                    "audit_entry": entry.seq,
                }
            )
            _keep(connection, ended)
            return ended, entry

        receipt, entry = await self._database.write(work)
        await self._log.anchored(entry)
        return receipt

    async def every(self, *, unfinished: bool = False) -> Sequence[DeletionReceipt]:
        """Return what was forgotten, oldest first; or only what is not finished."""
        query = select(forgettings).order_by(forgettings.c.begun_at)
        if unfinished:
            query = query.where(forgettings.c.ended_at.is_(None))
        return await self._database.read(
            lambda connection: [_receipt(row) for row in connection.execute(query)]
        )

    async def of_principal(self, principal: str) -> Sequence[DeletionReceipt]:
        """Return what was forgotten because a principal was, given as a digest, oldest first."""
        return [one for one in await self.every() if one.principal == principal]

    async def refuse(self, thread: str) -> None:
        """Refuse a thread that was forgotten, or is about to be. Raises `ForgottenError`."""
        await self._database.read(lambda connection: refuse_forgotten(connection, thread))


def _begun_by(
    connection: Connection, intent: ForgettingIntent, now: float, acts: Acts
) -> tuple[DeletionReceipt, AuditEntry | None]:
    thread = intent.thread
    row = _row(connection, thread, lock=True)
    whose = _tenant(connection, thread, intent.seen)
    if row is not None:
        again = _receipt(row).model_copy(update={"ended_at": None})
        _keep(connection, again)
        return again, None
    if not intent.known and not _is_known(connection, thread):
        raise _absent(thread)
    _take_from_all(connection, thread, now, acts, intent.idle_since)
    receipt = DeletionReceipt(
        thread_id=thread,
        actor=intent.actor,
        reason=intent.reason,
        begun_at=now,
        audit_tenant=whose,
        ended_class=intent.ended_class,
        keeps_audit=intent.keeps_audit,
        principal=intent.principal,
    )
    connection.execute(
        insert(forgettings).values(
            thread_id=thread, begun_at=now, ended_at=None, receipt=body_of(receipt)
        )
    )
    entry = append_entry(
        connection,
        tenant=whose,
        at=now,
        kind=BEGUN,
        thread_id=thread,
        actor=intent.actor,
        body={"reason": intent.reason},
    )
    return receipt, entry


def _with_removal(
    connection: Connection,
    done: list[tuple[DeletionReceipt, AuditEntry | None]],
    about: KnownPrincipal,
    intent: ForgettingIntent,
    now: float,
) -> list[tuple[DeletionReceipt, AuditEntry | None]]:
    """Remove what is kept about somebody outside of threads; the first receipt counts it."""
    removal = remove_about(connection, about, at=now, actor=intent.actor, reason=intent.reason)
    (first, entry), *rest = done
    counted = _added(first, removal.removed)
    _keep(connection, counted)
    return [(counted, entry), *rest, *((counted, told) for told in removal.entries)]


def _row(connection: Connection, thread: str, *, lock: bool = False) -> Row[Any] | None:
    query = select(forgettings).where(forgettings.c.thread_id == thread)
    return connection.execute(query.with_for_update() if lock else query).one_or_none()


def _begun(connection: Connection, thread: str) -> Row[Any]:
    row = _row(connection, thread, lock=True)
    if row is None:
        raise _absent(thread)
    return row


def _receipt(row: Row[Any]) -> DeletionReceipt:
    where = f"pointsman_forgettings.receipt, thread {row.thread_id}"
    return record_in(DeletionReceipt, row.receipt, where=where)


def _keep(connection: Connection, receipt: DeletionReceipt) -> None:
    connection.execute(
        update(forgettings)
        .where(forgettings.c.thread_id == receipt.thread_id)
        .values(ended_at=receipt.ended_at, receipt=body_of(receipt))
    )


def _added(receipt: DeletionReceipt, removed: dict[str, int]) -> DeletionReceipt:
    """Add what another pass has found: after a worker that slept, there may be more."""
    places = receipt.removed.keys() | removed.keys()
    both = {p: receipt.removed.get(p, 0) + removed.get(p, 0) for p in sorted(places)}
    return receipt.model_copy(update={"removed": both})


def _is_known(connection: Connection, thread: str) -> bool:
    """Say whether the store has heard of a thread: every run takes a lease first."""
    tables = ((leases, leases.c.name == lease_of(thread)), (tasks, tasks.c.thread_id == thread))
    return any(connection.execute(select(t).where(is_it)).first() for t, is_it in tables)


def _tenant(connection: Connection, thread: str, seen: str | None) -> str:
    """Return in whose chain it is told; of several tenants' thread, in the operators'.

    Raises:
        NotFoundError: It is another tenant's.
        StoreError: It is other tenants' too.
    """
    told = select(audit_entries.c.tenant).where(audit_entries.c.thread_id == thread).distinct()
    tenants = {*connection.execute(told).scalars()}
    first = or_(notes.c.thread_id == thread, notes.c.run_id == owner_key(thread))
    owners = select(notes.c.body, notes.c.run_id).where(first, notes.c.kind == OWNER)
    tenants |= {owner_in(row.body, row.run_id).tenant for row in connection.execute(owners)}
    queued = select(tasks.c.asked_by).where(tasks.c.thread_id == thread)
    tenants |= {_asker_tenant(body) for body in connection.execute(queued).scalars()}
    if seen is not None and seen not in tenants:
        raise _absent(thread)
    if seen is not None and len(tenants) > 1:
        raise StoreError(
            "Other tenants have used it too.",
            where=f"thread {thread}",
            fix="Have it forgotten by somebody who sees all tenants.",
        )
    return tenants.pop() if len(tenants) == 1 else ""


def _asker_tenant(body: Any) -> str:
    return str(body.get("principal", {}).get("tenant", ""))


def _take_from_all(
    connection: Connection, thread: str, now: float, acts: Acts, idle_since: float | None
) -> None:
    """Take the thread from whoever had it, so that the fence refuses who comes back.

    Raises:
        OperatorError: A run is at work on it, or was after `idle_since`.
    """
    insert_if_absent(connection, leases, name=lease_of(thread), owner="", fence=0, expires_at=0.0)
    own = leases.c.name == lease_of(thread)
    within = leases.c.name.startswith(f"within:{thread}|", autoescape=True)
    if idle_since is not None and _has_queued(connection, thread):
        raise _in_use(thread, "A task waits for it.")
    for row in connection.execute(select(leases).where(or_(own, within)).with_for_update()).all():
        if row.name != lease_of(thread) and not is_lease_within(row.name, thread):
            continue
        holder = LeaseHolder(owner=row.owner, fence=row.fence, expires_at=row.expires_at)
        if row.owner and acts(holder, now):
            raise _in_use(thread, f"A run is at work on it, of worker {row.owner}.")
        if idle_since is not None and row.used_at > idle_since:
            raise _in_use(thread, "A run was at work on it meanwhile.")
        connection.execute(
            update(leases)
            .where(leases.c.name == row.name)
            .values(owner="", fence=row.fence + 1, expires_at=0.0, used_at=0.0)
        )


def _has_queued(connection: Connection, thread: str) -> bool:
    query = select(tasks.c.seq).where(tasks.c.thread_id == thread, tasks.c.state == "queued")
    return connection.execute(query).first() is not None


def _in_use(thread: str, said: str) -> OperatorError:
    return OperatorError(
        said,
        where=f"thread {thread}",
        fix="Nothing was removed. Wait for its end or stop that worker, then forget it.",
    )


def _absent(thread: str) -> NotFoundError:
    return NotFoundError("There is no such thread.", where=f"thread {thread}", fix="Check the id.")
