"""Composing: the answer to what a run came to, from sentences that stand or that a model writes."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from langgraph.runtime import Runtime

from ..grounding.actions import reported_one_by_one
from ..grounding.language import Language
from ..models.requests import Role
from ..planners.playbook import PLANNER as PLAYBOOK
from ..state.answer import Answer, Sentence
from ..state.answering import Evidenced, Framing, applicable, compose, extractive, prepared, report
from ..state.context import AgentContext
from ..state.instances import parts_of
from ..state.interim import tells_of, told_by_now, within
from ..state.plan import Plan
from ..state.references import references
from ..state.relevance import sentences
from ..state.results import StepResult
from ..state.task import Task
from ..state.values import Json
from .briefing import desk_for
from .checking import CheckedSentences
from .correcting import corrected
from .dependencies import Dependencies
from .earlier_results import with_earlier
from .events import emit
from .evidence import outputs_of
from .live_writing import write
from .phrases import language_spoken, phrase
from .spoken import Spoken
from .step import started
from .telling import asked_args, done, in_words, name_of, told, withdrawn_in_words
from .view import RunView
from .withdrawal import step_in_words
from .writing import UNREACHED, Writing


@dataclass(frozen=True, kw_only=True)
class _CameTo:
    """What the run came to, read once."""

    plan: Plan
    results: dict[str, StepResult]
    outputs: dict[str, Json]
    whole: bool
    """Whether all that was planned was done."""
    language: Language
    now: datetime


async def final_answer(
    view: RunView, spoken: Spoken, runtime: Runtime[AgentContext], dependencies: Dependencies
) -> Answer:
    """Answer from what was verified, and say what failed, was declined or was stopped."""
    plan, stop, run = view.plan, view.stop, await _came_to(view, dependencies)
    notes = [
        *told(plan, view.results, stop, run.language, said=view.task.text if view.task else ""),
        *_still_waits(view, run.language),
    ]
    withdrawn = withdrawn_in_words(plan, run.language)
    desk = await desk_for(
        view, spoken, runtime, dependencies, outputs=run.outputs, notes=[*notes, *withdrawn]
    )
    said = [Sentence(text=text) for text in sentences(stop.said)] if stop else []
    desk, checked, written_by = await _sentences(desk, run, said, view)
    # Nothing is said twice; see `Spoken`.
    heard = {line for message in view.messages for line in message.text.splitlines()}
    since = {line for said in desk.brief.since for line in said.text.splitlines()}
    ours = [Sentence(text=text) for text in withdrawn if text not in heard]
    ours += _unsaid_effects(view, run, checked.kept, desk, since)
    kept = tuple(dict.fromkeys((*checked.kept, *ours)))
    nothing = () if kept or notes or view.run.told else (phrase(run.language, "nothing_found"),)
    return compose(
        kept,
        [*notes, *nothing],
        desk.evidence,
        complete=run.whole,
        dropped=[str(sentence) for sentence in checked.failed],
        unverified=checked.unverified,
        written_by=written_by if checked.kept else "",
        report=report(plan, view.results, stop),
        safe=stop is not None and stop.reason == "planning" and not view.results,
        begun=bool(view.run.told),
        note="" if _any_model(dependencies) else "no language model configured",
    )


async def interim_answer(
    view: RunView,
    found: Sequence[str],
    notice: Sequence[str],
    spoken: Spoken,
    runtime: Runtime[AgentContext],
    dependencies: Dependencies,
) -> Answer:
    """Answer what needs nobody, while the rest waits for a person.

    Args:
        view: The run.
        found: Steps whose results the user is told of.
        notice: What the user hears of the rest.
        spoken: Says each sentence as it passes.
        runtime: Where progress is told.
        dependencies: Models, tools and store.
    """
    run = await _came_to(view, dependencies)
    run = replace(run, plan=told_by_now(view.plan, view.results, found))
    desk = await desk_for(
        view, spoken, runtime, dependencies, outputs=run.outputs, notes=notice, waits=True
    )
    checked, written_by = CheckedSentences(), ""
    if own := await _own(desk, run):
        checked, written_by = await _stands(desk, run, own)
    elif not view.plan.only_deeds and tells_of(view.plan, found):
        told_of = within(view.plan, found)
        news = {i: e for i, e in desk.evidence.items() if parts_of(e.evidence.step)[0] in told_of}
        checked, written_by = await _written(desk, news)
    # Nothing is said twice; see `Spoken`.
    kept = tuple(dict.fromkeys(checked.kept))
    return compose(
        kept,
        notice,
        desk.evidence,
        complete=False,
        dropped=[str(sentence) for sentence in checked.failed],
        unverified=checked.unverified,
        written_by=written_by if kept else "",
    ).model_copy(update={"status": "waiting"})


async def _came_to(view: RunView, dependencies: Dependencies) -> _CameTo:
    return _CameTo(
        plan=view.plan,
        results=view.results,
        outputs=await outputs_of(view.results, dependencies.store.payloads, view.memory),
        whole=view.stop is None and not any(_unfinished(view.plan, view.results)),
        language=language_spoken(view.task or Task(text="")),
        now=started(view.run),
    )


async def _sentences(
    desk: Writing, run: _CameTo, said: Sequence[Sentence], view: RunView
) -> tuple[Writing, CheckedSentences, str]:
    """Return the answer's sentences: what was found out, and why no more was planned.

    What they are held against comes with them: a prepared one may rest on an earlier turn.
    """
    if said and not run.results:
        return desk, await corrected(desk, await desk.check(said)), run.plan.planner
    desk, found, written_by = await _found_out(desk, run, view)
    if said:
        found += await corrected(desk, await desk.check(said))
    return desk, found, written_by


async def _found_out(
    desk: Writing, run: _CameTo, view: RunView
) -> tuple[Writing, CheckedSentences, str]:
    """Return the sentences that stand already, else those that a model writes."""
    if run.plan.only_deeds and run.language == "en" and _all_done(desk, run):
        return desk, CheckedSentences(), run.plan.planner
    own = await _own(desk, run)
    desk, own = await with_earlier(desk, own, view)
    replies = not any(run.results[s.id].recalled is None for s in run.plan.steps)
    if own and (replies or _is_by_playbook(run.plan)):
        return desk, *await _stands(desk, run, own)
    if own and run.whole and len(own) == len(applicable(run.plan, run.outputs)):
        checked = await desk.check(own)
        if len(checked.failed) <= len(checked.kept):
            # The planner wrote it before it knew the values: most stands, and the rest is asked
            # for again. One that mostly does not is written anew.
            return desk, await corrected(desk, checked), run.plan.planner
    told_of = within(run.plan, view.run.told)
    news = {i: e for i, e in desk.evidence.items() if parts_of(e.evidence.step)[0] not in told_of}
    return desk, *await _written(desk, news)


def _all_done(desk: Writing, run: _CameTo) -> bool:
    """Whether deeds tell all: one that a condition left out, and what nobody uses, do not.

    A later plan has used what earlier ones brought: its planner saw that before it wrote.
    """
    if not run.whole or any(result.status == "skipped" for result in run.results.values()):
        return False
    used = frozenset[str]().union(*(step.needs() for step in run.plan.steps))
    used |= {i for i, result in run.results.items() if result.plan_version < run.plan.version}
    deeds = {parts_of(call.step)[0] for call in desk.effects}
    last = [step for step in run.plan.steps if step.id not in used]
    return all(any(inner.id in deeds for inner in step.every()) for step in last)


async def _own(desk: Writing, run: _CameTo) -> list[Sentence]:
    """Return the plan's own sentences, filled in."""
    # Effects are read for their numbers, in a thread: a loop may have had many.
    numbers = await asyncio.to_thread(desk.ground.read_numbers) if run.plan.answer else frozenset()
    return prepared(run.plan, run.results, run.outputs, now=run.now, numbers=numbers)


async def _stands(
    desk: Writing, run: _CameTo, own: Sequence[Sentence]
) -> tuple[CheckedSentences, str]:
    """Check sentences that stand; a playbook's quote, and are in nobody's words to correct."""
    if _is_by_playbook(run.plan):
        return desk.say(await desk.check(own, quotes=True)), "template"
    return await corrected(desk, await desk.check(own)), run.plan.planner


def _is_by_playbook(plan: Plan) -> bool:
    return plan.planner.partition(":")[0] == PLAYBOOK


async def _written(desk: Writing, news: Mapping[str, Evidenced]) -> tuple[CheckedSentences, str]:
    """Have a model write, or extract; a model that cannot be had is no reason not to answer.

    Args:
        desk: What is written from.
        news: The evidence that the user has not heard of.
    """
    models, failed = desk.dependencies.models, CheckedSentences()
    if news and (models.serves("generator") or models.serves("chat")):
        try:
            checked, model = await write(desk)
        except UNREACHED as error:
            emit(desk.runtime, "writer_failed", node="synthesize", why=str(error))
        else:
            in_part = desk.brief.waits or desk.run.told
            if checked.kept or (in_part and not checked.failed):
                return checked, model
            failed = checked
    extracted = await _extracted(desk, news)
    return desk.say(CheckedSentences(checked=failed.checked) + extracted), "extractive"


async def _extracted(desk: Writing, news: Mapping[str, Evidenced]) -> CheckedSentences:
    """Take the evidence's own words; those of a model that saw only a part are checked too."""
    language = language_spoken(desk.brief.task)
    framing = Framing(
        source=lambda name: phrase(language, "found_in", name),
        more=lambda count: phrase(language, "more", count),
    )
    found = desk.unheard(extractive(desk.brief.task.text, news, framing))
    doubtful = [s for s in found if any(desk.evidence[id_].evidence.cut for id_ in s.cites)]
    checked = await desk.check(doubtful, quotes=True)
    sure = tuple(s for s in found if s not in doubtful)
    return CheckedSentences(checked=sure) + checked


def _unsaid_effects(
    view: RunView, run: _CameTo, kept: Sequence[Sentence], desk: Writing, heard: Collection[str]
) -> list[Sentence]:
    """Return sentences of ours for what was done and nobody has spoken of."""
    tested = _only_tested(run)
    spoken_of = {
        step
        for sentence in kept
        for step in (desk.evidence[id_].evidence.step for id_ in sentence.cites)
        if parts_of(step)[0] not in tested or any(reported_one_by_one(sentence.text))
    }
    unsaid = {call.step: call.args for call in desk.effects if call.step not in spoken_of}
    said = view.task.text if view.task else ""
    of_step = {item.evidence.step: id_ for id_, item in reversed(desk.evidence.items())}
    return [
        Sentence(text=text, cites=(of_step[step],) if step in of_step else ())
        for step, text in done(run.plan, unsaid, run.language, said=said)
        if _in_short(view, run, step, said) not in heard
    ]


def _only_tested(run: _CameTo) -> frozenset[str]:
    """Return the steps of which a prepared answer reads no more than whether they ran."""
    accepted = [name for name, result in run.results.items() if result.status == "accepted"]
    answer = applicable(run.plan, accepted)
    read = [ref for sentence in answer for ref in references(sentence.text) if ref.step]
    more = {ref.step for ref in read if not ref.is_tested}.union(*(s.cites for s in answer))
    tested = {ref.step for ref in read} - more
    steps = [step for step in run.plan.steps if step.id in tested]
    return frozenset(inner.id for step in steps for inner in step.every())


def _in_short(view: RunView, run: _CameTo, step: str, said: str) -> str:
    """Return how a notice has told of a deed that it does not know what was given to."""
    args = asked_args(view.results.get(step))
    return phrase(run.language, "done", in_words(run.plan, step, args, said=said))


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
