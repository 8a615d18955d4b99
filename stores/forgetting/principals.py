"""Principals: which threads are somebody's, and what is kept about them besides."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, Text, select, type_coerce

from ...state.consent import Revocation
from ...state.endorsement import Endorsement
from ...state.grant import CallGrant
from ...state.values import digest
from ..audit_verification import WITH_BODIES
from ..database import Database
from ..journal import OWNER, owner_in
from ..packing import json_text
from ..records import RunOwner
from ..schema import audit_bodies, audit_entries, forgettings, notes, tasks
from .removal import Removal, remove_consents, remove_shapes

_INPUT = "input"
"""Kind of the audit log's entries that say what was asked, by whom."""
_PORTION = 500


@dataclass(frozen=True, kw_only=True)
class KnownPrincipal:
    """A principal, in one tenant or, with `None`, in whichever."""

    id: str
    tenant: str | None = None

    def is_one(self, owner: RunOwner) -> bool:
        """Say whether a run is theirs."""
        return owner.id == self.id and self.tenant in (None, owner.tenant)

    def digest(self) -> str:
        """Return what stands for them where they are forgotten."""
        return digest(["principal", self.tenant, self.id])


@dataclass(frozen=True, kw_only=True)
class PrincipalThreads:
    """Threads in which a principal has asked something."""

    own: tuple[str, ...]
    """Those that they began."""
    others: tuple[str, ...]
    """Those that somebody else did."""


class SqlPrincipals:
    """Which threads are somebody's."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def threads(self, person: KnownPrincipal) -> PrincipalThreads:
        """Return the threads in which a principal has asked something; none that is forgotten."""
        await self._database.write_what_waits()
        return await self._database.read(lambda connection: threads_of(connection, person))


def threads_of(connection: Connection, person: KnownPrincipal) -> PrincipalThreads:
    """Return the threads in which a principal has asked something; none that is forgotten."""
    found = sorted({*_asked(connection, person)} - {""})
    first: dict[str, RunOwner] = {}
    for start in range(0, len(found), _PORTION):
        some = found[start : start + _PORTION]
        first |= _began(connection, some)
        gone = select(forgettings.c.thread_id).where(forgettings.c.thread_id.in_(some))
        for thread in connection.execute(gone).scalars():
            first.pop(thread, None)
    own = [thread for thread, owner in first.items() if person.is_one(owner)]
    return PrincipalThreads(own=tuple(sorted(own)), others=tuple(sorted(first.keys() - {*own})))


def remove_about(
    connection: Connection, person: KnownPrincipal, *, at: float, actor: str, reason: str
) -> Removal:
    """Remove what is kept about a principal outside of threads: consents for them, and shapes."""
    removal = Removal()
    revocation = Revocation(at=at, by=actor, reason=reason)

    def theirs(consent: Endorsement | CallGrant) -> bool:
        scope = consent.scope
        return scope.principal == person.id and person.tenant in (None, scope.tenant)

    remove_consents(connection, theirs, revocation, removal)
    remove_shapes(connection, digest(person.id), person.tenant, removal)
    return removal


def _asked(connection: Connection, person: KnownPrincipal) -> Iterator[str]:
    """Yield threads in which a principal may have asked something."""
    owners = select(notes.c.thread_id, notes.c.run_id, notes.c.body).where(
        notes.c.kind == OWNER,
        type_coerce(notes.c.body, Text).contains(json_text(person.id), autoescape=True),
    )
    for row in connection.execute(owners):
        if person.is_one(owner_in(row.body, row.run_id)):
            yield row.thread_id
    said = WITH_BODIES.where(audit_entries.c.kind == _INPUT, audit_bodies.c.actor == person.id)
    for row in connection.execute(said):
        if person.tenant in (None, row.tenant):
            yield row.thread_id
    for row in connection.execute(select(tasks.c.thread_id, tasks.c.asked_by)):
        if person.is_one(_asker(row.asked_by)):
            yield row.thread_id


def _began(connection: Connection, threads: Collection[str]) -> dict[str, RunOwner]:
    """Return who was the first to ask something in each thread."""
    first: dict[str, RunOwner] = {}
    queued = select(tasks).where(tasks.c.thread_id.in_(threads)).order_by(tasks.c.seq.desc())
    for row in connection.execute(queued):
        first[row.thread_id] = _asker(row.asked_by)
    said = WITH_BODIES.where(
        audit_entries.c.kind == _INPUT, audit_entries.c.thread_id.in_(threads)
    ).order_by(audit_entries.c.number.desc())
    for row in connection.execute(said):
        if row.salt is not None:
            first[row.thread_id] = RunOwner(id=row.actor, tenant=row.tenant)
    owners = (
        select(notes)
        .where(notes.c.kind == OWNER, notes.c.thread_id.in_(threads))
        .order_by(notes.c.seq.desc())
    )
    for row in connection.execute(owners):
        first[row.thread_id] = owner_in(row.body, row.run_id)
    return first


def _asker(body: object) -> RunOwner:
    principal = body.get("principal", {}) if isinstance(body, dict) else {}
    return RunOwner(id=str(principal.get("id", "")), tenant=str(principal.get("tenant", "")))
