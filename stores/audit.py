"""Audit log: append-only, a chain for each tenant, each entry bound by hash to the one before."""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from operator import attrgetter
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from ..errors import OperatorError, StoreError
from ..state.migrations import object_in
from ..state.values import JsonObject
from .anchor import Anchor
from .audit_chain import CLOSED, FORGOTTEN, NAMED, EntryBody, Link, chain_hash, commitment
from .audit_verification import (
    WITH_BODIES,
    AuditExtent,
    broken,
    link_of,
    older_entry,
    verify_all,
)
from .database import Database
from .records import AuditEntry
from .riders import Arrived, Last
from .schema import audit_bodies, audit_entries, audit_heads, older_audit
from .signed_heads import HeadList, OlderHead, Signed, SignedEntry
from .statements import insert_if_absent

MOST_UNSIGNED = 32
"""Entries of this process that wait for a signature, at most."""

_ENTRIES = insert(audit_entries)
_BODIES = insert(audit_bodies)
_HEAD = select(audit_heads.c.seq, audit_heads.c.hash).where(
    audit_heads.c.tenant == bindparam("whose")
)
_LOCKED = _HEAD.with_for_update()
_MOVED = (
    update(audit_heads)
    .where(audit_heads.c.tenant == bindparam("whose"))
    .values(seq=bindparam("to_seq"), hash=bindparam("to_hash"))
)
_REMOVED = delete(audit_bodies).where(
    audit_bodies.c.tenant == bindparam("whose"), audit_bodies.c.seq == bindparam("one")
)
_EVERY_HEAD = select(audit_heads.c.tenant, audit_heads.c.seq, audit_heads.c.hash)

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class AuditDraft:
    """What is about to become an entry; only the chain gives it its number."""

    kind: str
    at: float
    tenant: str = ""
    thread_id: str = ""
    run_id: str = ""
    actor: str = ""
    body: JsonObject
    is_last: bool = False
    """Whether it is signed without waiting for more."""
    salt: bytes = field(default_factory=partial(secrets.token_bytes, 32))


def append_entry(connection: Connection, **facts: Any) -> AuditEntry:
    """Append one entry in a transaction with what it tells of; `facts` are fields of its draft."""
    return _entry(append_links(connection, [AuditDraft(**facts)])[0])


def append_links(connection: Connection, drafts: Iterable[AuditDraft]) -> list[Link]:
    """Append entries, those of a tenant in their order, and return their links."""
    appended: list[Link] = []
    # In one order, so that two such transactions cannot wait for each other.
    for tenant, of_tenant in groupby(
        sorted(drafts, key=attrgetter("tenant")), key=attrgetter("tenant")
    ):
        appended += _append(connection, tenant, list(of_tenant))
    return appended


def _append(connection: Connection, tenant: str, drafts: Sequence[AuditDraft]) -> Sequence[Link]:
    seq, last = _locked_head(connection, tenant)
    links: list[Link] = []
    for number, draft in enumerate(drafts, start=seq + 1):
        links.append(_linked(draft, number, last))
        last = links[-1].hash
    connection.execute(_ENTRIES, [_columns(link) for link in links])
    bodies = [
        {"tenant": tenant, "seq": link.seq, **link.body._asdict()} for link in links if link.body
    ]
    connection.execute(_BODIES, bodies)
    moved = {"whose": tenant, "to_seq": links[-1].seq, "to_hash": last}
    connection.execute(_MOVED, moved)
    return links


def _linked(draft: AuditDraft, number: int, previous: str) -> Link:
    body = EntryBody(draft.salt, draft.actor, draft.body)
    link = Link(
        draft.tenant,
        number,
        draft.at,
        draft.kind,
        draft.thread_id,
        draft.run_id,
        commitment(body),
        previous,
        "",
        body,
    )
    return link._replace(hash=chain_hash(previous, link.facts_digest()))


def _columns(link: Link) -> dict[str, Any]:
    columns = link._asdict()
    del columns["body"]
    return columns


def _entry(link: Link) -> AuditEntry:
    body = link.body.body if link.body else {}
    where = f"pointsman_audit_bodies.body, audit entry {link.seq} of tenant {link.tenant!r}"
    return AuditEntry(
        tenant=link.tenant,
        seq=link.seq,
        at=link.at,
        kind=link.kind,
        thread_id=link.thread_id,
        run_id=link.run_id,
        actor=link.body.actor if link.body else "",
        body=dict(object_in(body, where=where)),
        forgotten=link.body is None,
        previous=link.previous,
        hash=link.hash,
    )


def _locked_head(connection: Connection, tenant: str) -> tuple[int, str]:
    """Return the last entry's number and hash; other processes wait until this one has appended."""
    row = connection.execute(_LOCKED, {"whose": tenant}).one_or_none()
    if row is None:
        insert_if_absent(connection, audit_heads, tenant=tenant, seq=0, hash="")
        row = connection.execute(_LOCKED, {"whose": tenant}).one()
    return row.seq, row.hash


class SqlAuditLog:
    """The hash-chained log of who did what, a chain for each tenant.

    What concerns no tenant stands in the chain of the tenant without a name, the operators'.

    Args:
        database: Where to.
        clock: Unix time in seconds.
        anchor: Signs what is appended; `None`: a cut tail or a removed tenant does not show.
    """

    def __init__(
        self, database: Database, clock: Callable[[], float], anchor: Anchor | None = None
    ) -> None:
        self._database = database
        self._clock = clock
        self._anchor = anchor
        self._lock = threading.Lock()
        self._unsigned: list[SignedEntry] = []
        self._begun = False
        self._told: set[tuple[str, str]] = set()

    async def append(
        self,
        kind: str,
        *,
        tenant: str = "",
        thread_id: str = "",
        run_id: str = "",
        actor: str = "",
        body: JsonObject,
    ) -> AuditEntry:
        """Append one entry, and have it signed."""
        draft = AuditDraft(
            kind=kind,
            at=self._clock(),
            tenant=tenant,
            thread_id=thread_id,
            run_id=run_id,
            actor=actor,
            body=body,
        )
        [link] = await self._database.write(lambda connection: append_links(connection, [draft]))
        entry = _entry(link)
        await self.anchored(entry)
        return entry

    async def note(self, draft: AuditDraft) -> None:
        """Append an entry in the transaction of the next write, as the last of it.

        It is signed with others: at the end of a run (`is_last`), or when enough wait.
        """
        rider = Last(self._closing, draft)
        await self._database.with_next_write(f"audit {uuid4().hex}", rider)

    def first_time(self, tenant: str, fact: str) -> bool:
        """Say whether this process has not asked so before; what seldom changes is noted then."""
        told = (tenant, fact)
        if told in self._told:
            return False
        self._told.add(told)
        return True

    async def appended(self, links: Sequence[Link]) -> None:
        """Note that entries are durable; they are signed with the next ones, or if enough wait."""
        if self._noted(links):
            # It waits for a file and for other processes, which the event loop must not.
            await self._database.compute(self.sign)

    def _closing(self, connection: Connection, drafts: Sequence[AuditDraft]) -> Arrived:
        links = append_links(connection, drafts)
        first = [] if self._has_begun() else _every_head(connection)
        due = any(draft.is_last for draft in drafts)
        return lambda: self._placed(links, first, due=due)

    async def anchored(self, entry: AuditEntry) -> None:
        """Have a new entry signed, with those that wait for it."""
        if self._anchor is None:
            return
        begun = await self._database.compute(self._has_begun)
        first = [] if begun else await self._database.read(_every_head)
        await self._database.compute(lambda: self._placed([entry], first, due=True))

    def _has_begun(self) -> bool:
        """Say whether any chain was ever signed; heads of earlier releases tell of none."""
        if self._anchor is None:
            return True
        try:
            self._begun = self._begun or self._anchor.has_signed()
        except OperatorError:
            # Signing meets the same, and tells it.
            return True
        return self._begun

    def _placed(
        self, entries: Sequence[AuditEntry | Link], first: Sequence[SignedEntry] = (), *, due: bool
    ) -> None:
        """Note what is durable, and sign it if that is due or enough waits."""
        if self._noted(entries, first) or due:
            self.sign()

    def _noted(
        self, entries: Sequence[AuditEntry | Link], first: Sequence[SignedEntry] = ()
    ) -> bool:
        """Note what is durable, and say whether enough waits to be signed.

        The second list names every chain there is, those of before too.
        """
        if self._anchor is None:
            return False
        with self._lock:
            known = {(tenant, seq) for tenant, seq, _ in self._unsigned}
            new = [(entry.tenant or "", entry.seq, entry.hash) for entry in entries]
            self._unsigned += [*(mark for mark in first if mark[:2] not in known), *new]
            return len(self._unsigned) >= MOST_UNSIGNED

    def sign(self) -> None:
        """Sign what this process has appended. It is recorded already: a failure is only told."""
        with self._lock:
            waiting, self._unsigned = self._unsigned, []
        if self._anchor is None or not waiting:
            return
        try:
            self._anchor.sign(list(dict.fromkeys(waiting)))
        except OperatorError as error:
            # A later list vouches for these too, in the chain or by name.
            tenant, seq, _ = waiting[-1]
            whose = f" of tenant {tenant!r}" if tenant else ""
            logger.error("Audit entry %d%s is not signed: %s", seq, whose, error)  # noqa: TRY400
            with self._lock:
                self._unsigned = [*waiting, *self._unsigned]

    async def entries(
        self, thread_id: str | None = None, *, limit: int = 1000, tenant: str | None = None
    ) -> Sequence[AuditEntry]:
        """Return the newest `limit` entries of all chains, oldest first.

        Args:
            thread_id: Only those of a thread.
            limit: Most entries.
            tenant: Only those of a tenant's chain; the older log, which has none, is left out.
        """

        def work(connection: Connection) -> list[AuditEntry]:
            found = _newest(connection, thread_id, limit, tenant)
            if tenant is None and len(found) < limit:
                found += _newest_older(connection, thread_id, limit - len(found), None)
            return found[::-1]

        return await self._database.read(work)

    async def older_entries(
        self, thread_id: str | None = None, *, limit: int = 1000, before: int | None = None
    ) -> Sequence[AuditEntry]:
        """Return the newest entries of the older log, oldest first; those before a number."""
        return await self._database.read(
            lambda connection: _newest_older(connection, thread_id, limit, before)[::-1]
        )

    async def verify(self, *, former: str = "") -> AuditExtent:
        """Check every chain and what was signed of it.

        Args:
            former: Another key that may have signed last.

        Raises:
            StoreError: An entry was changed, removed, inserted or moved, a body was changed or is
                missing unnamed, a tail or a tenant is missing, or a chain was computed anew; it
                names the first such entry. Or nothing of it is signed, as after key and heads were
                taken away together.
        """
        signed: Sequence[Signed] = ()
        if (anchor := self._anchor) is not None:
            signed = await self._database.compute(lambda: anchor.heads(former))
        extent = await self._database.read(lambda connection: verify_all(connection, signed))
        if anchor is not None and extent.entries and not signed:
            raise _unsigned()
        return extent

    async def verify_heads(self, exported: Sequence[OlderHead | HeadList]) -> None:
        """Check that the log still holds what was signed and kept elsewhere.

        Raises:
            StoreError: It names the first entry that is missing or another one.
        """
        await self._database.read(lambda connection: verify_all(connection, exported))

    async def rotate_key(self, *, by: str, former: str = "") -> int:
        """Have another key sign from here on, and return how many logs it signs now.

        Args:
            by: Who wants that; an entry says so.
            former: The key so far, where it is not in the home folder.

        Raises:
            StoreError: The log is not whole, or nothing signs it.
            CredentialError: A key is none.
        """
        anchor = self._anchor
        if anchor is None or not (former := former or anchor.folder_key()):
            raise StoreError(
                "There is no key that has signed it so far.",
                where="audit",
                fix="Name the file that holds it: pointsman audit rotate --former FILE.",
            )
        # What was tampered with is not handed over as if it had been good.
        await self.verify(former=former)
        rotated = await self._database.compute(lambda: anchor.rotate(former))
        await self.append("audit_key_rotated", actor=by, body={"logs": rotated})
        return rotated

    async def signed_head(self) -> HeadList:
        """Return the newest entry of every chain, signed, to be kept where nobody else can reach.

        Raises:
            StoreError: The log is empty, or nothing signs it.
        """
        heads = await self._database.read(_every_head)
        if not heads or (anchor := self._anchor) is None:
            raise StoreError("There is nothing to sign.", where="audit", fix="Run something first.")
        return await self._database.compute(lambda: anchor.signed(heads))

    async def signed_chain(self, tenant: str) -> HeadList:
        """Return the newest entry of one chain, signed, without a word of others.

        Raises:
            StoreError: Nothing signs it.
        """
        heads = await self._database.read(_every_head)
        if (anchor := self._anchor) is None:
            raise StoreError(
                "Nothing signs the audit log.", where="audit", fix="Give it an anchor."
            )
        own = [head for head in heads if head[0] == tenant]
        return await self._database.compute(lambda: anchor.signed(own))

    async def forget(
        self, tenant: str, numbers: Iterable[int], *, reason: str, actor: str = ""
    ) -> AuditEntry:
        """Remove actor and body of entries of a tenant's chain; a new entry names them, and why.

        Number, time, kind, thread and run stay, and the chain holds. What is forgotten already is
        not named again.

        Raises:
            StoreError: There is no such entry, it is one that says what was forgotten or where the
                older log ended, or none of them has a body any more.
        """
        wanted = sorted(set(numbers))

        def work(connection: Connection) -> AuditEntry:
            _locked_head(connection, tenant)
            present = [number for number in wanted if _is_there(connection, tenant, number)]
            if not present:
                raise broken(tenant, min(wanted, default=0), "Nothing of it is left to forget.")
            return remove_bodies(
                connection, tenant, present, at=self._clock(), reason=reason, actor=actor
            )

        entry = await self._database.write(work)
        await self.anchored(entry)
        return entry


def remove_bodies(
    connection: Connection,
    tenant: str,
    numbers: Sequence[int],
    *,
    at: float,
    reason: str,
    actor: str,
    thread_id: str = "",
) -> AuditEntry:
    """Remove actor and body of entries that have them; the new entry names them, and why."""
    connection.execute(_REMOVED, [{"whose": tenant, "one": number} for number in numbers])
    return append_entry(
        connection,
        tenant=tenant,
        at=at,
        kind=FORGOTTEN,
        thread_id=thread_id,
        actor=actor,
        body={NAMED: list(numbers), "reason": reason},
    )


def _is_there(connection: Connection, tenant: str, number: int) -> bool:
    query = WITH_BODIES.where(audit_entries.c.tenant == tenant, audit_entries.c.seq == number)
    row = connection.execute(query).one_or_none()
    if row is None or row.kind in (FORGOTTEN, CLOSED):
        problem = "There is no such entry." if row is None else "It is needed to check the log."
        raise broken(tenant, number, problem)
    return row.salt is not None


def _every_head(connection: Connection) -> list[SignedEntry]:
    return [(row.tenant, row.seq, row.hash) for row in connection.execute(_EVERY_HEAD)]


def _newest(
    connection: Connection, thread_id: str | None, limit: int, tenant: str | None
) -> list[AuditEntry]:
    """Return entries of the tenants' chains, newest first."""
    query = WITH_BODIES.order_by(audit_entries.c.number.desc()).limit(limit)
    if tenant is not None:
        query = query.where(audit_entries.c.tenant == tenant)
    if thread_id is not None:
        query = query.where(audit_entries.c.thread_id == thread_id)
    return [_entry(link_of(row)) for row in connection.execute(query)]


def _newest_older(
    connection: Connection, thread_id: str | None, limit: int, before: int | None
) -> list[AuditEntry]:
    """Return entries of the older log, newest first."""
    query = select(older_audit).order_by(older_audit.c.seq.desc()).limit(limit)
    if before is not None:
        query = query.where(older_audit.c.seq < before)
    if thread_id is not None:
        query = query.where(older_audit.c.thread_id == thread_id)
    return [older_entry(row) for row in connection.execute(query)]


def _unsigned() -> StoreError:
    return StoreError(
        "Nothing of it is signed: key and heads are not there.",
        where="audit",
        fix="Verify against an exported head. A log of a release that signed none is signed with "
        "its next entry.",
    )
