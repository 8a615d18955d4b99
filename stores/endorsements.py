"""Endorsements: values that people vouch for, until they expire or are revoked."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

from sqlalchemy import Connection, Row, insert, or_, select

from ..state.endorsement import Endorsement
from ..state.values import JsonObject
from .audit import SqlAuditLog, append_entry
from .bodies import body_of
from .consents import ConsentTable, SqlConsents, consent_in
from .database import Database
from .records import AuditEntry
from .schema import endorsements

WORD = "endorsement"


def _insert(connection: Connection, endorsement: Endorsement) -> AuditEntry:
    connection.execute(
        insert(endorsements).values(
            id=endorsement.id,
            digest=endorsement.digest,
            tenant=endorsement.scope.tenant,
            approval_id=endorsement.approval_id,
            expires_at=endorsement.expires_at,
            body=body_of(endorsement),
        )
    )
    return append_entry(
        connection,
        tenant=endorsement.scope.tenant,
        at=endorsement.at,
        kind="value_endorsed",
        thread_id=endorsement.scope.thread,
        run_id="",
        actor=endorsement.by.id,
        body=_told(endorsement),
    )


def _read(_: Connection, row: Row[Any]) -> Endorsement:
    return consent_in(Endorsement, row, word=WORD)


def _told(endorsement: Endorsement) -> JsonObject:
    """Return what the audit log keeps: the value's digest, as the log is never shortened."""
    body = {key: part for key, part in endorsement.to_json().items() if key != "value"}
    return {**body, "digest": endorsement.digest}


ENDORSEMENTS = ConsentTable(word=WORD, table=endorsements, read=_read, insert=_insert)
"""For the transactions of others: what came with a decision is recorded and revoked with it."""


class SqlEndorsements(SqlConsents[Endorsement]):
    """Values that people vouch for."""

    def __init__(self, database: Database, clock: Callable[[], float], log: SqlAuditLog) -> None:
        super().__init__(ENDORSEMENTS, database, clock, log)

    async def of_values(self, digests: Collection[str], *, tenant: str) -> Sequence[Endorsement]:
        """Return those of a tenant that are in force for values with these digests."""
        table = endorsements
        query = select(table).where(
            table.c.digest.in_(digests),
            table.c.tenant == tenant,
            table.c.revocation.is_(None),
            or_(table.c.expires_at.is_(None), table.c.expires_at > self._clock()),
        )
        return await self._select(query)
