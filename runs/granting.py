"""Grant calls beforehand, with the authority of an approval and on record."""

from __future__ import annotations

from ..errors import DecisionError
from ..state.grant import CallGrant
from .dependencies import Dependencies
from .endorsing import ASK_ANOTHER, check_argument, objection_to_giver


async def record_grant(grant: CallGrant, room: Dependencies) -> None:
    """Record a grant, if whoever gives it may approve calls of the tool.

    Raises:
        NotFoundError: There is no such tool.
        DecisionError: They may not, in the policy's words; or the tool has no argument that a bound
            names. Nothing was recorded.
    """
    if problem := await objection_to_giver(grant.by, grant.scope, grant.tool, room):
        raise DecisionError(problem, where=f"grant of {grant.tool}", fix=ASK_ANOTHER)
    for bound in grant.bounds:
        check_argument(grant.tool, bound.argument, room, where=f"{bound.kind} {bound.argument}")
    await room.store.grants.add(grant)
