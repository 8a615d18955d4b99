"""Approvals: what an approval binds, and whether it still holds when the call is about to run.

Pure: records and facts in, a reason out.
"""

from __future__ import annotations

from collections.abc import Set
from typing import TYPE_CHECKING

from ..state.approval import ApprovalRequest, Decision
from ..state.consent import Signatory, name_form
from ..state.run import Principal
from ..state.values import JsonObject
from ..state.values import digest as digest_of
from ..stores.records import EVERYTHING, ApprovalRecord
from ..tools.contract import ToolContract
from .facts import CallFacts
from .people import credentials_of, local_person, names_of
from .roles import LOCAL

if TYPE_CHECKING:
    from .cedar import CedarPolicy


def action_digest(
    tool: str, args: JsonObject, step: str, plan_version: int, policy_version: str
) -> str:
    """Return what an approval binds: change any of it, and it is another action."""
    return digest_of([tool, args, step, plan_version, policy_version])


def decided_by(decision: Decision, approver: Principal, *, authenticated: bool) -> Decision:
    """Return the decision with its author, as authentication has it, for the record."""
    author = signatory_of(approver, authenticated=authenticated)
    return decision.model_copy(
        update={
            "approver": author.id,
            "approver_role": author.role,
            "approver_scopes": author.scopes,
            "approver_tenant": author.tenant,
            "approver_token": author.token,
            "approver_key": author.key,
            "approver_accountable": author.accountable,
            "approver_authenticated": author.authenticated,
        }
    )


def signatory_of(person: Principal, *, authenticated: bool) -> Signatory:
    """Return who gives a consent, as authentication has them, for the record."""
    return Signatory(
        id=person.id,
        role=person.role,
        scopes=person.scopes,
        tenant=person.tenant,
        token=person.token if authenticated else "",
        key=person.key if authenticated else "",
        accountable=person.accountable if authenticated else local_person(),
        authenticated=authenticated,
    )


def author_of(decision: Decision) -> Signatory:
    """Return who gave a decision, as the record has them."""
    return Signatory(
        id=decision.approver,
        role=decision.approver_role,
        scopes=decision.approver_scopes,
        tenant=decision.approver_tenant,
        token=decision.approver_token,
        key=decision.approver_key,
        accountable=decision.approver_accountable,
        authenticated=decision.approver_authenticated,
    )


def credited(signatory: Signatory) -> Principal:
    """Return whom policy takes somebody for who gave a consent.

    A name and role that no credential vouched for are the local person's, whatever they say.
    """
    if not signatory.authenticated or not signatory.id:
        return Principal(id=LOCAL, tenant=signatory.tenant)
    return Principal(**signatory.model_dump(exclude={"authenticated"}))


def needs_authority(decision: Decision, request: ApprovalRequest) -> bool:
    """Say whether a decision lets something happen, or says what did.

    Anybody who may decide at all may say no, reply to a question, or have an action planned anew.
    """
    if request.tool == "ask":
        return False
    return decision.type in ("approve", "edit") or (
        bool(request.unknown_effect) and decision.type == "respond"
    )


def objection_to_consent(
    signatory: Signatory,
    *,
    requester: str,
    policy: CedarPolicy,
    contract: ToolContract,
    facts: CallFacts,
    revoked: Set[str] = frozenset(),
    revoked_tokens: Set[str] = frozenset(),
) -> str:
    """Return why somebody's word for a call does not count; an empty string if it does.

    Args:
        signatory: Who gave it.
        requester: For whom the call is made.
        policy: The policies in force.
        contract: The tool.
        facts: The call, as policy sees it now.
        revoked: Ids of principals that were revoked.
        revoked_tokens: Ids of tokens that were revoked.
    """
    person = credited(signatory)
    if not {name_form(name) for name in revoked}.isdisjoint((*names_of(person), *EVERYTHING)):
        return f"{person.id} was revoked."
    if person.token and not revoked_tokens.isdisjoint((*credentials_of(person), *EVERYTHING)):
        return f"The token with which {person.id} decided was revoked."
    said = policy.may_approve(person, contract, facts, requester)
    return "" if said.outcome == "run" else said.reason


def check_approval(
    record: ApprovalRecord,
    *,
    digest: str,
    now: float,
    policy: CedarPolicy,
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
        revoked: Ids of principals that were revoked; what they approved counts no more.
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
    approvals = [given for given in record.decisions if given.type == "approve"]
    objections = [
        objection_to_consent(
            author_of(given),
            requester=request.requester,
            policy=policy,
            contract=contract,
            facts=facts,
            revoked=revoked,
            revoked_tokens=revoked_tokens,
        )
        for given in approvals
    ]
    people = {
        given.person
        for given, objection in zip(approvals, objections, strict=True)
        if not objection
    }
    needed = max(request.quorum, decision.quorum)
    if len(people) >= needed:
        return ""
    short = f"{needed} must agree and {len(people)} did whose approval counts."
    return " ".join([short, *dict.fromkeys(filter(None, objections))])
