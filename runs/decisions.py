"""Answers: check what a person decided, whole, and record it; or refuse it and change nothing.

The gate, the command line and the approval page all record decisions here.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import ArgumentError, DecisionError
from ..policy.approvals import approver_of, decided_by
from ..state.approval import ApprovalRequest, Decision
from ..state.plan import Plan
from ..state.run import Principal, Run
from ..stores.protocols import ApprovalRecord
from .dependencies import Dependencies
from .facts import call_facts
from .switched import revoked


async def record_decisions(
    decisions: Sequence[Decision],
    requests: Sequence[ApprovalRequest],
    *,
    run: Run,
    plan: Plan,
    approver: Principal,
    authenticated: bool,
    dependencies: Dependencies,
) -> Sequence[ApprovalRecord]:
    """Record one person's decisions, all or none, with the audit log.

    Args:
        decisions: What was decided, matched to requests by approval id.
        requests: The waiting requests.
        run: The run that waits.
        plan: Its plan.
        approver: Who decides, from authentication.
        authenticated: Whether a credential vouches for `approver`; false in local use.
        dependencies: Store, policy, tools and clock.

    Raises:
        DecisionError: An edit does not fit the tool, the approver was revoked or may not approve,
            or a request is closed or expired. Nothing was recorded.
    """
    await _check_standing(approver, dependencies)
    by_id = {request.id: request for request in requests}
    signed = [
        decided_by(decision, approver, authenticated=authenticated).model_copy(
            update={"decided_at": dependencies.clock()}
        )
        for decision in decisions
    ]
    for decision in signed:
        request = by_id[decision.approval_id]
        _check_edit(decision, request, dependencies)
        await _check_authority(decision, request, run, plan, dependencies)
    return await dependencies.store.approvals.decide(signed)


async def _check_standing(approver: Principal, dependencies: Dependencies) -> None:
    switches = await dependencies.switches.snapshot()
    if problem := revoked(switches, approver):
        raise DecisionError(problem, where="decisions", fix="Somebody else must answer.")


def _check_edit(decision: Decision, request: ApprovalRequest, dependencies: Dependencies) -> None:
    if decision.type != "edit" or decision.args is None:
        return
    try:
        dependencies.tools.check(request.tool, decision.args)
    except ArgumentError as error:
        raise DecisionError(
            f"The edited arguments do not fit {request.tool}: {error}",
            where=f"decisions.{request.id}",
            fix="Correct the arguments and answer again.",
        ) from error


async def _check_authority(
    decision: Decision,
    request: ApprovalRequest,
    run: Run,
    plan: Plan,
    dependencies: Dependencies,
) -> None:
    """Saying yes needs authority; anybody who may answer at all may say no."""
    if decision.type not in ("approve", "edit") or request.tool == "ask":
        return
    contract = dependencies.tools.get(request.tool).contract
    args = decision.args if decision.args is not None else request.args
    facts = await call_facts(run, plan, request.tool, args, request.provenance, dependencies)
    ruling = dependencies.policy.may_approve(
        approver_of(decision), contract, facts, request.requester
    )
    if ruling.outcome != "run":
        raise DecisionError(
            ruling.reason, where=f"decisions.{request.id}", fix="Ask somebody who may approve it."
        )
