"""Grants: calls that people allow beforehand, counted with the claims on their effects.

Nothing is counted up or down. A use is an effect that was claimed under the grant and has not
failed, so a crash between two writes cannot lose one, and a call that was refused gives its use
back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, or_, select

from ..state.grant import CallGrant
from .audit import SqlAuditLog, append_entry
from .bodies import body_of
from .consents import ConsentTable, SqlConsents, consent_in
from .database import Database
from .records import AuditEntry
from .schema import effects, grant_uses, grants
from .statements import insert_or_replace

WORD = "grant"


def _insert(connection: Connection, grant: CallGrant) -> AuditEntry:
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
    return append_entry(
        connection,
        tenant=grant.scope.tenant,
        at=grant.at,
        kind="calls_granted",
        thread_id=grant.scope.thread,
        run_id="",
        actor=grant.by.id,
        body=grant.to_json(),
    )


def _read(connection: Connection, row: Row[Any]) -> CallGrant:
    grant = consent_in(CallGrant, row, word=WORD)
    return grant.model_copy(update={"used": _uses(connection, row.id)})


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


GRANTS = ConsentTable(word=WORD, table=grants, read=_read, insert=_insert)
"""For the transactions of others: what came with a decision is recorded and revoked with it."""


class SqlGrants(SqlConsents[CallGrant]):
    """Calls that people allow beforehand."""

    def __init__(self, database: Database, clock: Callable[[], float], log: SqlAuditLog) -> None:
        super().__init__(GRANTS, database, clock, log)

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


def lock_grant(connection: Connection, grant_id: str) -> None:
    """Have other claims under a grant wait until this transaction ends."""
    GRANTS.locked(connection, grant_id)


def use_grant(connection: Connection, grant_id: str, effect_key: str, *, now: float) -> int:
    """Use a grant for an effect that is about to be claimed, in the transaction of the claim.

    Returns:
        How many of its uses are taken with this one; 0 if it covers no further call.
    """
    # The row is locked until the claim is written, so two claims cannot both take the last use.
    row = GRANTS.locked(connection, grant_id)
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
