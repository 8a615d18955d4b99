"""Endorsements: values that people vouch for, until they expire or are revoked."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

from sqlalchemy import Connection, Row, insert, or_, select, update

from ..errors import DecisionError, NotFoundError
from ..state.consent import Revocation
from ..state.endorsement import Endorsement
from ..state.values import JsonObject
from .audit import SqlAuditLog, append_entry
from .bodies import body_of, record_in
from .database import Database
from .records import AuditEntry
from .schema import endorsements


class SqlEndorsements:
    """Values that people vouch for. Giving and taking back stand in the audit log too.

    Args:
        database: Where to.
        clock: Unix time in seconds; what expires does so by it.
        log: Told of each new entry of the audit log.
    """

    def __init__(self, database: Database, clock: Callable[[], float], log: SqlAuditLog) -> None:
        self._database = database
        self._clock = clock
        self._log = log

    async def add(self, endorsement: Endorsement) -> None:
        """Record one that was given by itself; those of decisions come with the decision."""
        entry = await self._database.write(
            lambda connection: insert_endorsement(connection, endorsement)
        )
        await self._log.anchored(entry)

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

    async def every(self, *, tenant: str | None = None) -> Sequence[Endorsement]:
        """Return all, the revoked and expired ones too, oldest first."""
        query = select(endorsements)
        if tenant is not None:
            query = query.where(endorsements.c.tenant == tenant)
        return await self._select(query)

    async def _select(self, query: Any) -> list[Endorsement]:
        ordered = query.order_by(endorsements.c.seq)
        return await self._database.read(
            lambda connection: [_endorsement(row) for row in connection.execute(ordered)]
        )

    async def revoke(self, endorsement_id: str, revocation: Revocation) -> Endorsement:
        """Take one back.

        Raises:
            NotFoundError: There is no such endorsement.
            DecisionError: It was taken back before.
        """

        def work(connection: Connection) -> tuple[Endorsement, AuditEntry]:
            known = _locked(connection, endorsement_id)
            if known.revocation is not None:
                raise DecisionError(
                    f"{known.revocation.by or 'Somebody'} has revoked it before.",
                    where=f"endorsement {endorsement_id}",
                )
            return _revoke(connection, known, revocation)

        revoked, entry = await self._database.write(work)
        await self._log.anchored(entry)
        return revoked


def insert_endorsement(connection: Connection, endorsement: Endorsement) -> AuditEntry:
    """Record an endorsement and the line in the audit log, in a transaction with what led to it."""
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
        at=endorsement.at,
        kind="value_endorsed",
        thread_id=endorsement.scope.thread,
        run_id="",
        actor=endorsement.by.id,
        body=_told(endorsement),
    )


def revoke_of_approval(connection: Connection, approval_id: str, revocation: Revocation) -> None:
    """Take back what came with decisions that count no more."""
    query = select(endorsements).where(
        endorsements.c.approval_id == approval_id, endorsements.c.revocation.is_(None)
    )
    for row in connection.execute(query).all():
        _revoke(connection, _endorsement(row), revocation)


def _revoke(
    connection: Connection, endorsement: Endorsement, revocation: Revocation
) -> tuple[Endorsement, AuditEntry]:
    statement = update(endorsements).where(endorsements.c.id == endorsement.id)
    connection.execute(statement.values(revocation=body_of(revocation)))
    entry = append_entry(
        connection,
        at=revocation.at,
        kind="endorsement_revoked",
        thread_id=endorsement.scope.thread,
        run_id="",
        actor=revocation.by,
        body={"id": endorsement.id, "reason": revocation.reason},
    )
    return endorsement.model_copy(update={"revocation": revocation}), entry


def _locked(connection: Connection, endorsement_id: str) -> Endorsement:
    query = select(endorsements).where(endorsements.c.id == endorsement_id).with_for_update()
    row = connection.execute(query).one_or_none()
    if row is None:
        raise NotFoundError(
            "There is no such endorsement.",
            where=f"endorsement {endorsement_id}"[:100],
            fix="List them and use one of those ids.",
        )
    return _endorsement(row)


def _endorsement(row: Row[Any]) -> Endorsement:
    where = f"endorsement {row.id}"
    taken_back = row.revocation and record_in(Revocation, row.revocation, where=where)
    return record_in(Endorsement, row.body, where=where).model_copy(
        update={"revocation": taken_back or None}
    )


def _told(endorsement: Endorsement) -> JsonObject:
    """Return what the audit log keeps: the value's digest, as the log is never shortened."""
    body = {key: part for key, part in endorsement.to_json().items() if key != "value"}
    return {**body, "digest": endorsement.digest}
