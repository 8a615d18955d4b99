"""Approvals: what an approval binds, and whether it still holds when the call is about to run.

Pure: records and facts in, a reason out.
"""

from __future__ import annotations

from collections.abc import Set

from ..state.approval import ApprovalRequest, Decision
from ..state.run import Principal
from ..state.values import JsonObject
from ..state.values import digest as digest_of
from ..stores.protocols import EVERYTHING, ApprovalRecord
from ..tools.contract import ToolContract
from .people import local_person
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
            "approver_token": approver.token if authenticated else "",
            "approver_accountable": approver.accountable if authenticated else local_person(),
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
        token=decision.approver_token,
        accountable=decision.approver_accountable,
    )


def needs_authority(decision: Decision, request: ApprovalRequest) -> bool:
    """Say whether a decision lets something happen, or says what did.

    Anybody who may decide at all may say no, reply to a question, or have an action planned anew.
    """
    if request.tool == "ask":
        return False
    return decision.type in ("approve", "edit") or (
        bool(request.unknown_effect) and decision.type == "respond"
    )


def objection_to(
    decision: Decision,
    request: ApprovalRequest,
    *,
    policy: PolicyEngine,
    contract: ToolContract,
    facts: CallFacts,
    revoked: Set[str] = frozenset(),
    revoked_tokens: Set[str] = frozenset(),
) -> str:
    """Return why a decision that needs authority does not count; an empty string if it does.

    Args:
        decision: The decision, as recorded.
        request: What it is about.
        policy: The policies in force.
        contract: The tool.
        facts: The call, as policy sees it now.
        revoked: Ids of principals that were revoked.
        revoked_tokens: Ids of tokens that were revoked.
    """
    approver = approver_of(decision)
    if not revoked.isdisjoint((approver.id, *EVERYTHING)):
        return f"{approver.id} was revoked."
    if approver.token and not revoked_tokens.isdisjoint((approver.token, *EVERYTHING)):
        return f"The token with which {approver.id} decided was revoked."
    verdict = policy.may_approve(approver, contract, facts, request.requester)
    return "" if verdict.outcome == "run" else verdict.reason


def check_approval(
    record: ApprovalRecord,
    *,
    digest: str,
    now: float,
    policy: PolicyEngine,
    contract: ToolContract,
    facts: CallFacts,
    revoked: Set[str] = frozenset(),
    revoked_tokens: Set[str] = frozenset(),
) -> str:
    """Check an approval again at the moment of execution.

    An edit approves nothing: it is a new action, with a request and an approval of its own.

    Args:
        record: The request and the decisions on it.
        digest: `action_digest` of the call that is about to run, under the policies in force.
        now: Unix time in seconds.
        policy: The policies in force.
        contract: The tool.
        facts: The call, as policy sees it now (`frozen` included).
        revoked: Ids of principals that were revoked; their consent no longer counts.
        revoked_tokens: Ids of tokens that were revoked; what was said with them counts no more.

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
    consents = [given for given in record.decisions if given.type == "approve"]
    objections = [
        objection_to(
            given,
            request,
            policy=policy,
            contract=contract,
            facts=facts,
            revoked=revoked,
            revoked_tokens=revoked_tokens,
        )
        for given in consents
    ]
    people = {
        given.person for given, objection in zip(consents, objections, strict=True) if not objection
    }
    needed = max(request.quorum, decision.quorum)
    if len(people) >= needed:
        return ""
    short = f"{needed} must agree and {len(people)} did whose consent counts."
    return " ".join([short, *dict.fromkeys(filter(None, objections))])
