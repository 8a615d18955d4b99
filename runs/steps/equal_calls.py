"""Equal calls of one run: a change that two steps make is one effect, unless a person says no."""

from __future__ import annotations

from collections.abc import Sequence

from ...state.values import JsonObject, digest
from ...stores.records import ApprovalStatus, EffectRecord
from ...tools.contract import Tool
from ..arguments import FirstForm
from ..dependencies import Dependencies
from ..memory import RunMemory
from ..step import Current

_NEVER_MADE: frozenset[ApprovalStatus] = frozenset({"rejected", "responded", "edited"})
"""Statuses of requests whose call will not be made as it was asked for."""


async def equal_call(
    current: Current, tool: Tool, args: JsonObject, dependencies: Dependencies
) -> str:
    """Return the step that has made an equal call in this run, if one has."""
    made = await _made(current, tool, args, dependencies)
    others = (r.claim.step for r in made if r.state != "failed" and r.claim.step != current.step.id)
    return next(others, "")


async def is_repetition(
    current: Current, tool: Tool, form: FirstForm, memory: RunMemory, dependencies: Dependencies
) -> bool:
    """Whether arguments were made for a call of another step that was made, or still may be."""
    if not form.of_another or tool.contract.effect == "read":
        return False
    made = await _made(current, tool, form.args, dependencies)
    if made:
        return any(record.state != "failed" for record in made)
    run = current.run
    asked = await memory.approvals(run.id, run.thread_id, dependencies.store.approvals)
    return not any(
        record.status in _NEVER_MADE
        for record in asked
        if (record.request.step, record.request.args) == (form.of_another, form.args)
    )


async def _made(
    current: Current, tool: Tool, args: JsonObject, dependencies: Dependencies
) -> Sequence[EffectRecord]:
    if tool.contract.effect == "read":
        return ()
    # Not all of the run's calls: a loop of n payments would read n times n.
    ledger = dependencies.store.effects
    return await ledger.equal_calls(current.run.id, tool.name, digest(args))
