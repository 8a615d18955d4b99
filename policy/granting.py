"""Granting: allow calls beforehand, and find the grant that covers a call. Pure.

A grant is one person's word and carries the authority of an approval: it is judged at each use, and
where policy asks several people it covers nothing. It never covers what untrusted text caused, nor
a value from an untrusted source that nobody has endorsed, whether the argument matters or not.
"""

from __future__ import annotations

from collections.abc import Sequence, Set

from ..errors import DecisionError
from ..state.approval import ApprovalRequest, Decision
from ..state.consent import ConsentScope, Signatory
from ..state.grant import ArgumentBound, CallGrant
from ..state.values import digest
from .approvals import author_of
from .bounds import keeps_within, read_bound
from .endorsements import ConsentJudge
from .endorsing import scope_said
from .facts import CallFacts

MAX_USES = 1_000_000_000
"""What is more is no number of calls that anybody has thought about."""
_FIELDS = {"seconds": "expires_seconds"}
"""How a decision calls what a grant calls otherwise."""


def covering(
    grants: Sequence[CallGrant],
    facts: CallFacts,
    judge: ConsentJudge,
    *,
    needed: int,
    held: Set[str] = frozenset(),
) -> CallGrant | None:
    """Return the oldest grant that covers a call, if one does.

    Args:
        grants: Grants of the tool and the tenant.
        facts: The call, with the endorsements of its values.
        judge: Whose consent counts.
        needed: How many people would have to approve the call.
        held: Ids of grants of which such a call has taken a use and was cut off. It may go on with
            the use that it has; whether it is this very call, the claim on its effect knows.
    """
    if needed > 1 or not is_clean(facts):
        return None
    return next(
        (
            grant
            for grant in grants
            if grant.tool == facts.tool
            and (
                (state := grant.state(judge.now)) == "in force"
                or (state == "used up" and grant.id in held)
            )
            and grant.scope.covers(facts.principal, judge.thread)
            and all(keeps_within(bound, facts.args) for bound in grant.bounds)
            and not judge.objection(grant.by)
        ),
        None,
    )


def is_clean(facts: CallFacts) -> bool:
    """Say whether nothing untrusted reached a call, except values that people vouch for."""
    tainted = {path for path, sources in facts.tainted_args.items() if sources}
    return not facts.taint and tainted <= facts.endorsed.keys()


def call_grant(
    tool: str,
    bounds: Sequence[ArgumentBound],
    *,
    uses: int | None,
    seconds: float | None,
    scope: ConsentScope,
    by: Signatory,
    at: float,
    approval: str = "",
    message: str = "",
) -> CallGrant:
    """Return a new grant.

    Args:
        tool: The tool whose calls are allowed.
        bounds: What their arguments must be.
        uses: How many calls; `None` for any number.
        seconds: How long it lasts; `None`: until it is used up.
        scope: For whose runs.
        by: Who grants.
        at: Unix time in seconds.
        approval: The request whose decision it comes with.
        message: The person's words.

    Raises:
        DecisionError: It would never end, or never begin; `where` names the field.
    """
    if uses is None and seconds is None:
        raise DecisionError(
            "It would never end.", where="uses", fix="Say how many calls, or for how long."
        )
    if uses is not None and uses < 1:
        raise DecisionError("It allows no call.", where="uses", fix="Give 1 or more.")
    if uses is not None and uses > MAX_USES:
        raise DecisionError(
            f"It allows more than {MAX_USES:,} calls.",
            where="uses",
            fix="Give less, or leave it out and say for how long.",
        )
    if seconds is not None and not 0 < seconds < float("inf"):
        raise DecisionError("It is over already.", where="seconds", fix="Give a time to come.")
    named = [tool, [b.to_json() for b in bounds], uses, seconds, scope.to_json(), by.to_json(), at]
    if approval:
        named.append(approval)
    return CallGrant(
        id=f"gr_{digest(named)[:20]}",
        tool=tool,
        bounds=tuple(bounds),
        uses=uses,
        until=None if seconds is None else at + seconds,
        scope=scope,
        by=by,
        at=at,
        approval_id=approval,
        message=message,
    )


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
