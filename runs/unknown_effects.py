"""Unknown effects: what a person says of a call whose outcome nobody here knows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from ..policy.approvals import needs_authority
from ..policy.recorded import facts_of
from ..state.approval import ApprovalRequest, Decision
from ..state.happened import what_happened
from ..state.results import LEFT_OPEN, StepResult
from ..state.values import JsonObject
from .asking import renewed
from .decisions import standing
from .dependencies import Dependencies
from .said import declined, told


async def cleared_up(
    result: StepResult,
    request: ApprovalRequest,
    decisions: Sequence[Decision],
    dependencies: Dependencies,
) -> StepResult:
    """Return what becomes of the step now that somebody has said what became of its call."""
    decision = decisions[-1]
    switches = await dependencies.switches.snapshot()
    for said in decisions:
        if objection := standing(said, request, switches, dependencies):
            # Said in time, but by somebody whose word counts no more: ask again.
            return await _asked_anew(result, request, objection, dependencies)
    needed = _quorum(request, dependencies)
    if needs_authority(decision, request) and len({said.person for said in decisions}) < needed:
        problem = f"By now {needed} people must agree."
        more = request.model_copy(update={"quorum": needed})
        return await _asked_anew(result, more, problem, dependencies)
    note = f"{decision.approver}: {decision.message}"
    if decision.type == "approve":
        await _settle(request.unknown_effect, "failed", None, note, dependencies)
        return result.model_copy(update={"status": "cleared"})
    if decision.type == "respond" and what_happened(decision.message) == "no":
        await _settle(request.unknown_effect, "failed", None, note, dependencies)
        return declined(result, "did_not_happen", decision)
    if decision.type == "respond":
        output = {"confirmed_by": decision.approver, "text": decision.message}
        await _settle(request.unknown_effect, "done", output, note, dependencies)
        return told(result, output, decision)
    return declined(result, LEFT_OPEN, decision)


def _quorum(request: ApprovalRequest, dependencies: Dependencies) -> int:
    """Return how many people the policies in force want for the call that is in doubt."""
    contract = dependencies.tools.get(request.tool).contract
    return max(request.quorum, dependencies.policy.decide(contract, facts_of(request)).quorum)


async def _asked_anew(
    result: StepResult, request: ApprovalRequest, problem: str, dependencies: Dependencies
) -> StepResult:
    await dependencies.store.approvals.withdraw(request.id, problem)
    return renewed(result, request, now=dependencies.clock())


async def _settle(
    key: str,
    ended: Literal["done", "failed"],
    output: JsonObject | None,
    note: str,
    dependencies: Dependencies,
) -> None:
    """Record what the person said of an unknown call, once: this node may run again."""
    effects = dependencies.store.effects
    known = await effects.get(key)
    if known is not None and known.state != "unknown" and known.note == note:
        return
    await effects.reopen(key, ended=ended, output=output, note=note)
