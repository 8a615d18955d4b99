"""synthesize: write the answer from accepted results, each sentence with its evidence."""

from __future__ import annotations

from langchain_core.messages import AIMessage
from langgraph.runtime import Runtime

from ..runs.answer_note import answer_once
from ..runs.checking import check_sentences
from ..runs.composing import final_answer
from ..runs.dependencies import Dependencies
from ..runs.events import emit
from ..runs.evidence import collect
from ..runs.ground import ground_of
from ..runs.instructions import instructions_for
from ..runs.phrases import language_spoken, phrase
from ..runs.spending import history, spent
from ..runs.spoken import Spoken
from ..runs.telling import in_words
from ..runs.updates import RunUpdate
from ..runs.view import RunView
from ..state.answer import Answer, Sentence
from ..state.approval import ApprovalRequest
from ..state.context import AgentContext
from ..state.relevance import sentences
from ..state.task import Task


async def synthesize(
    view: RunView, runtime: Runtime[AgentContext], dependencies: Dependencies
) -> RunUpdate:
    """Answer from what was verified, and say what failed, was declined or was stopped.

    Where the plan asks the user something, that is what is said.
    """
    if view.stop is None and (asked := view.as_parked().questions):
        return await _ask(view, asked[0], dependencies)
    spoken = Spoken(message_id=f"answer-{view.run.id}", runtime=runtime)
    answer = await answer_once(
        view, lambda: final_answer(view, spoken, runtime, dependencies), dependencies
    )
    spoken.end(answer.text)
    outcomes = await history(view.run, view.results, view.revisions > 0, dependencies)
    usage = await spent(view, outcomes, dependencies)
    emit(runtime, "finished", node="synthesize", status=answer.status, usd=usage.usd)
    message = AIMessage(answer.text, id=spoken.message_id)
    return RunUpdate(answer=answer, usage=usage, messages=[message])


async def _ask(view: RunView, request: ApprovalRequest, dependencies: Dependencies) -> RunUpdate:
    """Put a question into the conversation; the next message is heard as the reply."""
    evidence = await collect(view.results, dependencies.store.payloads, view.memory)
    ground = await ground_of(
        view,
        evidence,
        dependencies,
        instructions=instructions_for(view.run, dependencies, view.plan),
    )
    written = [Sentence(text=text) for text in sentences(request.description)]
    checked = await check_sentences(written, ground, keep_unverified=True)
    text = " ".join(sentence.text for sentence in checked.kept)
    if not text:
        what = in_words(view.plan, request.step)
        language = language_spoken(view.task or Task(text=""))
        text = phrase(language, "missing", what)
    answer = Answer(
        text=text,
        status="question",
        written_by=view.plan.planner,
        dropped=tuple(map(str, checked.failed)),
    )
    # A question that is asked again is another message.
    message = AIMessage(text, id=f"question-{view.run.id}-{len(view.messages)}")
    outcomes = await history(view.run, view.results, view.revisions > 0, dependencies)
    return RunUpdate(
        answer=answer, usage=await spent(view, outcomes, dependencies), messages=[message]
    )
