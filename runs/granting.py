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
        DecisionError: See `check_grant`. Nothing was recorded.
    """
    await check_grant(grant, room)
    await room.store.grants.add(grant)


async def check_grant(grant: CallGrant, room: Dependencies, *, where: str = "") -> None:
    """Check that whoever gives a grant may approve calls of the tool, and that its bounds fit it.

    Args:
        grant: What is to be granted.
        room: Policy, tools and switches.
        where: Which part of a decision grants it, if one does.

    Raises:
        NotFoundError: There is no such tool.
        DecisionError: They may not, in the policy's words; or the tool has no argument that a bound
            names.
    """
    if problem := await objection_to_giver(grant.by, grant.scope, grant.tool, room):
        raise DecisionError(problem, where=where or f"grant of {grant.tool}", fix=ASK_ANOTHER)
    for bound in grant.bounds:
        named = (
            f"{where}.{bound.kind}.{bound.argument}" if where else f"{bound.kind} {bound.argument}"
        )
        check_argument(grant.tool, bound.argument, room, where=named)
