"""Approvals: what an approval binds, and whether it still holds when the call is about to run.

Pure: records and facts in, a reason out.
"""

from __future__ import annotations

from collections.abc import Set

from ..state.approval import Decision
from ..state.run import Principal
from ..state.values import JsonObject
from ..state.values import digest as digest_of
from ..stores.protocols import ApprovalRecord
from ..tools.contract import ToolContract
from .protocols import CallFacts, PolicyEngine
from .roles import LOCAL


def action_digest(
    tool: str, args: JsonObject, step: str, plan_version: int, policy_version: str
) -> str:
    """Return what an approval binds: change any of it, and it is another action."""
    return digest_of([tool, args, step, plan_version, policy_version])


def decided_by(decision: Decision, approver: Principal, *, authenticated: bool) -> Decision:
    """Return the decision with its author, as authentication has it, for the record."""
    return decision.model_copy(
        update={
            "approver": approver.id,
            "approver_role": approver.role,
            "approver_scopes": approver.scopes,
            "approver_tenant": approver.tenant,
            "approver_authenticated": authenticated,
        }
    )


def approver_of(decision: Decision) -> Principal:
    """Return who gave a decision.

    A name and role that no credential vouched for are the local person's, whatever they say.
    """
    if not decision.approver_authenticated or not decision.approver:
        return Principal(id=LOCAL, tenant=decision.approver_tenant)
    return Principal(
        id=decision.approver,
        role=decision.approver_role,
        scopes=decision.approver_scopes,
        tenant=decision.approver_tenant,
    )


def check_approval(
    record: ApprovalRecord,
    *,
    digest: str,
    now: float,
    policy: PolicyEngine,
    contract: ToolContract,
    facts: CallFacts,
    revoked: Set[str] = frozenset(),
) -> str:
    """Check an approval again at the moment of execution.

    An edit approves nothing: it is a new action, with a request and an approval of its own.

    Args:
        record: The request and its answers.
        digest: `action_digest` of the call that is about to run, under the policies in force.
        now: Unix time in seconds.
        policy: The policies in force.
        contract: The tool.
        facts: The call, as policy sees it now (`frozen` included).
        revoked: Ids of principals that were revoked; their consent no longer counts.

    Returns:
        Why the approval does not cover the call, in words; an empty string if it does.
    """
    request = record.request
    if record.status != "approved":
        return f"The request is {record.status}, not approved."
    if request.tool != contract.name or request.digest != digest:
        return "What was approved is another action, or was approved under other policies."
    if request.expires_at is not None and now >= request.expires_at:
        return "The approval has expired."
    decision = policy.decide(contract, facts)
    if decision.outcome == "refuse":
        return decision.reason
    return _short_of_quorum(
        record, max(request.quorum, decision.quorum), policy, contract, facts, revoked
    )


def _short_of_quorum(
    record: ApprovalRecord,
    needed: int,
    policy: PolicyEngine,
    contract: ToolContract,
    facts: CallFacts,
    revoked: Set[str],
) -> str:
    counted: set[str] = set()
    objections: list[str] = []
    for approver in (approver_of(d) for d in record.decisions if d.type == "approve"):
        if approver.id in revoked:
            objections.append(f"{approver.id} was revoked.")
            continue
        verdict = policy.may_approve(approver, contract, facts, record.request.requester)
        if verdict.outcome == "run":
            counted.add(approver.id)
        else:
            objections.append(verdict.reason)
    if len(counted) >= needed:
        return ""
    short = f"{needed} must agree and {len(counted)} did whose consent counts."
    return " ".join([short, *dict.fromkeys(objections)])
