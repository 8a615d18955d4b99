"""Consents: what people allow beforehand, until it ends or is taken back.

Endorsements and grants are kept alike; each module says what its rows are made of.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, Row, Table, select, update

from ..errors import DecisionError, NotFoundError
from ..state.consent import Revocation
from ..state.endorsement import Endorsement
from ..state.grant import CallGrant
from .audit import SqlAuditLog, append_entry
from .bodies import body_of, record_in
from .database import Database
from .records import AuditEntry

C = TypeVar("C", Endorsement, CallGrant)


@dataclass(frozen=True, kw_only=True)
class ConsentTable(Generic[C]):
    """Where one kind of consent stands. Its methods are parts of a transaction."""

    word: str
    """What one is called, in the audit log too."""
    table: Table
    read: Callable[[Connection, Row[Any]], C]
    """Makes a row what it was given as, with how it stands."""
    insert: Callable[[Connection, C], AuditEntry]
    """Records one, and the line in the audit log."""

    def select(self, connection: Connection, query: Any) -> list[C]:
        """Return what a query finds, oldest first."""
        ordered = query.order_by(self.table.c.seq)
        return [self.read(connection, row) for row in connection.execute(ordered).all()]

    def locked(self, connection: Connection, consent_id: str) -> Row[Any] | None:
        """Return the row of one; nobody else changes it until the transaction ends."""
        query = select(self.table).where(self.table.c.id == consent_id).with_for_update()
        return connection.execute(query).one_or_none()

    def revoke(self, connection: Connection, consent: C, revocation: Revocation) -> AuditEntry:
        """Take one back."""
        statement = update(self.table).where(self.table.c.id == consent.id)
        connection.execute(statement.values(revocation=body_of(revocation)))
        return append_entry(
            connection,
            at=revocation.at,
            tenant=consent.scope.tenant,
            kind=f"{self.word}_revoked",
            thread_id=consent.scope.thread,
            run_id="",
            actor=revocation.by,
            body={"id": consent.id, "reason": revocation.reason},
        )

    def revoke_of(self, connection: Connection, approval_id: str, revocation: Revocation) -> None:
        """Take back what came with decisions that count no more."""
        columns = self.table.c
        # In one order, so that two such transactions cannot wait for each other.
        query = (
            select(self.table)
            .where(columns.approval_id == approval_id, columns.revocation.is_(None))
            .with_for_update()
        )
        for consent in self.select(connection, query):
            self.revoke(connection, consent, revocation)


class SqlConsents(Generic[C]):
    """Consents of one kind. Giving and taking back stand in the audit log too.

    Args:
        kept: Where they stand.
        database: Where to.
        clock: Unix time in seconds; what expires does so by it.
        log: Told of each new entry of the audit log.
    """

    def __init__(
        self,
        kept: ConsentTable[C],
        database: Database,
        clock: Callable[[], float],
        log: SqlAuditLog,
    ) -> None:
        self._kept = kept
        self._database = database
        self._clock = clock
        self._log = log

    async def add(self, consent: C) -> None:
        """Record one that was given by itself; those of decisions come with the decision."""
        entry = await self._database.write(
            lambda connection: self._kept.insert(connection, consent)
        )
        await self._log.anchored(entry)

    async def every(self, *, tenant: str | None = None) -> Sequence[C]:
        """Return all, those that have ended too, oldest first."""
        query = select(self._kept.table)
        if tenant is not None:
            query = query.where(self._kept.table.c.tenant == tenant)
        return await self._select(query)

    async def revoke(self, consent_id: str, revocation: Revocation) -> C:
        """Take one back: nothing begins under it from then on.

        Raises:
            NotFoundError: There is none of that id.
            DecisionError: It was taken back before.
        """
        where = f"{self._kept.word} {consent_id}"[:100]

        def work(connection: Connection) -> tuple[C, AuditEntry]:
            row = self._kept.locked(connection, consent_id)
            if row is None:
                raise NotFoundError(
                    f"There is no such {self._kept.word}.",
                    where=where,
                    fix="List them and use one of those ids.",
                )
            known = self._kept.read(connection, row)
            if known.revocation is not None:
                by = known.revocation.by or "Somebody"
                raise DecisionError(f"{by} has revoked it before.", where=where)
            entry = self._kept.revoke(connection, known, revocation)
            return known.model_copy(update={"revocation": revocation}), entry

        revoked, entry = await self._database.write(work)
        await self._log.anchored(entry)
        return revoked

    async def _select(self, query: Any) -> list[C]:
        return await self._database.read(lambda connection: self._kept.select(connection, query))


def consent_in(kind: type[C], row: Row[Any], *, word: str) -> C:
    """Return the consent that a row holds, taken back or not; see `record_in`."""
    taken_back = None
    if row.revocation is not None:
        where = f"pointsman_{word}s.revocation, {word} {row.id}"
        taken_back = record_in(Revocation, row.revocation, where=where)
    body = record_in(kind, row.body, where=f"pointsman_{word}s.body, {word} {row.id}")
    return body.model_copy(update={"revocation": taken_back})
