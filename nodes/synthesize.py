"""synthesize: write the answer from accepted results, each sentence with its evidence."""

from __future__ import annotations

from collections.abc import Sequence

from langchain_core.messages import AIMessage
from langgraph.runtime import Runtime

from ..errors import BudgetExceededError, EndpointError, OutputError
from ..models.blocks import Block
from ..models.protocols import ModelRequest, Role, Signals
from ..runs import prompts
from ..runs.answer_note import answer_once
from ..runs.dependencies import Dependencies
from ..runs.events import emit, emitter
from ..runs.evidence import collect
from ..runs.view import RunUpdate, RunView
from ..state.answer import Answer, Sentence
from ..state.answering import Evidenced, compose, extractive, prepared, report
from ..state.context import AgentContext
from ..state.grounding import unsupported
from ..state.plan import Plan
from ..state.results import StepResult
from ..state.run import Run
from ..state.task import Task
from ..state.usage import Usage, total


async def synthesize(
    view: RunView, runtime: Runtime[AgentContext], dependencies: Dependencies
) -> RunUpdate:
    """Answer from what was verified, and say what failed, was declined or was stopped."""
    answer = await answer_once(view, lambda: _answer(view, runtime, dependencies), dependencies)
    usage = await _usage(view.run, view.results, dependencies)
    emit(runtime, "finished", node="synthesize", status=answer.status, usd=usage.usd)
    message = AIMessage(answer.text, id=f"answer-{view.run.id}")
    return RunUpdate(answer=answer, usage=usage, messages=[message])


async def _usage(run: Run, results: dict[str, StepResult], dependencies: Dependencies) -> Usage:
    """Join what models cost, as the attempt log has it, with what tools cost."""
    models = await dependencies.models.usage(run.id)
    tools = [
        attempt.usage
        for result in results.values()
        for attempt in result.attempts
        if attempt.performed_by.startswith("tool:")
    ]
    return models + total(tools)


async def _answer(
    view: RunView, runtime: Runtime[AgentContext], dependencies: Dependencies
) -> Answer:
    run, plan, results, stop = view.run, view.plan, view.results, view.stop
    task = view.task or Task(text="")
    evidence = await collect(results, dependencies.store.payloads, view.memory)
    outputs = {e.evidence.step: e.output for e in evidence.values()}
    note = "" if _any_model(dependencies) else "no language model configured"
    prepared_sentences = prepared(plan, results, outputs)
    if prepared_sentences:
        kept, dropped = _check(prepared_sentences, evidence, by_model=False)
        written_by = "template"
    else:
        kept, dropped, written_by = await _write(task, run, evidence, runtime, dependencies)
    return compose(
        kept,
        report(plan, results, stop),
        evidence,
        complete=stop is None and not any(_unfinished(plan, results)),
        dropped=dropped,
        written_by=written_by,
        note=note,
    )


def _unfinished(plan: Plan, results: dict[str, StepResult]) -> list[str]:
    return [
        step.id
        for step in plan.steps
        if not step.optional and (step.id not in results or results[step.id].status != "accepted")
    ]


def _any_model(dependencies: Dependencies) -> bool:
    roles: tuple[Role, ...] = ("planner", "reasoner", "generator", "chat", "extractor", "verifier")
    return any(dependencies.models.serves(role) for role in roles)


async def _write(
    task: Task,
    run: Run,
    evidence: dict[str, Evidenced],
    runtime: Runtime[AgentContext],
    dependencies: Dependencies,
) -> tuple[list[Sentence], list[str], str]:
    """Have a model write, or extract; a model that cannot be had is no reason not to answer."""
    role: Role = "generator" if dependencies.models.serves("generator") else "chat"
    if evidence and dependencies.models.serves(role):
        try:
            written, model = await _generate(role, task, run, evidence, runtime, dependencies)
        except (EndpointError, OutputError, BudgetExceededError) as error:
            emit(runtime, "discard", node="synthesize", why=str(error))
        else:
            kept, dropped = _check(written, evidence, by_model=True)
            confirmed, rejected = await _confirm(kept, run, evidence, dependencies)
            if confirmed:
                return confirmed, [*dropped, *rejected], model
    return extractive(task.text, evidence), [], "extractive"


async def _generate(
    role: Role,
    task: Task,
    run: Run,
    evidence: dict[str, Evidenced],
    runtime: Runtime[AgentContext],
    dependencies: Dependencies,
) -> tuple[list[Sentence], str]:
    request = ModelRequest(
        signals=Signals(role=role, task_type="answering", needs_schema=True, request=task.text),
        messages=prompts.answer_messages(task.text, _blocks(evidence, list(evidence))),
        schema=prompts.ANSWER_SCHEMA,
        max_output_tokens=2048,
        stream=True,
    )
    reply = await dependencies.models.complete(
        request, run=run, step="answer", emit=emitter(runtime, node="synthesize")
    )
    sentences = [
        Sentence(text=s["text"].strip(), cites=tuple(s["cites"]))
        for s in reply.data["sentences"]
        if s["text"].strip()
    ]
    return sentences, f"{reply.model}@{reply.endpoint}"


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


def _check(
    written: Sequence[Sentence], evidence: dict[str, Evidenced], *, by_model: bool
) -> tuple[list[Sentence], list[str]]:
    """Keep the sentences that their evidence carries; return the others with the reason."""
    kept: list[Sentence] = []
    dropped: list[str] = []
    for sentence in written:
        cited = tuple(id_ for id_ in sentence.cites if id_ in evidence)
        texts = [f"{evidence[c].evidence.source} {evidence[c].text}" for c in cited]
        if problem := unsupported(sentence.text, texts, written_by_model=by_model):
            dropped.append(f"{sentence.text} ({problem})")
        else:
            kept.append(sentence.model_copy(update={"cites": cited}))
    return kept, dropped


async def _confirm(
    sentences: list[Sentence], run: Run, evidence: dict[str, Evidenced], dependencies: Dependencies
) -> tuple[list[Sentence], list[str]]:
    """Ask the verifier model, where there is one, about sentences that passed the rules."""
    if not sentences or not dependencies.models.serves("verifier"):
        return sentences, []
    claims = [(s.text, _blocks(evidence, s.cites)) for s in sentences]
    request = ModelRequest(
        signals=Signals(role="verifier", task_type="verification", needs_schema=True),
        messages=prompts.verify_messages(claims),
        schema=prompts.VERIFY_SCHEMA,
        max_output_tokens=512,
    )
    try:
        reply = await dependencies.models.complete(request, run=run, step="answer")
    except (EndpointError, OutputError, BudgetExceededError):
        # The rules have passed these sentences; the verifier only ever adds a second opinion.
        return sentences, []
    verdicts: list[bool] = reply.data["supported"]
    if len(verdicts) != len(sentences):
        return sentences, []
    kept = [s for s, supported in zip(sentences, verdicts, strict=True) if supported]
    rejected = [
        f"{s.text} (the verifier found no support)"
        for s, supported in zip(sentences, verdicts, strict=True)
        if not supported
    ]
    return kept, rejected
