"""The journal's copy of an answer: a replay returns it, and neither writes nor pays for another."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from ..state.answer import Answer
from ..state.migrations import read_stored
from ..state.results import told_by
from ..state.values import digest
from ..stores.journal import ANSWER
from .audited import audited_answer
from .dependencies import Dependencies
from .view import RunView


async def answer_once(
    view: RunView, write: Callable[[], Awaitable[Answer]], dependencies: Dependencies
) -> Answer:
    """Return the answer that the journal holds for what the run came to, or write and record it."""
    journal, run, version = dependencies.store.journal, view.run, view.plan.version
    # A fork that went another way has an answer of its own.
    came_to = [told_by(view.results), view.stop.to_json() if view.stop else None]
    kind = f"{ANSWER}{digest(came_to)[:16]}"
    noted = (await view.memory.journal(run.id, journal)).notes.get((kind, version))
    if noted is not None:
        return read_stored(Answer, noted, where="journal.answer")
    paid = await view.memory.model_calls(run.id, dependencies.models)
    answer = await write()
    free = await view.memory.model_calls(run.id, dependencies.models) == paid
    wait = not view.memory.may_owe(free)
    told = answer.to_json()
    await audited_answer(told, run, dependencies)
    await journal.record_note(run.id, run.thread_id, kind, version, told, wait=wait)
    return answer
