"""Whether a reply can be used: finished, past the guards, in the schema, calling known tools."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from langchain_core.utils.function_calling import convert_to_openai_tool

from ...state.values import Json, JsonObject, canonical_json
from ..failures.classes import RejectedReplyError
from .attempt import Accepted
from .calls import CUT_REASONS, FILTER_REASONS, Prompt, RawReply
from .guards import check_reply
from .structured import read_json, schema_name, schema_problem
from .thinking import without_thinking


def judge(raw: RawReply, prompt: Prompt, guards: Sequence[str]) -> Accepted:
    """Turn a raw reply into an accepted one.

    Raises:
        RejectedReplyError: It was refused, filtered, cut off, empty or malformed; says how.
    """
    _finished(raw)
    check_reply(raw.text, guards)
    if prompt.schema is not None:
        return _structured(raw, prompt.schema, strict="strict_output" in guards)
    calls = _tool_calls(raw, prompt.tools)
    text = without_thinking(raw.text)
    if not calls and not text.strip():
        raise RejectedReplyError("malformed_output", "the reply is empty", reply=raw.text)
    return Accepted(text=text, tool_calls=calls)


def _finished(raw: RawReply) -> None:
    if raw.refusal:
        raise RejectedReplyError("refusal", f"the model refused: {raw.refusal[:200]}")
    if raw.finish in FILTER_REASONS:
        raise RejectedReplyError("content_filter", "the provider filtered the reply")
    if raw.finish in CUT_REASONS:
        raise RejectedReplyError("output_limit", "the reply was cut off at the output limit")


def _structured(raw: RawReply, schema: JsonObject, *, strict: bool) -> Accepted:
    name = schema_name(schema)
    answers = [_as_text(call["args"]) for call in raw.calls if call["name"] == name]
    # Several calls of the reply's own function are read like several values in one text.
    text = "\n".join(answers) if answers else raw.text
    if not text.strip():
        raise RejectedReplyError("malformed_output", "the reply is empty")
    return Accepted(text=raw.text, data=read_json(text, schema, strict=strict))


def _as_text(args: Json) -> str:
    return args if isinstance(args, str) else json.dumps(args, ensure_ascii=False)


def _tool_calls(raw: RawReply, tools: Sequence[JsonObject]) -> tuple[JsonObject, ...]:
    declared = [convert_to_openai_tool(tool)["function"] for tool in tools]
    schemas: Mapping[str, JsonObject] = {f["name"]: f.get("parameters", {}) for f in declared}
    for call in raw.calls:
        problem = _call_problem(call["name"], call["args"], schemas)
        if problem:
            said = json.dumps({"name": call["name"], "arguments": call["args"]})
            raise RejectedReplyError("malformed_output", problem, reply=raw.text or said)
    return raw.calls


def _call_problem(name: str, args: Json, schemas: Mapping[str, JsonObject]) -> str:
    if name not in schemas:
        return f"there is no tool `{name}`; there is {', '.join(schemas) or 'none'}"
    if not isinstance(args, dict):
        # Repaired arguments could be wrong ones, and a tool call does something.
        return f"the arguments of `{name}` are not a JSON object"
    try:
        canonical_json(args)
    except ValueError:
        return f"the arguments of `{name}` hold a number that JSON does not have"
    problem = schema_problem(args, schemas[name])
    return f"arguments of `{name}`: {problem}" if problem else ""
