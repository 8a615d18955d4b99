"""Decisions: what a person says to a request, checked against authority and recorded.

What is asked, and what policy must know to judge a decision, stands in the request. So a decision
can be recorded where the store is, and whoever runs the thread picks it up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from langgraph.runtime import Runtime

from ..errors import ArgumentError, DecisionError, PointsmanError
from ..policy.approvals import author_of, decided_by, needs_authority, objection_to_consent
from ..policy.endorsing import endorsements_of
from ..policy.granting import grant_of
from ..policy.recorded import facts_of, recorded
from ..policy.switches import SwitchState
from ..state.approval import ApprovalRequest, Decision
from ..state.context import AgentContext
from ..state.endorsement import Endorsement
from ..state.grant import CallGrant
from ..state.run import Principal
from ..stores.records import ApprovalRecord
from .dependencies import Dependencies
from .facts import call_facts
from .granting import check_grant
from .identity import credential_holder, principal_of
from .switched import revoked
from .view import RunView

CLOSED = frozenset({"approved", "edited", "rejected", "responded"})
"""Statuses of requests that were decided."""


async def record_decisions(
    decisions: Sequence[Decision],
    requests: Sequence[ApprovalRequest],
    *,
    approver: Principal,
    authenticated: bool,
    dependencies: Dependencies,
    anew: frozenset[str] = frozenset(),
    at_work: bool = False,
) -> Sequence[ApprovalRecord]:
    """Record one person's decisions, all or none, with the audit log.

    Args:
        decisions: What was decided, matched to requests by approval id.
        requests: The waiting requests.
        approver: Who decides, from authentication.
        authenticated: Whether a credential vouches for `approver`; false in local use.
        dependencies: Store, policy, tools, switches and clock.
        anew: Requests that were decided before and not acted on: the newest decision counts.
        at_work: Whether the run itself records them, so that no worker need be told.

    Raises:
        DecisionError: An edit does not fit the tool, the approver was revoked, may not approve or
            may not grant what they grant with it, or a request is closed or expired. Nothing was
            recorded.
    """
    switches = await dependencies.switches.snapshot()
    if problem := revoked(switches, approver):
        raise DecisionError(problem, where="decisions", fix="Somebody else must decide.")
    by_id = {request.id: request for request in requests}
    signed = [
        decided_by(decision, approver, authenticated=authenticated).model_copy(
            update={"decided_at": dependencies.clock()}
        )
        for decision in decisions
    ]
    for decision in signed:
        request = by_id[decision.approval_id]
        await _check_edit(decision, request, dependencies)
        if objection := standing(decision, request, switches, dependencies):
            raise DecisionError(
                objection,
                where=f"decisions.{request.id}",
                fix="Ask somebody who may approve it.",
            )
    return await dependencies.store.approvals.decide(
        signed,
        anew=anew,
        endorsements=await _endorsements(signed, by_id, dependencies),
        grants=await _grants(signed, by_id, dependencies),
        at_work=at_work,
    )


async def _endorsements(
    decisions: Sequence[Decision],
    requests: Mapping[str, ApprovalRequest],
    dependencies: Dependencies,
) -> list[Endorsement]:
    """Return what the decisions endorse, for the runs that each of them names."""
    endorsing = [decision for decision in decisions if decision.endorse]
    records = await dependencies.store.approvals.get_all([d.approval_id for d in endorsing])
    limit = dependencies.settings.policy.endorsement_expiry_seconds
    return [
        one
        for decision, record in zip(endorsing, records, strict=True)
        for one in endorsements_of(
            decision, requests[decision.approval_id], thread=record.thread_id, limit=limit
        )
    ]


async def _grants(
    decisions: Sequence[Decision],
    requests: Mapping[str, ApprovalRequest],
    dependencies: Dependencies,
) -> list[CallGrant]:
    """Return what the decisions grant, for the runs that each of them names."""
    granting = [decision for decision in decisions if decision.grant is not None]
    records = await dependencies.store.approvals.get_all([d.approval_id for d in granting])
    found: list[CallGrant] = []
    for decision, record in zip(granting, records, strict=True):
        request = requests[decision.approval_id]
        if grant := grant_of(decision, request, thread=record.thread_id):
            await check_grant(grant, dependencies, where=f"decisions.{request.id}.grant")
            found.append(grant)
    return found


async def withdraw(
    record: ApprovalRecord,
    reason: str,
    *,
    approver: Principal,
    authenticated: bool,
    dependencies: Dependencies,
) -> None:
    """Take a request or an approval back before anything came of it; it is then asked anew.

    Whoever may approve may take back, also what another has approved.

    Args:
        record: What is taken back.
        reason: Why, for people.
        approver: Who takes it back, from authentication.
        authenticated: Whether a credential vouches for `approver`; false in local use.
        dependencies: Store, policy, tools, switches and clock.

    Raises:
        DecisionError: The person may not, the call was made, or the request is closed otherwise.
    """
    where = f"approval {record.request.id}"
    switches = await dependencies.switches.snapshot()
    said = Decision(approval_id=record.request.id, type="approve", message=reason)
    signed = decided_by(said, approver, authenticated=authenticated)
    problem = revoked(switches, approver) or standing(
        signed, record.request, switches, dependencies
    )
    if problem:
        raise DecisionError(problem, where=where, fix="Ask somebody who may approve it.")
    effects = await dependencies.store.effects.of_run(record.run_id)
    if record.status == "approved" and any(
        effect.claim.step == record.request.step and effect.state != "failed" for effect in effects
    ):
        raise DecisionError(
            "The call has been made.", where=where, fix="Only what has not run can be taken back."
        )
    await dependencies.store.approvals.withdraw(record.request.id, reason, actor=approver.id)


async def record_newest(
    decisions: Sequence[Decision],
    known: Mapping[str, ApprovalRecord],
    requests: Sequence[ApprovalRequest],
    runtime: Runtime[AgentContext],
    dependencies: Dependencies,
) -> Sequence[ApprovalRecord]:
    """Record decisions that were sent to a thread: they count more than what is on record.

    What is on record already is left out: a node that starts over is sent the same again.

    Args:
        decisions: What was sent.
        known: Approval id → what is on record.
        requests: The requests that the decisions are on.
        runtime: Who has sent them.
        dependencies: Store, policy, tools, switches and clock.

    Raises:
        DecisionError: See `record_decisions`.
    """
    approver = principal_of(runtime, dependencies.settings)
    new = [d for d in decisions if not _is_on_record(d, known[d.approval_id], approver)]
    return await record_decisions(
        new,
        requests,
        approver=approver,
        authenticated=credential_holder(runtime) is not None,
        dependencies=dependencies,
        anew=frozenset(d.approval_id for d in new if known[d.approval_id].status in CLOSED),
        at_work=True,
    )


def _is_on_record(decision: Decision, record: ApprovalRecord, approver: Principal) -> bool:
    return any(
        given.approver == approver.id and _said(given) == _said(decision)
        for given in record.decisions[-1:]
    )


def _said(decision: Decision) -> tuple[object, ...]:
    """Return what a decision says, whoever says it and when."""
    return decision.type, decision.args, decision.message, decision.endorse, decision.grant


def explained(error: Exception) -> str:
    """Return what a person may read of an error; foreign words may hold anything."""
    return str(error) if isinstance(error, PointsmanError) else f"{type(error).__name__} was raised"


def standing(
    decision: Decision,
    request: ApprovalRequest,
    switches: SwitchState,
    dependencies: Dependencies,
) -> str:
    """Return why a decision does not count, under policies and switches as they are now.

    Raises:
        DecisionError: The request does not hold what policy must know.
    """
    if not needs_authority(decision, request):
        return ""
    frozen = switches.frozen_tool(request.tool) is not None
    return objection_to_consent(
        author_of(decision),
        requester=request.requester,
        policy=dependencies.policy,
        contract=dependencies.tools.get(request.tool).contract,
        facts=facts_of(request, args=decision.args, frozen=frozen),
        revoked=switches.revoked_principals,
        revoked_tokens=switches.revoked_tokens,
    )


async def with_facts(
    request: ApprovalRequest, view: RunView, dependencies: Dependencies
) -> ApprovalRequest:
    """Return a request with what policy must know; those of earlier releases lack it."""
    if request.facts or request.tool == "ask":
        return request
    facts = await call_facts(
        view.run,
        view.plan,
        request.tool,
        request.args,
        request.provenance,
        dependencies,
        memory=view.memory,
    )
    return request.model_copy(update={"facts": recorded(facts)})


async def _check_edit(
    decision: Decision, request: ApprovalRequest, dependencies: Dependencies
) -> None:
    if decision.type != "edit" or decision.args is None:
        return
    try:
        await dependencies.tools.checked(request.tool, decision.args)
    except ArgumentError as error:
        raise DecisionError(
            f"The edited arguments do not fit {request.tool}: {error}",
            where=f"decisions.{request.id}",
            fix="Correct the arguments and decide again.",
        ) from error
