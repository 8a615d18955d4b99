"""Decisions: what a person says to a request, checked against authority and recorded.

What is asked, and what policy must know to judge a decision, stands in the request. So a decision
can be recorded where the store is, and whoever runs the thread picks it up.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from ..errors import ArgumentError, DecisionError
from ..policy.approvals import decided_by, needs_authority, objection_to
from ..policy.protocols import PolicyEngine
from ..policy.recorded import facts_of, recorded
from ..policy.switches import SwitchBoard, SwitchState
from ..state.approval import ApprovalRequest, Decision
from ..state.plan import Plan
from ..state.run import Principal, Run
from ..stores.protocols import ApprovalRecord, Store
from ..tools.protocols import ToolRunner
from .dependencies import Dependencies
from .facts import call_facts
from .switched import revoked


class DecisionRoom(Protocol):
    """What judging and recording a decision takes; `Dependencies` hold it, and more."""

    @property
    def store(self) -> Store:
        """Where requests and decisions are."""
        ...

    @property
    def policy(self) -> PolicyEngine:
        """The policies in force."""
        ...

    @property
    def tools(self) -> ToolRunner:
        """The tools, for their contracts and to check edits."""
        ...

    @property
    def switches(self) -> SwitchBoard:
        """What operators have switched off."""
        ...

    @property
    def clock(self) -> Callable[[], float]:
        """Unix time in seconds."""
        ...


async def record_decisions(
    decisions: Sequence[Decision],
    requests: Sequence[ApprovalRequest],
    *,
    approver: Principal,
    authenticated: bool,
    dependencies: DecisionRoom,
) -> Sequence[ApprovalRecord]:
    """Record one person's decisions, all or none, with the audit log.

    Args:
        decisions: What was decided, matched to requests by approval id.
        requests: The waiting requests.
        approver: Who decides, from authentication.
        authenticated: Whether a credential vouches for `approver`; false in local use.
        dependencies: Store, policy, tools, switches and clock.

    Raises:
        DecisionError: An edit does not fit the tool, the approver was revoked or may not approve,
            or a request is closed or expired. Nothing was recorded.
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
        _check_edit(decision, request, dependencies)
        if objection := standing(decision, request, switches, dependencies):
            raise DecisionError(
                objection,
                where=f"decisions.{request.id}",
                fix="Ask somebody who may approve it.",
            )
    return await dependencies.store.approvals.decide(signed)


def standing(
    decision: Decision,
    request: ApprovalRequest,
    switches: SwitchState,
    dependencies: DecisionRoom,
) -> str:
    """Return why a decision does not count, under policies and switches as they are now.

    Raises:
        DecisionError: The request does not hold what policy must know.
    """
    if not needs_authority(decision, request):
        return ""
    frozen = switches.frozen_tool(request.tool) is not None
    return objection_to(
        decision,
        request,
        policy=dependencies.policy,
        contract=dependencies.tools.get(request.tool).contract,
        facts=facts_of(request, args=decision.args, frozen=frozen),
        revoked=switches.revoked_principals,
        revoked_tokens=switches.revoked_tokens,
    )


async def with_facts(
    request: ApprovalRequest, run: Run, plan: Plan, dependencies: Dependencies
) -> ApprovalRequest:
    """Return a request with what policy must know; those of earlier releases lack it."""
    if request.facts or request.tool == "ask":
        return request
    facts = await call_facts(
        run, plan, request.tool, request.args, request.provenance, dependencies
    )
    return request.model_copy(update={"facts": recorded(facts)})


def _check_edit(decision: Decision, request: ApprovalRequest, dependencies: DecisionRoom) -> None:
    if decision.type != "edit" or decision.args is None:
        return
    try:
        dependencies.tools.check(request.tool, decision.args)
    except ArgumentError as error:
        raise DecisionError(
            f"The edited arguments do not fit {request.tool}: {error}",
            where=f"decisions.{request.id}",
            fix="Correct the arguments and decide again.",
        ) from error
