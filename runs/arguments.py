"""Arguments as they were first validated: that form binds, is approved, and runs.

A default may be made at the moment (an id, a time), and a validator may read the clock. Validated
again after a failed attempt or a crash, the same arguments would be another call, which the effects
ledger does not know. So what validation has made of its own is kept in the journal.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from ..state.run import Run
from ..state.values import JsonObject, digest
from .dependencies import Dependencies

if TYPE_CHECKING:
    from ..tools.runner import Runner


async def first_form(
    tool: str, given: JsonObject, run: Run, dependencies: Dependencies
) -> JsonObject:
    """Return what validation made of a call's arguments when the run first gave them.

    Raises:
        ArgumentError: They do not fit.
    """
    tools, journal = dependencies.tools, dependencies.store.journal
    checked = await tools.checked(tool, given)
    if checked == given or not await asyncio.to_thread(_is_made, tool, given, checked, tools):
        return checked
    kind = await asyncio.to_thread(_kind, tool, given)
    noted = await journal.note(run.id, kind, 0)
    if noted is None:
        await journal.record_note(run.id, run.thread_id, kind, 0, {"args": checked})
        # Another worker may have been first.
        noted = await journal.note(run.id, kind, 0)
    return checked if noted is None else await tools.checked(tool, noted["args"])


def _is_made(tool: str, given: JsonObject, checked: JsonObject, tools: Runner) -> bool:
    """Whether validation did more than to fill in what the schema says."""
    return tools.filled(tool, given) != checked


def _kind(tool: str, given: JsonObject) -> str:
    return f"args:{digest([tool, given])[:20]}"
