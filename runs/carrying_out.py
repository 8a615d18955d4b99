"""Carrying out: what a person's decision makes of the step that waited for it."""

from __future__ import annotations

import logging

from ..errors import StoreError
from ..state.results import StepResult
from ..state.values import JsonObject, digest
from ..stores.records import ApprovalRecord
from .asking import renewed
from .audited import audited
from .decisions import explained, with_facts
from .dependencies import Dependencies
from .edits import edited
from .said import declined, told
from .unknown_effects import cleared_up
from .view import RunView

_log = logging.getLogger(__name__)


async def carried_out(
    result: StepResult, record: ApprovalRecord, view: RunView, dependencies: Dependencies
) -> StepResult:
    """Turn one decision into the step's new result, or take it back and ask again.

    Whatever is raised here, by a tool's own check or because this release lacks the tool, must not
    leave the decision in force: the next one may be the opposite.
    """
    try:
        return await _apply(result, record, view, dependencies)
    except StoreError:
        raise
    except Exception as error:  # noqa: BLE001 - see above; the person who decides next reads it
        reason = explained(error)
        _log.warning("A decision on step %s could not be carried out: %s", result.step, reason)
        await dependencies.store.approvals.withdraw(record.request.id, reason)
        fresh = renewed(result, record.request, now=dependencies.clock())
        why = f"{record.request.why}\nThe last decision could not be carried out: {reason}"
        asked = fresh.approval and fresh.approval.model_copy(update={"why": why[:4000]})
        return fresh.model_copy(update={"approval": asked})


async def _apply(
    result: StepResult, record: ApprovalRecord, view: RunView, dependencies: Dependencies
) -> StepResult:
    """Turn one closed request into the step's new result."""
    decision = record.decisions[-1]
    request = record.request
    if request.unknown_effect or record.status == "edited":
        await _overridden(record, view, dependencies)
    if request.unknown_effect:
        request = await with_facts(request, view, dependencies)
        return await cleared_up(result, request, record.decisions, dependencies)
    match record.status:
        case "approved":
            return result.model_copy(update={"status": "cleared"})
        case "edited":
            return await edited(result, request, decision, view, dependencies)
        case "responded" if request.tool == "ask":
            return told(result, {"text": decision.message}, decision)
        case "responded":
            return declined(result, "responded", decision)
        case _:
            return declined(result, "rejected", decision)


async def _overridden(record: ApprovalRecord, view: RunView, dependencies: Dependencies) -> None:
    """Note that a person's word stands in the place of what the agent wanted or knew."""
    request, decision = record.request, record.decisions[-1]
    body: JsonObject = {
        "step": request.step,
        "approval_id": request.id,
        "of": "outcome" if request.unknown_effect else "arguments",
        "before": digest(request.args),
        "after": digest(decision.args) if decision.args is not None else decision.type,
    }
    await audited("override", view.run, body, dependencies, actor=decision.approver)
