"""Endorsing: the act itself, as part of a decision or by itself. Pure."""

from __future__ import annotations

from ..errors import DecisionError
from ..state.approval import ApprovalRequest, Decision
from ..state.consent import ConsentScope, Signatory
from ..state.endorsement import (
    EndorsedArgument,
    EndorseFor,
    Endorsement,
    endorsed_paths,
    unendorsable,
)
from ..state.references import at_path
from ..state.values import Json, digest
from .approvals import author_of
from .recorded import facts_of


def endorsements_of(
    decision: Decision, request: ApprovalRequest, *, thread: str, limit: float | None
) -> tuple[Endorsement, ...]:
    """Return what a decision endorses: each value at the arguments that it names.

    Args:
        decision: The decision, signed.
        request: What it is on.
        thread: The request's thread.
        limit: Seconds that an endorsement may last at most.

    Raises:
        DecisionError: It is to last longer, or for a thread that there is not.
    """
    where = f"decisions.{request.id}.endorse"
    found: list[Endorsement] = []
    for entry in decision.endorse:
        scope = scope_said(entry.scope, request, thread=thread, where=where)
        found += [
            endorsement(
                at_path(request.args, path),
                tool="" if entry.any_tool else request.tool,
                argument="" if entry.any_argument else entry.argument,
                recipients=recipients,
                scope=scope,
                by=author_of(decision),
                at=decision.decided_at,
                seconds=entry.expires_seconds,
                limit=limit,
                approval=request.id,
                message=decision.message,
            )
            for path, recipients in _reasons(entry, request)
        ]
    return tuple(found)


def scope_said(
    said: EndorseFor, request: ApprovalRequest, *, thread: str, where: str
) -> ConsentScope:
    """Return for whose runs a consent is that came with a decision.

    Args:
        said: What the decision says: whoever asked in this thread, whoever asked, or their tenant.
        request: What it is on.
        thread: The request's thread.
        where: Which part of the decision says it.

    Raises:
        DecisionError: It is for a thread that there is not.
    """
    if said == "thread" and not thread:
        raise DecisionError(
            "The run has no thread, so nothing can be allowed for it.",
            where=where,
            fix='Say "principal" or "tenant".',
        )
    requester = facts_of(request).principal
    return ConsentScope(
        tenant=requester.tenant,
        principal="" if said == "tenant" else requester.id,
        thread=thread if said == "thread" else "",
    )


def _reasons(
    entry: EndorsedArgument, request: ApprovalRequest
) -> list[tuple[str, tuple[str, ...]]]:
    """Return path and recipients for each reason that an entry takes away."""
    found = [(path, ()) for path in endorsed_paths(entry, request.provenance)]
    return [*found, *((path, request.leaks[path]) for path in endorsed_paths(entry, request.leaks))]


def endorsement(
    value: Json,
    *,
    tool: str,
    argument: str,
    recipients: tuple[str, ...] = (),
    scope: ConsentScope,
    by: Signatory,
    at: float,
    seconds: float | None,
    limit: float | None,
    approval: str = "",
    message: str = "",
) -> Endorsement:
    """Return a new endorsement.

    Args:
        value: Exactly what is endorsed.
        tool: The tool that may get it; empty for any.
        argument: The argument that may hold it; empty for any.
        recipients: To whom it may be shown; none: it is about where the value comes from.
        scope: For whose runs.
        by: Who endorses.
        at: Unix time in seconds.
        seconds: How long it lasts; `None`: as long as it may.
        limit: How long it may last; `None`: until it is revoked.
        approval: The request whose decision it comes with.
        message: The person's words.

    Raises:
        DecisionError: The value cannot be endorsed, or not for so long; `where` names the field.
    """
    if problem := unendorsable(value, anywhere=not argument):
        raise DecisionError(problem, where="value", fix="Name an argument, or approve each call.")
    if seconds is not None and limit is not None and seconds > limit:
        raise DecisionError(
            f"An endorsement lasts {limit:g} seconds at most.",
            where="expires_seconds",
            fix="Ask for less, or raise policy.endorsement_expiry_seconds.",
        )
    lasts = limit if seconds is None else seconds
    named = [digest(value), tool, argument, recipients, scope.to_json(), by.to_json(), at, approval]
    return Endorsement(
        id=f"en_{digest(named)[:20]}",
        value=value,
        tool=tool,
        argument=argument,
        recipients=recipients,
        scope=scope,
        by=by,
        at=at,
        expires_at=None if lasts is None else at + lasts,
        approval_id=approval,
        message=message,
    )
