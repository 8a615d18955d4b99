"""Faults that change what the model says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from .completion import ScriptedCompletion, WireCall, pieces
from .faults import FaultKind
from .replies import Fault, GatewayRequest, TokenUsage

ABSURD = TokenUsage(input_tokens=987_654_321, output_tokens=987_654_321)


def spoil(
    completion: ScriptedCompletion, fault: Fault, request: GatewayRequest
) -> ScriptedCompletion:
    """Change what the model says, as the fault demands. What is billed stays."""
    match fault.kind:
        case "missing_usage":
            return replace(completion, reported=None)
        case "wrong_usage":
            return replace(completion, reported=fault.usage or ABSURD)
        case "empty_choices":
            return replace(completion, empty=True)
        case "refusal":
            refusal = completion.refusal or "I'm sorry, I can't help with that."
            return replace(completion, text="", calls=(), refusal=refusal, finish_reason="stop")
        case "content_filter":
            first = "".join(pieces(completion.text)[:1])
            return replace(completion, text=first, calls=(), finish_reason="content_filter")
        case "duplicate_tool_call_ids":
            return replace(completion, calls=_under_one_id(completion.calls))
        case _:
            return _spoil_json(completion, fault.kind, request)


def _under_one_id(calls: tuple[WireCall, ...]) -> tuple[WireCall, ...]:
    twice = calls * 2 if len(calls) == 1 else calls
    return tuple(replace(call, id=calls[0].id) for call in twice)


def _spoil_json(
    completion: ScriptedCompletion, kind: FaultKind, request: GatewayRequest
) -> ScriptedCompletion:
    rewrite = _REWRITES.get(kind)
    if rewrite is None:
        return completion
    calls = completion.calls
    if not calls and request.tools and kind in ("malformed_tool_arguments", "schema_violation"):
        name = request.forced_tool or request.tools[0]
        calls = (WireCall(id=f"call_{request.number}_0", name=name, arguments="{}"),)
    if calls:
        spoiled = tuple(replace(call, arguments=rewrite(call.arguments)) for call in calls)
        return replace(completion, text="", calls=spoiled, finish_reason="tool_calls")
    return replace(completion, text=rewrite(completion.text))


def _with_trailing_comma(text: str) -> str:
    body = text.rstrip()
    return f"{body[:-1]},{body[-1]}" if body.endswith(("}", "]")) else f"{body},"


_REWRITES: dict[FaultKind, Callable[[str], str]] = {
    "malformed_tool_arguments": lambda _: '{"value": "never close',
    "schema_violation": lambda _: '{"not_in_the_schema": [true]}',
    "trailing_comma": _with_trailing_comma,
    "code_fence": lambda text: f"```json\n{text}\n```",
}
