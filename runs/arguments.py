"""Arguments as they were first validated: that form binds, is approved, and runs.

A default may be made at the moment (an id, a time), and a validator may read the clock. Validated
again after a failed attempt or a crash, the same arguments would be another call, which the effects
ledger does not know. So what validation has made of its own is kept in the journal.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..state.migrations import read_stored
from ..state.run import Run
from ..state.values import JsonObject, Record, digest
from .dependencies import Dependencies

if TYPE_CHECKING:
    from ..tools.runner import Runner


@dataclass(frozen=True, kw_only=True)
class FirstForm:
    """Arguments as they were first validated."""

    args: JsonObject
    of_another: str = ""
    """The other step for which validation made them, if it made anything of its own."""


class NotedArguments(Record):
    """Such arguments as the journal keeps them."""

    args: JsonObject
    step: str = ""
    """For which step validation made them; releases that did not ask wrote none."""


async def first_form(
    tool: str, given: JsonObject, run: Run, dependencies: Dependencies, *, step: str
) -> FirstForm:
    """Return what validation made of a call's arguments when the run first gave them.

    Args:
        tool: The tool.
        given: The arguments as the plan, or a person, has them.
        run: The run.
        dependencies: Tools and journal.
        step: The step that gives them now.

    Raises:
        ArgumentError: They do not fit.
    """
    return await _noted(tool, given, run, dependencies, step=step)


async def form_of_its_own(
    tool: str, given: JsonObject, run: Run, dependencies: Dependencies, *, step: str
) -> JsonObject:
    """Return what validation makes of equal arguments for a step that repeats another's call.

    Ids that are made for a call tell whoever takes it which call it is. With those of the first
    one, a repetition that a person wants would be taken for the same.

    Raises:
        ArgumentError: They do not fit.
    """
    return (await _noted(tool, given, run, dependencies, step=step, apart=step)).args


async def _noted(
    tool: str,
    given: JsonObject,
    run: Run,
    dependencies: Dependencies,
    *,
    step: str,
    apart: str = "",
) -> FirstForm:
    tools, journal = dependencies.tools, dependencies.store.journal
    checked = await tools.checked(tool, given)
    if checked == given or not await asyncio.to_thread(_is_made, tool, given, checked, tools):
        return FirstForm(args=checked)
    kind = await asyncio.to_thread(_kind, tool, given, apart)
    body = await journal.note(run.id, kind, 0)
    if body is None:
        body = NotedArguments(args=checked, step=step).to_json()
        await journal.record_note(run.id, run.thread_id, kind, 0, body)
        # Another worker, or a step beside this one, may have been first.
        body = await journal.note(run.id, kind, 0) or body
    noted = read_stored(NotedArguments, body, where=f"journal of run {run.id}, {kind}")
    args = await tools.checked(tool, noted.args)
    return FirstForm(args=args, of_another="" if noted.step == step else noted.step)


def _is_made(tool: str, given: JsonObject, checked: JsonObject, tools: Runner) -> bool:
    """Whether validation did more than to fill in what the schema says."""
    return tools.filled(tool, given) != checked


def _kind(tool: str, given: JsonObject, apart: str) -> str:
    kind = f"args:{digest([tool, given])[:20]}"
    return f"{kind}:{apart}" if apart else kind
