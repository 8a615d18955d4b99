"""Granting as part of a decision: the grant that one makes, from the words of the other. Pure."""

from __future__ import annotations

from ..errors import DecisionError
from ..state.approval import ApprovalRequest, Decision
from ..state.grant import CallGrant
from .approvals import author_of
from .bounds import read_bound
from .endorsing import scope_said
from .granting import call_grant

_FIELDS = {"seconds": "expires_seconds"}
"""How a decision calls what a grant calls otherwise."""


def grant_of(decision: Decision, request: ApprovalRequest, *, thread: str) -> CallGrant | None:
    """Return what a decision grants: further calls of the tool that it is on.

    Args:
        decision: The decision, signed.
        request: What it is on.
        thread: The request's thread.

    Raises:
        DecisionError: A bound could not hold or would hold for more than it says, it would never
            end or never begin, or it is for a thread that there is not; `where` names the field.
    """
    said, where = decision.grant, f"decisions.{request.id}.grant"
    if said is None:
        return None
    scope = scope_said(said.scope, request, thread=thread, where=f"{where}.for")
    try:
        return call_grant(
            request.tool,
            [read_bound(bound.argument, bound.kind, bound.value) for bound in said.bounds],
            uses=said.uses,
            seconds=said.expires_seconds,
            scope=scope,
            by=author_of(decision),
            at=decision.decided_at,
            approval=request.id,
            message=decision.message,
        )
    except DecisionError as error:
        field = _FIELDS.get(error.where, error.where).replace(" ", ".")
        raise DecisionError(error.message, where=f"{where}.{field}", fix=error.fix) from None
