"""synthesize: write the answer from accepted results, each sentence with its evidence."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from langchain_core.messages import AIMessage
from langgraph.runtime import Runtime

from ..grounding.language import Language
from ..models.blocks import Block
from ..models.requests import Role
from ..planners.playbook import PLANNER as PLAYBOOK
from ..runs.answer_note import answer_once
from ..runs.calls import AcceptedCall
from ..runs.checking import CheckedSentences, check_sentences
from ..runs.dependencies import Dependencies
from ..runs.events import emit
from ..runs.evidence import collect, outputs_of
from ..runs.ground import effects_of, ground_of
from ..runs.instructions import instructions_for
from ..runs.phrases import language_spoken, phrase
from ..runs.prompts import AnswerBrief
from ..runs.spending import history, spent
from ..runs.spoken import Spoken
from ..runs.step import started
from ..runs.telling import done, in_words, name_of, told, withdrawn_in_words
from ..runs.updates import RunUpdate
from ..runs.view import RunView
from ..runs.withdrawal import step_in_words
from ..runs.writing import UNREACHED, Writing, blocks_of, corrected, write
from ..state.answer import Answer, Sentence
from ..state.answering import (
    Evidenced,
    applicable,
    compose,
    extractive,
    prepared,
    report,
)
from ..state.approval import ApprovalRequest
from ..state.context import AgentContext
from ..state.plan import Plan
from ..state.relevance import sentences
from ..state.results import StepResult
from ..state.task import Task
from ..state.values import Json


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
        view, lambda: _answer(view, spoken, runtime, dependencies), dependencies
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


@dataclass(frozen=True, kw_only=True)
class _Run:
    """What the run came to, read once."""

    plan: Plan
    results: dict[str, StepResult]
    outputs: dict[str, Json]
    evidence: dict[str, Evidenced]
    whole: bool
    """Whether all that was planned was done."""
    language: Language
    now: datetime


async def _answer(
    view: RunView, spoken: Spoken, runtime: Runtime[AgentContext], dependencies: Dependencies
) -> Answer:
    plan, stop, task = view.plan, view.stop, view.task or Task(text="")
    payloads, language = dependencies.store.payloads, language_spoken(task)
    run = _Run(
        plan=plan,
        results=view.results,
        outputs=await outputs_of(view.results, payloads, view.memory),
        evidence=await collect(view.results, payloads, view.memory),
        whole=stop is None and not any(_unfinished(plan, view.results)),
        language=language,
        now=started(view.run),
    )
    notes = [
        *told(plan, view.results, stop, language, said=task.text),
        *_still_waits(view, language),
    ]
    withdrawn = withdrawn_in_words(plan, language)
    instructions = instructions_for(view.run, dependencies, plan)
    brief = AnswerBrief(
        task=task,
        today=datetime.fromtimestamp(view.run.started_at, UTC).date(),
        evidence=blocks_of(run.evidence, list(run.evidence)),
        instructions=instructions,
        why=plan.reason,
        notes=[*notes, *withdrawn],
        skipped=_skipped(plan, view.results),
    )
    desk = Writing(
        run=view.run,
        brief=brief,
        evidence=run.evidence,
        effects=effects_of(view, run.outputs, dependencies),
        ground=await ground_of(view, run.evidence, dependencies, instructions=instructions),
        keep_unverified=_keeps_unverified(plan, dependencies),
        spoken=spoken,
        runtime=runtime,
        dependencies=dependencies,
    )
    said = [Sentence(text=text) for text in sentences(stop.said)] if stop else []
    checked, written_by = await _sentences(desk, run, said)
    unsaid = _unsaid_effects(view, run, checked.kept, desk.effects)
    # Nothing is said twice; see `Spoken`.
    heard = {line for message in view.messages for line in message.text.splitlines()}
    unheard = [Sentence(text=text) for text in withdrawn if text not in heard]
    kept = tuple(dict.fromkeys((*checked.kept, *unheard, *unsaid)))
    nothing = () if kept or notes else (phrase(language, "nothing_found"),)
    return compose(
        kept,
        [*notes, *nothing],
        run.evidence,
        complete=run.whole,
        dropped=[str(sentence) for sentence in checked.failed],
        unverified=checked.unverified,
        written_by=written_by if checked.kept else "",
        report=report(plan, view.results, stop),
        safe=stop is not None and stop.reason == "planning",
        note="" if _any_model(dependencies) else "no language model configured",
    )


async def _sentences(
    desk: Writing, run: _Run, said: Sequence[Sentence]
) -> tuple[CheckedSentences, str]:
    """Return the answer's sentences: those that stand already, else those that a model writes."""
    if said:
        return await corrected(desk, await desk.check(said)), run.plan.planner
    # Effects are read for their numbers, in a thread: a loop may have had many.
    numbers = await asyncio.to_thread(desk.ground.read_numbers) if run.plan.answer else frozenset()
    own = prepared(run.plan, run.results, run.outputs, now=run.now, numbers=numbers)
    if own and run.plan.planner.partition(":")[0] == PLAYBOOK:
        return desk.say(await desk.check(own, quotes=True)), "template"
    if own and not any(run.results[s.id].recalled is None for s in run.plan.steps):
        return await corrected(desk, await desk.check(own)), run.plan.planner
    if own and run.whole and len(own) == len(applicable(run.plan, run.outputs)):
        checked = await desk.check(own)
        if len(checked.failed) <= len(checked.kept):
            # The planner wrote it before it knew the values: most stands, and the rest is asked
            # for again. One that mostly does not is written anew.
            return await corrected(desk, checked), run.plan.planner
    return await _written(desk)


async def _written(desk: Writing) -> tuple[CheckedSentences, str]:
    """Have a model write, or extract; a model that cannot be had is no reason not to answer."""
    models, failed = desk.dependencies.models, CheckedSentences()
    writes = models.serves("generator") or models.serves("chat")
    if desk.evidence and writes:
        try:
            checked, model = await write(desk)
        except UNREACHED as error:
            emit(desk.runtime, "writer_failed", node="synthesize", why=str(error))
        else:
            if checked.kept:
                return checked, model
            failed = checked
    extracted = await _extracted(desk)
    return desk.say(replace(extracted, failed=failed.failed + extracted.failed)), "extractive"


async def _extracted(desk: Writing) -> CheckedSentences:
    """Take the evidence's own words; those of a model that saw only a part are checked too."""
    found = extractive(desk.brief.task.text, desk.evidence)
    doubtful = [s for s in found if any(desk.evidence[id_].evidence.cut for id_ in s.cites)]
    checked = await desk.check(doubtful, quotes=True)
    sure = tuple(s for s in found if s not in doubtful)
    return replace(checked, kept=sure + checked.kept)


def _unsaid_effects(
    view: RunView, run: _Run, kept: Sequence[Sentence], calls: Sequence[AcceptedCall]
) -> list[Sentence]:
    """Return sentences of ours for what was done and no sentence speaks of."""
    cited = {run.evidence[id_].evidence.step for s in kept for id_ in s.cites}
    unsaid = {call.step: call.args for call in calls if call.step not in cited}
    said = view.task.text if view.task else ""
    of_step = {item.evidence.step: id_ for id_, item in reversed(run.evidence.items())}
    return [
        Sentence(text=text, cites=(of_step[step],) if step in of_step else ())
        for step, text in done(run.plan, unsaid, run.language, said=said)
    ]


def _skipped(plan: Plan, results: dict[str, StepResult]) -> list[Block]:
    """Return why steps were skipped, with the sources that decided it."""
    return [
        Block(name=step.id, text=f"{step.goal}: {result.reason}", sources=result.taint)
        for step in plan.steps
        if (result := results.get(step.id)) is not None
        if result.status == "skipped" and result.failure is None and result.reason
    ]


def _still_waits(view: RunView, language: Language) -> list[str]:
    """Return what earlier turns wait for: it is not forgotten."""
    return [
        phrase(language, name_of(request), step_in_words(parked, request.step))
        for parked in view.parked
        for request in parked.approvals
    ]


def _unfinished(plan: Plan, results: dict[str, StepResult]) -> list[str]:
    return [
        step.id for step in plan.steps if not step.optional and not _went_well(results.get(step.id))
    ]


def _went_well(result: StepResult | None) -> bool:
    """Whether a step did what was planned: a condition that said no is as planned."""
    return result is not None and (
        result.status in ("accepted", "skipped") and result.failure is None
    )


def _any_model(dependencies: Dependencies) -> bool:
    roles: tuple[Role, ...] = ("planner", "reasoner", "generator", "chat", "extractor", "verifier")
    return any(dependencies.models.serves(role) for role in roles)


def _keeps_unverified(plan: Plan, dependencies: Dependencies) -> bool:
    high = any(step.risk == "high" for step in plan.steps)
    return not high or dependencies.settings.unverified_at_high_risk == "keep"
