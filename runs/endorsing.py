"""Endorse a value by itself: without a request, with the same authority and on the same record."""

from __future__ import annotations

from ..errors import DecisionError
from ..policy.approvals import objection_to_consent
from ..policy.facts import CallFacts
from ..policy.roles import LOCAL
from ..policy.taint import top_level
from ..state.consent import ConsentScope, Signatory
from ..state.endorsement import Endorsement
from ..state.run import Principal
from .dependencies import Dependencies

SOMEBODY = "somebody else"
"""Stands for a requester whom nobody knows yet."""


async def record_endorsement(endorsement: Endorsement, room: Dependencies) -> None:
    """Record an endorsement, if whoever gives it may approve calls of the tool.

    One for any tool counts where its giver may approve: each use is judged.

    Raises:
        NotFoundError: There is no such tool.
        DecisionError: They may not; the message is the policy's reason. Or the tool has no such
            argument. Nothing was recorded.
    """
    if endorsement.tool:
        problem = await objection_to_giver(
            endorsement.by, endorsement.scope, endorsement.tool, room
        )
        if problem:
            raise DecisionError(
                problem, where=f"endorsement of a value for {endorsement.tool}", fix=ASK_ANOTHER
            )
        if endorsement.argument:
            check_argument(endorsement.tool, endorsement.argument, room, where="argument")
    await room.store.endorsements.add(endorsement)


def check_argument(tool: str, path: str, room: Dependencies, *, where: str) -> None:
    """Check that a tool has the argument that a path begins with.

    Raises:
        DecisionError: It has none of that name; `where` names the field.
    """
    names = room.tools.get(tool).contract.args_schema.get("properties", {})
    if names and top_level(path) not in names:
        raise DecisionError(
            f"{tool} has no argument {top_level(path)!r}.",
            where=where,
            fix=f"Its arguments are: {', '.join(names)}.",
        )


ASK_ANOTHER = "Ask somebody who may approve its calls."


async def objection_to_giver(
    by: Signatory, scope: ConsentScope, tool: str, room: Dependencies
) -> str:
    """Return why somebody may not consent beforehand to calls of a tool, or an empty string.

    Args:
        by: Who wants to.
        scope: For whose runs.
        tool: The tool.
        room: Policy, tools and switches.

    Raises:
        NotFoundError: There is no such tool.
    """
    switches = await room.switches.snapshot()
    requester = scope.principal or (SOMEBODY if by.authenticated else LOCAL)
    contract = room.tools.get(tool).contract
    return objection_to_consent(
        by,
        requester=requester,
        policy=room.policy,
        contract=contract,
        facts=CallFacts(
            principal=Principal(id=requester, tenant=scope.tenant, scopes=contract.scopes),
            tool=tool,
            environment=room.settings.policy.environment,
        ),
        revoked=switches.revoked_principals,
        revoked_tokens=switches.revoked_tokens,
    )
