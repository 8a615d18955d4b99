"""synthesize: write the answer from accepted results, each sentence with its evidence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from langchain_core.messages import AIMessage
from langgraph.runtime import Runtime

from ..errors import BudgetExceededError, EndpointError, OutputError
from ..models.blocks import Block
from ..models.protocols import ModelRequest, Role, Signals
from ..runs.dependencies import Dependencies
from ..runs.events import emit, emitter
from ..runs.step import output_of, text_at
from ..state.agent import AgentState, read
from ..state.answer import Answer, Sentence
from ..state.answering import Evidenced, compose, extractive, prepared, report
from ..state.context import AgentContext
from ..state.grounding import unsupported
from ..state.plan import Plan
from ..state.results import StepResult
from ..state.run import Run, Stop
from ..state.task import Task
from ..state.usage import Usage, total
from ..state.values import digest
from . import prompts


async def synthesize(
    state: AgentState, runtime: Runtime[AgentContext], dependencies: Dependencies
) -> dict[str, Any]:
    """Answer from what was verified, and say what failed, was declined or was stopped."""
    run = Run.from_json(state["run"])
    plan = Plan.from_json(read(state, "plan", {}))
    stop = Stop.from_json(raw) if (raw := read(state, "stop")) else None
    results = {id_: StepResult.from_json(r) for id_, r in read(state, "results", {}).items()}
    journal = dependencies.store.journal
    kind = f"answer:{_outcome(results, stop)}"
    noted = await journal.note(run.id, kind, plan.version)
    if noted is not None:
        answer = Answer.from_json(noted)
    else:
        answer = await _answer(state, run, plan, stop, results, runtime, dependencies)
        await journal.record_note(run.id, run.thread_id, kind, plan.version, answer.to_json())
    usage = await _usage(run, results, dependencies)
    emit(runtime, "finished", node="synthesize", status=answer.status, usd=usage.usd)
    return {
        "answer": answer.to_json(),
        "usage": usage.model_dump(mode="json"),
        "messages": [AIMessage(answer.text, id=f"answer-{run.id}")],
    }


def _outcome(results: dict[str, StepResult], stop: Stop | None) -> str:
    """Digest what an answer tells: a fork that went another way has an answer of its own."""
    told = [
        [r.step, r.status, r.output, r.payload, r.failure.message if r.failure else ""]
        for _, r in sorted(results.items())
    ]
    return digest([told, stop.to_json() if stop else None])[:16]


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
    state: AgentState,
    run: Run,
    plan: Plan,
    stop: Stop | None,
    results: dict[str, StepResult],
    runtime: Runtime[AgentContext],
    dependencies: Dependencies,
) -> Answer:
    task = Task.from_json(state["work"])
    evidence = await collect(results, dependencies)
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


async def collect(
    results: dict[str, StepResult], dependencies: Dependencies
) -> dict[str, Evidenced]:
    """Return evidence id → evidence with its text, of accepted results."""
    found: dict[str, Evidenced] = {}
    for result in results.values():
        if result.status != "accepted":
            continue
        output = await output_of(result, dependencies.store.payloads)
        for item in result.evidence:
            text = text_at(output, item.path)
            found[item.id] = Evidenced(evidence=item, text=text, output=output)
    return found


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
