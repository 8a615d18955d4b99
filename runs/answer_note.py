"""The journal's copy of an answer: a replay returns it, and neither writes nor pays for another."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from ..state.answer import Answer
from ..state.migrations import read_stored
from ..state.results import StepResult
from ..state.run import Stop
from ..state.values import digest
from .dependencies import Dependencies
from .planning import costs_nothing
from .view import RunView


async def answer_once(
    view: RunView, write: Callable[[], Awaitable[Answer]], dependencies: Dependencies
) -> Answer:
    """Return the answer that the journal holds for what the run came to, or write and record it."""
    journal, run, version = dependencies.store.journal, view.run, view.plan.version
    kind = f"answer:{_told(view.results, view.stop)}"
    noted = (await view.memory.journal(run.id, journal)).notes.get((kind, version))
    if noted is not None:
        return read_stored(Answer, noted, where="journal.answer")
    answer = await write()
    wait = not view.memory.may_owe(costs_nothing(dependencies))
    await journal.record_note(run.id, run.thread_id, kind, version, answer.to_json(), wait=wait)
    return answer


def _told(results: Mapping[str, StepResult], stop: Stop | None) -> str:
    """Digest what an answer tells: a fork that went another way has an answer of its own."""
    told = [
        [r.step, r.status, r.output, r.payload, r.failure.message if r.failure else ""]
        for _, r in sorted(results.items())
    ]
    return digest([told, stop.to_json() if stop else None])[:16]
