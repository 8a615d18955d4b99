"""synthesize: write the answer from accepted results, each sentence with its evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from langchain_core.messages import AIMessage, BaseMessage
from langgraph.runtime import Runtime

from ..errors import BudgetExceededError, EndpointError, OutputError
from ..grounding.ground import Ground
from ..models.blocks import Block
from ..models.protocols import ModelRequest, Role, Signals
from ..runs import prompts
from ..runs.answer_note import answer_once
from ..runs.checking import (
    CheckedSentences,
    FailedSentence,
    check_sentences,
    without_unverified,
)
from ..runs.dependencies import Dependencies
from ..runs.events import emit, emitter
from ..runs.evidence import collect, outputs_of
from ..runs.ground import ground_of
from ..runs.instructions import instructions_for
from ..runs.spending import history, spent
from ..runs.step import started
from ..runs.view import RunUpdate, RunView
from ..state.answer import Answer, Sentence
from ..state.answering import Evidenced, compose, extractive, prepared, report
from ..state.context import AgentContext
from ..state.plan import Plan
from ..state.provenance import union
from ..state.results import StepResult
from ..state.run import Run
from ..state.task import Task


async def synthesize(
    view: RunView, runtime: Runtime[AgentContext], dependencies: Dependencies
) -> RunUpdate:
    """Answer from what was verified, and say what failed, was declined or was stopped."""
    answer = await answer_once(view, lambda: _answer(view, runtime, dependencies), dependencies)
    outcomes = await history(view.run, view.results, view.revisions > 0, dependencies)
    usage = await spent(view, outcomes, dependencies)
    emit(runtime, "finished", node="synthesize", status=answer.status, usd=usage.usd)
    message = AIMessage(answer.text, id=f"answer-{view.run.id}")
    return RunUpdate(answer=answer, usage=usage, messages=[message])


async def _answer(
    view: RunView, runtime: Runtime[AgentContext], dependencies: Dependencies
) -> Answer:
    run, plan, results, stop = view.run, view.plan, view.results, view.stop
    task = view.task or Task(text="")
    evidence = await collect(results, dependencies.store.payloads, view.memory)
    outputs = await outputs_of(results, dependencies.store.payloads, view.memory)
    note = "" if _any_model(dependencies) else "no language model configured"
    instructions = instructions_for(run, dependencies, plan)
    ground = await ground_of(view, evidence, dependencies, instructions=instructions)
    writing = _Writing(
        task=task,
        run=run,
        evidence=evidence,
        ground=ground,
        instructions=instructions,
        keep_unverified=_keeps_unverified(plan, dependencies),
    )
    prepared_sentences = prepared(plan, results, outputs, now=started(run))
    if prepared_sentences:
        checked, written_by = await writing.check(prepared_sentences, quotes=True), "template"
    else:
        checked, written_by = await _write(writing, runtime, dependencies)
    return compose(
        checked.kept,
        report(plan, results, stop),
        evidence,
        complete=stop is None and not any(_unfinished(plan, results)),
        dropped=[str(sentence) for sentence in checked.failed],
        unverified=checked.unverified,
        written_by=written_by,
        note=note,
    )


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


@dataclass(frozen=True, kw_only=True)
class _Writing:
    """What the answer is written from and checked against."""

    task: Task
    run: Run
    evidence: dict[str, Evidenced]
    ground: Ground
    instructions: str
    keep_unverified: bool

    async def check(self, written: Sequence[Sentence], *, quotes: bool = False) -> CheckedSentences:
        """Check sentences by the rules."""
        return await check_sentences(
            written, self.ground, keep_unverified=self.keep_unverified, quotes=quotes
        )


def _keeps_unverified(plan: Plan, dependencies: Dependencies) -> bool:
    high = any(step.risk == "high" for step in plan.steps)
    return not high or dependencies.settings.unverified_at_high_risk == "keep"


async def _write(
    writing: _Writing, runtime: Runtime[AgentContext], dependencies: Dependencies
) -> tuple[CheckedSentences, str]:
    """Have a model write, or extract; a model that cannot be had is no reason not to answer."""
    role: Role = "generator" if dependencies.models.serves("generator") else "chat"
    failed: tuple[FailedSentence, ...] = ()
    if writing.evidence and dependencies.models.serves(role):
        try:
            written, model = await _generate(role, writing, runtime, dependencies)
        except (EndpointError, OutputError, BudgetExceededError) as error:
            emit(runtime, "discard", node="synthesize", why=str(error))
        else:
            checked = await _checked(role, written, writing, runtime, dependencies)
            if checked.kept:
                return checked, model
            failed = checked.failed
    extracted = extractive(writing.task.text, writing.evidence)
    return CheckedSentences(kept=tuple(extracted), failed=failed), "extractive"


async def _checked(
    role: Role,
    written: Sequence[Sentence],
    writing: _Writing,
    runtime: Runtime[AgentContext],
    dependencies: Dependencies,
) -> CheckedSentences:
    """Check what was written, ask once for what failed, and ask the verifier about the rest."""
    checked = await writing.check(written)
    if checked.failed:
        anew = await _rewrite(role, checked.failed, writing, runtime, dependencies)
        again = await writing.check(anew)
        # What was left out stays dropped, and is named as it was first written.
        left = checked.failed if not anew else again.failed
        checked = CheckedSentences(
            kept=checked.kept + again.kept,
            unverified=checked.unverified + again.unverified,
            failed=left,
        )
    confirmed = await _confirm(list(checked.kept), writing, dependencies)
    if confirmed is None:
        return without_unverified(checked, "only its meaning can be judged, and no verifier did")
    kept, rejected = confirmed
    return replace(checked, kept=tuple(kept), failed=checked.failed + rejected)


async def _rewrite(
    role: Role,
    failed: Sequence[FailedSentence],
    writing: _Writing,
    runtime: Runtime[AgentContext],
    dependencies: Dependencies,
) -> list[Sentence]:
    """Ask the writer once for the sentences that failed; nothing where it cannot be had."""
    messages = prompts.rewrite_messages(
        writing.task.text,
        _blocks(writing.evidence, list(writing.evidence)),
        [(sentence.text, sentence.reason) for sentence in failed],
        instructions=writing.instructions,
    )
    try:
        sentences, _ = await _ask(role, messages, writing, None, dependencies)
    except (EndpointError, OutputError, BudgetExceededError) as error:
        emit(runtime, "discard", node="synthesize", why=str(error))
        return []
    return sentences


async def _generate(
    role: Role, writing: _Writing, runtime: Runtime[AgentContext], dependencies: Dependencies
) -> tuple[list[Sentence], str]:
    blocks = _blocks(writing.evidence, list(writing.evidence))
    messages = prompts.answer_messages(writing.task.text, blocks, instructions=writing.instructions)
    return await _ask(role, messages, writing, runtime, dependencies)


async def _ask(
    role: Role,
    messages: list[BaseMessage],
    writing: _Writing,
    runtime: Runtime[AgentContext] | None,
    dependencies: Dependencies,
) -> tuple[list[Sentence], str]:
    """Ask the writer for sentences with their citations, and say which model wrote them.

    Args:
        role: Who writes.
        messages: The prompt.
        writing: What the run writes from.
        runtime: Where the words are streamed to as they come; a correction is not streamed.
        dependencies: The models.
    """
    request = ModelRequest(
        signals=Signals(
            role=role,
            task_type="answering",
            latency=writing.run.latency,
            needs_schema=True,
            request=writing.task.text,
            data_class=_data_class(writing.evidence),
        ),
        messages=messages,
        schema=prompts.ANSWER_SCHEMA,
        max_output_tokens=2048,
        stream=runtime is not None,
    )
    told = emitter(runtime, node="synthesize") if runtime else None
    reply = await dependencies.models.complete(request, run=writing.run, step="answer", emit=told)
    sentences = [
        Sentence(text=s["text"].strip(), cites=tuple(s["cites"]))
        for s in reply.data["sentences"]
        if s["text"].strip()
    ]
    return sentences, f"{reply.model}@{reply.endpoint}"


def _data_class(evidence: dict[str, Evidenced]) -> tuple[str, ...]:
    return union([item.data_class for item in evidence.values()])


def _blocks(evidence: dict[str, Evidenced], ids: Sequence[str]) -> list[Block]:
    return [
        Block(
            name=id_,
            text=f"{evidence[id_].evidence.source}\n{evidence[id_].text}",
            sources=(evidence[id_].evidence.source,)
            if evidence[id_].evidence.trust == "untrusted"
            else (),
        )
        for id_ in ids
        if id_ in evidence
    ]


async def _confirm(
    sentences: list[Sentence], writing: _Writing, dependencies: Dependencies
) -> tuple[list[Sentence], tuple[FailedSentence, ...]] | None:
    """Ask the verifier model, where there is one, about sentences that passed the rules.

    `None` where it did not answer: then what the rules could not decide has not passed.
    """
    if not sentences or not dependencies.models.serves("verifier"):
        return sentences, ()
    evidence = writing.evidence
    claims = [(s.text, _blocks(evidence, s.cites)) for s in sentences]
    request = ModelRequest(
        signals=Signals(
            role="verifier",
            task_type="verification",
            latency=writing.run.latency,
            needs_schema=True,
            data_class=_data_class(evidence),
        ),
        messages=prompts.verify_messages(claims, instructions=writing.instructions),
        schema=prompts.VERIFY_SCHEMA,
        max_output_tokens=512,
    )
    try:
        reply = await dependencies.models.complete(request, run=writing.run, step="answer")
    except (EndpointError, OutputError, BudgetExceededError):
        return None
    verdicts: list[bool] = reply.data["supported"]
    if len(verdicts) != len(sentences):
        return None
    kept = [s for s, supported in zip(sentences, verdicts, strict=True) if supported]
    rejected = tuple(
        FailedSentence(text=s.text, reason="the verifier found no support")
        for s, supported in zip(sentences, verdicts, strict=True)
        if not supported
    )
    return kept, rejected
