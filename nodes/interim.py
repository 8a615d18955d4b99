"""interim: answer what needs nobody, while the rest of the request waits for a person."""

from __future__ import annotations

from langchain_core.messages import AIMessage
from langgraph.runtime import Runtime

from ..runs.answer_note import answer_once
from ..runs.composing import interim_answer
from ..runs.dependencies import Dependencies
from ..runs.notice import notice_of
from ..runs.spoken import Spoken
from ..runs.updates import RunUpdate
from ..runs.view import RunView
from ..state.context import AgentContext
from ..state.interim import untold
from ..state.values import digest


async def interim(
    view: RunView, runtime: Runtime[AgentContext], dependencies: Dependencies
) -> RunUpdate:
    """Say what was found and what waits, in one message; the final answer does not repeat it."""
    notice = notice_of(view, dependencies)
    found = untold(view.plan, view.results, view.run.told)
    if notice is None:
        return RunUpdate()
    spoken = Spoken(message_id=str(notice.message.id), runtime=runtime)
    lines = notice.message.text.splitlines()
    answer = await answer_once(
        view,
        lambda: interim_answer(view, found, lines, spoken, runtime, dependencies),
        dependencies,
    )
    spoken.end(answer.text)
    return RunUpdate(
        answer=answer,
        run=view.run.model_copy(
            # Only now does it do nothing but wait.
            update={"told": (*view.run.told, *found), "waits_since": dependencies.clock()}
        ),
        messages=[AIMessage(answer.text, id=spoken.message_id)],
        said=[*view.said, digest(answer.text)],
    )
