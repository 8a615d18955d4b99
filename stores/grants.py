"""Grants: calls that people allow beforehand, counted with the claims on their effects.

Nothing is counted up or down. A use is an effect that was claimed under the grant and has not
failed, so a crash between two writes cannot lose one, and a call that was refused gives its use
back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, or_, select, update

from ..errors import DecisionError, NotFoundError
from ..state.consent import Revocation
from ..state.grant import CallGrant
from .audit import SqlAuditLog, append_entry
from .bodies import body_of, record_in
from .database import Database
from .records import AuditEntry
from .schema import effects, grant_uses, grants
from .statements import insert_or_replace


class SqlGrants:
    """Calls that people allow beforehand. Giving and taking back stand in the audit log too.

    Args:
        database: Where to.
        clock: Unix time in seconds; what expires does so by it.
        log: Told of each new entry of the audit log.
    """

    def __init__(self, database: Database, clock: Callable[[], float], log: SqlAuditLog) -> None:
        self._database = database
        self._clock = clock
        self._log = log

    async def add(self, grant: CallGrant) -> None:
        """Record one that was given by itself; those of decisions come with the decision."""
        entry = await self._database.write(lambda connection: insert_grant(connection, grant))
        await self._log.anchored(entry)

    async def of_tool(self, tool: str, *, tenant: str) -> Sequence[CallGrant]:
        """Return a tenant's grants of a tool that have not ended, oldest first."""
        query = select(grants).where(
            grants.c.tool == tool,
            grants.c.tenant == tenant,
            grants.c.revocation.is_(None),
            or_(grants.c.until.is_(None), grants.c.until > self._clock()),
        )
        return await self._select(query)

    async def held(self, *, run_id: str, tool: str, args_digest: str) -> frozenset[str]:
        """Return the ids of grants of which an equal call of a run has taken a use without an end.

        Args:
            run_id: The run.
            tool: The tool that is called.
            args_digest: Digest of its arguments.
        """
        query = (
            select(grant_uses.c.grant_id)
            .select_from(grant_uses.join(effects, effects.c.key == grant_uses.c.effect_key))
            .where(
                effects.c.run_id == run_id,
                effects.c.tool == tool,
                effects.c.args_digest == args_digest,
                effects.c.state == "claimed",
            )
        )
        return await self._database.read(
            lambda connection: frozenset(connection.execute(query).scalars())
        )

    async def every(self, *, tenant: str | None = None) -> Sequence[CallGrant]:
        """Return all, those that have ended too, oldest first."""
        query = select(grants)
        if tenant is not None:
            query = query.where(grants.c.tenant == tenant)
        return await self._select(query)

    async def _select(self, query: Any) -> list[CallGrant]:
        ordered = query.order_by(grants.c.seq)
        return await self._database.read(
            lambda connection: [
                _grant(row, _uses(connection, row.id)) for row in connection.execute(ordered).all()
            ]
        )

    async def revoke(self, grant_id: str, revocation: Revocation) -> CallGrant:
        """Take one back: no call is claimed under it from then on.

        Raises:
            NotFoundError: There is no such grant.
            DecisionError: It was taken back before.
        """

        def work(connection: Connection) -> tuple[CallGrant, AuditEntry]:
            row = _locked(connection, grant_id)
            if row is None:
                raise NotFoundError(
                    "There is no such grant.", where=f"grant {grant_id}"[:100], fix="List them."
                )
            known = _grant(row, _uses(connection, grant_id))
            if known.revocation is not None:
                by = known.revocation.by or "Somebody"
                raise DecisionError(f"{by} has revoked it before.", where=f"grant {grant_id}")
            entry = _revoke(connection, known, revocation)
            return known.model_copy(update={"revocation": revocation}), entry

        revoked, entry = await self._database.write(work)
        await self._log.anchored(entry)
        return revoked


def insert_grant(connection: Connection, grant: CallGrant) -> AuditEntry:
    """Record a grant and the line in the audit log, in a transaction with what led to it."""
    connection.execute(
        insert(grants).values(
            id=grant.id,
            tool=grant.tool,
            tenant=grant.scope.tenant,
            uses=grant.uses,
            until=grant.until,
            approval_id=grant.approval_id or None,
            body=body_of(grant),
        )
    )
    return _append(connection, grant, "calls_granted", grant.by.id, grant.to_json())


def revoke_grants_of(connection: Connection, approval_id: str, revocation: Revocation) -> None:
    """Take back what came with decisions that count no more."""
    # In one order, so that two such transactions cannot wait for each other.
    query = (
        select(grants)
        .where(grants.c.approval_id == approval_id, grants.c.revocation.is_(None))
        .order_by(grants.c.seq)
        .with_for_update()
    )
    for row in connection.execute(query).all():
        _revoke(connection, _grant(row, used=0), revocation)


def _revoke(connection: Connection, grant: CallGrant, revocation: Revocation) -> AuditEntry:
    statement = update(grants).where(grants.c.id == grant.id)
    connection.execute(statement.values(revocation=body_of(revocation)))
    body = {"id": grant.id, "reason": revocation.reason}
    return _append(connection, grant, "grant_revoked", revocation.by, body, revocation.at)


def lock_grant(connection: Connection, grant_id: str) -> None:
    """Have other claims under a grant wait until this transaction ends."""
    _locked(connection, grant_id)


def use_grant(connection: Connection, grant_id: str, effect_key: str, *, now: float) -> int:
    """Use a grant for an effect that is about to be claimed, in the transaction of the claim.

    Returns:
        How many of its uses are taken with this one; 0 if it covers no further call.
    """
    # The row is locked until the claim is written, so two claims cannot both take the last use.
    row = _locked(connection, grant_id)
    if row is None or row.revocation is not None or (row.until is not None and row.until <= now):
        return 0
    others = _uses(connection, grant_id, besides=effect_key)
    if row.uses is not None and others >= row.uses:
        return 0
    insert_or_replace(connection, grant_uses, effect_key=effect_key, grant_id=grant_id)
    return others + 1


def give_back(connection: Connection, effect_key: str) -> None:
    """Note that an effect is made by another right than a grant's."""
    connection.execute(delete(grant_uses).where(grant_uses.c.effect_key == effect_key))


def _uses(connection: Connection, grant_id: str, *, besides: str = "") -> int:
    under = grant_uses.join(effects, effects.c.key == grant_uses.c.effect_key)
    query = (
        select(func.count())
        .select_from(under)
        .where(
            grant_uses.c.grant_id == grant_id,
            grant_uses.c.effect_key != besides,
            effects.c.state != "failed",
        )
    )
    return connection.execute(query).scalar_one()


def _locked(connection: Connection, grant_id: str) -> Row[Any] | None:
    query = select(grants).where(grants.c.id == grant_id).with_for_update()
    return connection.execute(query).one_or_none()


def _grant(row: Row[Any], used: int) -> CallGrant:
    where = f"grant {row.id}"
    taken_back = row.revocation and record_in(Revocation, row.revocation, where=where)
    changes = {"revocation": taken_back or None, "used": used}
    return record_in(CallGrant, row.body, where=where).model_copy(update=changes)


def _append(
    connection: Connection,
    grant: CallGrant,
    kind: str,
    actor: str,
    body: dict[str, Any],
    at: float | None = None,
) -> AuditEntry:
    return append_entry(
        connection,
        at=grant.at if at is None else at,
        kind=kind,
        thread_id=grant.scope.thread,
        run_id="",
        actor=actor,
        body=body,
    )
