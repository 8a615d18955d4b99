"""act: perform the current step once, through the effects ledger or the model gateway."""

from __future__ import annotations

import base64
import time
from typing import Any

from langgraph.runtime import Runtime

from ..errors import BudgetExceededError, EndpointError, OutputError
from ..models.blocks import Block
from ..models.protocols import ModelReply, ModelRequest, Signals
from ..policy.approvals import action_digest, check_approval
from ..state.agent import LaneState, read
from ..state.context import AgentContext
from ..state.grounding import most_relevant
from ..state.provenance import output_taint, union
from ..state.references import as_text
from ..state.results import Evidence, Failure
from ..state.usage import Usage
from ..state.values import Json, JsonObject, canonical_json
from ..state.verdict import Outcome
from ..tools.contract import Tool
from ..tools.protocols import ToolOutcome
from . import prompts
from .current import Current, load
from .dependencies import Dependencies
from .events import emitter
from .facts import call_facts
from .route import Route, role_of
from .switched import frozen, halted


async def act(
    state: LaneState, runtime: Runtime[AgentContext], dependencies: Dependencies
) -> dict[str, Any]:
    """Run the step as `route` decided, and bring back what happened, whatever it was."""
    route = Route.from_json(read(state, "route"))
    current = await load(state, dependencies.store.payloads)
    started = time.monotonic()
    match route.action:
        case "tool":
            outcome = await _call_tool(current, route, dependencies)
        case "model":
            outcome = await _ask_model(current, route, runtime, dependencies)
        case "extract":
            outcome = _extract(current, route)
    seconds = round(time.monotonic() - started, 4)
    return {"outcome": _labelled(outcome).model_copy(update={"seconds": seconds}).to_json()}


def _labelled(outcome: Outcome) -> Outcome:
    """Mark the evidence of what untrusted text flowed into, whoever produced it.

    A trusted tool repeats its arguments, and a model the files that it read.
    """
    if not outcome.taint:
        return outcome
    marked = (e.model_copy(update={"trust": "untrusted"}) for e in outcome.evidence)
    return outcome.model_copy(update={"evidence": tuple(marked)})


async def _call_tool(current: Current, route: Route, dependencies: Dependencies) -> Outcome:
    step, tool = current.step, dependencies.tools.get(current.step.tool)
    performed_by = f"tool:{step.tool}"
    if problem := await _still_forbidden(current, route, tool, dependencies):
        failure = Failure(kind="refused", message=problem)
        return Outcome(failure=failure, performed_by=performed_by, why=route.why)
    done = await dependencies.tools.call(
        step.tool,
        route.args,
        run=current.run,
        step=step.id,
        attempt=current.attempt,
        timeout=_seconds(current, step.timeout or tool.contract.timeout, dependencies),
    )
    return Outcome(
        output=done.output if done.status == "done" else None,
        failure=_tool_failure(done),
        evidence=_tool_evidence(current.step.id, tool, route, done),
        performed_by=performed_by,
        why=route.why,
        usage=Usage(tool_calls=0 if done.replayed else 1, usd=tool.contract.cost_usd),
        replayed=done.replayed,
        effect_key=done.key,
        max_attempts=tool.contract.max_attempts,
        backoff=tool.contract.backoff,
        happened_unknown=done.status == "unknown",
        taint=output_taint(
            source=f"tool:{step.tool}#{step.id}",
            trust=tool.contract.trust,
            arguments=route.provenance,
            plan=current.plan.taint,
        ),
    )


async def _still_forbidden(
    current: Current, route: Route, tool: Tool, dependencies: Dependencies
) -> str:
    """Check at the moment of execution what `route` decided; return why not, or nothing."""
    switches = await dependencies.switches.snapshot()
    if reason := frozen(switches, tool.name) or halted(switches, current.run.principal):
        return reason
    facts = await call_facts(
        current.run,
        current.plan,
        tool.name,
        route.args,
        route.provenance,
        dependencies,
        confidence=current.confidence,
    )
    decision = dependencies.policy.decide(tool.contract, facts)
    if decision.outcome == "refuse":
        return decision.reason
    if not route.approval:
        return "" if decision.outcome == "run" else "Policy now asks for a person's approval."
    return check_approval(
        await dependencies.store.approvals.get(route.approval),
        digest=action_digest(
            tool.name, route.args, current.step.id, current.plan.version, decision.version
        ),
        now=dependencies.clock(),
        policy=dependencies.policy,
        contract=tool.contract,
        facts=facts,
        revoked=switches.revoked_principals,
    )


def _seconds(current: Current, wanted: float, dependencies: Dependencies) -> float:
    """Return the time for one attempt: what is wanted, or what the deadline leaves."""
    deadline = current.run.deadline_at
    return wanted if deadline is None else max(0.05, min(wanted, deadline - dependencies.clock()))


def _tool_failure(done: ToolOutcome) -> Failure | None:
    if done.status == "done":
        return None
    return Failure(kind=done.kind or "tool_error", message=done.error, retryable=done.retryable)


def _tool_evidence(step: str, tool: Tool, route: Route, done: ToolOutcome) -> tuple[Evidence, ...]:
    if done.status != "done":
        return ()
    cited = tuple(tool.cite(route.args, done.output)) if tool.cite else ()
    if not cited:
        cited = (
            Evidence(id="", step=step, source=f"{tool.name} {canonical_json(route.args)[:80]}"),
        )
    return tuple(
        e.model_copy(
            update={
                "id": step if len(cited) == 1 else f"{step}#{position}",
                "step": step,
                "trust": tool.contract.trust,
            }
        )
        for position, e in enumerate(cited)
    )


async def _ask_model(
    current: Current, route: Route, runtime: Runtime[AgentContext], dependencies: Dependencies
) -> Outcome:
    step = current.step
    role = role_of(current, dependencies)
    if role is None:
        failure = Failure(kind="no_model", message="No language model is configured.")
        return Outcome(failure=failure, why=route.why)
    request = ModelRequest(
        signals=Signals(
            role=role,
            task_type=step.task_type,
            modalities=current.modalities,
            risk=step.risk,
            needs_schema=True,
        ),
        messages=prompts.step_messages(step, _blocks(route), await _media(current, dependencies)),
        schema=prompts.step_schema(step),
        max_output_tokens=step.max_tokens or 1024,
        timeout=_seconds(current, step.timeout or 60.0, dependencies),
        candidates=route.candidates,
    )
    emit = emitter(runtime, node="act", step=step.id)
    try:
        reply = await dependencies.models.complete(
            request, run=current.run, step=step.id, emit=emit
        )
    except BudgetExceededError as error:
        return Outcome(failure=Failure(kind="budget", message=str(error)), why=route.why)
    except OutputError as error:
        failure = Failure(kind="output_schema", message=str(error), retryable=True)
        return Outcome(failure=failure, performed_by=route.candidates[0].name, why=route.why)
    except EndpointError as error:
        failure = Failure(kind="no_answer", message=str(error))
        return Outcome(failure=failure, performed_by=route.candidates[0].name, why=route.why)
    return _model_outcome(current, route, reply)


def _blocks(route: Route) -> list[Block]:
    return [
        Block(
            name=name,
            text=as_text(value),
            sources=union(
                labels
                for at, labels in route.provenance.items()
                if at == name or at.startswith(f"{name}.")
            ),
        )
        for name, value in route.args.items()
    ]


async def _media(current: Current, dependencies: Dependencies) -> list[JsonObject]:
    """Return the media of the step as content blocks, in LangChain's standard form."""
    blocks: list[JsonObject] = []
    for item in current.media:
        data, media_type = await dependencies.store.payloads.get_bytes(item.payload)
        encoded = base64.b64encode(data).decode()
        blocks.append({"type": item.modality, "base64": encoded, "mime_type": media_type})
    return blocks


def _model_outcome(current: Current, route: Route, reply: ModelReply) -> Outcome:
    output, confidence = prompts.read_step_reply(current.step, reply.data)
    return Outcome(
        output=output,
        evidence=_derived_evidence(current),
        performed_by=f"{reply.model}@{reply.endpoint}",
        why=reply.why or route.why,
        usage=reply.usage,
        taint=union([*route.provenance.values(), current.plan.taint]),
        confidence=confidence,
    )


def _derived_evidence(current: Current) -> tuple[Evidence, ...]:
    """A model's result rests on what it read; it is citable as such."""
    read_from = sorted({e.source for r in current.results.values() for e in r.evidence})
    step = current.step
    source = f"{step.kind} {step.id}" + (f" from {', '.join(read_from[:5])}" if read_from else "")
    return (Evidence(id=step.id, step=step.id, source=source),)


DRAFT_SENTENCES = 6


def _extract(current: Current, route: Route) -> Outcome:
    """Draft without a model: the sentences of the inputs that have most to do with the goal."""
    wanted = f"{current.step.goal} {current.step.prompt}"
    texts = [text for value in route.args.values() for text in _texts(value)]
    chosen = most_relevant(wanted, "\n".join(texts), limit=DRAFT_SENTENCES)
    if not chosen:
        failure = Failure(kind="no_answer", message="The inputs hold nothing about the goal.")
        return Outcome(failure=failure, performed_by="extractive", why=route.why)
    output: Json = {"text": " ".join(chosen)}
    return Outcome(
        output=output,
        evidence=_derived_evidence(current),
        performed_by="extractive",
        why=route.why,
        taint=union([*route.provenance.values(), current.plan.taint]),
    )


def _texts(value: Json) -> list[str]:
    if isinstance(value, dict):
        return [text for item in value.values() for text in _texts(item)]
    if isinstance(value, list):
        return [text for item in value for text in _texts(item)]
    return [value] if isinstance(value, str) else []
