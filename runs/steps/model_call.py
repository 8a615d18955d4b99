"""Ask a model for a step's result; or, where none is configured, draft from the inputs alone."""

from __future__ import annotations

from collections.abc import Sequence

from langgraph.runtime import Runtime

from ...errors import BudgetExceededError, EndpointError, OutputError
from ...models.blocks import MAX_CHARACTERS, Block, media_block
from ...models.requests import ModelReply, ModelRequest
from ...state.context import AgentContext
from ...state.provenance import union
from ...state.references import as_text
from ...state.relevance import most_relevant
from ...state.results import Evidence, Failure
from ...state.values import Json, JsonObject
from ...state.verdict import ActOutcome
from .. import prompts
from ..dependencies import Dependencies
from ..events import emitter
from ..instructions import instructions_for
from ..lane_view import Route
from ..step import Current, started
from .model_route import role_of, signals_of


async def ask_model(
    current: Current, route: Route, runtime: Runtime[AgentContext], dependencies: Dependencies
) -> ActOutcome:
    """Ask the candidates that `route` ranked; what goes wrong is an outcome too."""
    step = current.step
    role = role_of(current, dependencies)
    if role is None:
        failure = Failure(kind="no_model", message="No language model is configured.")
        return ActOutcome(failure=failure, why=route.why)
    blocks = _blocks(route)
    if (cut := _cut(blocks)) and counts(step.output_schema):
        return ActOutcome(failure=_over_a_part(cut), why=route.why, taint=current.taint())
    request = ModelRequest(
        signals=signals_of(current, role),
        messages=prompts.step_messages(
            step,
            blocks,
            await _media(current, dependencies),
            today=started(current.run).date(),
            instructions=instructions_for(current.run, dependencies, current.plan),
        ),
        schema=prompts.step_schema(step),
        max_output_tokens=step.max_tokens or 1024,
        # Where the step says nothing the settings of role and model decide; the deadline holds too.
        timeout=step.timeout,
        candidates=route.candidates,
    )
    emit = emitter(runtime, node="act", step=step.id)
    try:
        reply = await dependencies.models.complete(
            request, run=current.run, step=step.id, emit=emit
        )
    except BudgetExceededError as error:
        return ActOutcome(failure=Failure(kind="budget", message=str(error)), why=route.why)
    except OutputError as error:
        failure = Failure(kind="output_schema", message=str(error), retryable=True)
        return ActOutcome(failure=failure, performed_by=route.candidates[0].name, why=route.why)
    except EndpointError as error:
        failure = Failure(kind="no_answer", message=str(error))
        return ActOutcome(failure=failure, performed_by=route.candidates[0].name, why=route.why)
    return _model_outcome(current, route, reply, cut=bool(cut))


def _cut(blocks: Sequence[Block]) -> str:
    """Name the first input of which a model will see only a part, with its size."""
    return next((f"{b.name} ({len(b.text):,} characters)" for b in blocks if b.missing_at()), "")


def counts(schema: Json) -> bool:
    """Say whether a reply in a schema holds numbers, which over a part would be wrong ones."""
    if isinstance(schema, list):
        return any(counts(part) for part in schema)
    if not isinstance(schema, dict):
        return False
    kinds = schema.get("type")
    named = kinds if isinstance(kinds, list) else [kinds]
    return bool({"integer", "number"} & set(named)) or any(
        counts(part) for name, part in schema.items() if name not in ("type", "required", "enum")
    )


def _over_a_part(cut: str) -> Failure:
    return Failure(
        kind="input_too_large",
        message=f"A model would see only the first {MAX_CHARACTERS:,} characters of {cut}, and a "
        "number over a part is a wrong one. Work it out with an expression, refer to a part by its "
        "path, or ask the tool for less.",
    )


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
    """Return the media of the step as content blocks."""
    blocks: list[JsonObject] = []
    for item in current.media:
        data, media_type = await dependencies.store.payloads.get_bytes(item.payload)
        blocks.append(media_block(item.modality, data, media_type))
    return blocks


def _model_outcome(current: Current, route: Route, reply: ModelReply, *, cut: bool) -> ActOutcome:
    output, confidence = prompts.read_step_reply(current.step, reply.data)
    missing = prompts.missing_in(current.step, reply.data)
    return ActOutcome(
        output=output,
        failure=Failure(kind="missing", message=f"The data does not hold it: {missing}")
        if missing
        else None,
        evidence=_derived_evidence(current, cut=cut),
        performed_by=f"{reply.model}@{reply.endpoint}",
        why=reply.why or route.why,
        usage=reply.usage,
        taint=current.taint(),
        confidence=confidence,
    )


def _derived_evidence(current: Current, *, cut: bool = False) -> tuple[Evidence, ...]:
    """A model's result rests on what it read; it is citable as such."""
    read_from = sorted({e.source for r in current.results.values() for e in r.evidence})
    step = current.step
    source = f"{step.kind} {step.id}" + (f" from {', '.join(read_from[:5])}" if read_from else "")
    cut = cut or any(e.cut for r in current.results.values() for e in r.evidence)
    return (Evidence(id=step.id, step=step.id, source=source, cut=cut),)


DRAFT_SENTENCES = 6


def draft_from_inputs(current: Current, route: Route) -> ActOutcome:
    """Draft without a model: the sentences of the inputs that have most to do with the goal."""
    wanted = f"{current.step.goal} {current.step.prompt}"
    texts = [text for value in route.args.values() for text in _texts(value)]
    chosen = most_relevant(wanted, "\n".join(texts), limit=DRAFT_SENTENCES)
    if not chosen:
        failure = Failure(kind="no_answer", message="The inputs hold nothing about the goal.")
        return ActOutcome(failure=failure, performed_by="extractive", why=route.why)
    output: Json = {"text": " ".join(chosen)}
    return ActOutcome(
        output=output,
        evidence=_derived_evidence(current),
        performed_by="extractive",
        why=route.why,
        taint=current.taint(),
    )


def _texts(value: Json) -> list[str]:
    if isinstance(value, dict):
        return [text for item in value.values() for text in _texts(item)]
    if isinstance(value, list):
        return [text for item in value for text in _texts(item)]
    return [value] if isinstance(value, str) else []
