"""Replies in a schema: how each model is asked, and how what it says is read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from jsonschema.exceptions import ValidationError
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage

from ...state.schemas import TooMuchWorkError, first_error, validator_for
from ...state.text import whole_json
from ...state.values import Json, JsonObject
from ..catalog.settings import StructuredOutput
from ..failures.classes import RejectedReplyError
from .json_values import NoJsonInReplyError, spoken_json

QUOTED_REPLY = 4_000
"""Characters of a rejected reply that a re-ask quotes."""

INSTRUCTION = (
    "Answer with one JSON value that fits this JSON Schema, and nothing else: no prose, "
    "no code fence.\n{schema}"
)
REASK = (
    "Your reply was not accepted: {error}\n"
    "Answer again, completely, and correct exactly that. Change nothing else."
)


def schema_name(schema: JsonObject) -> str:
    """Return a name for the schema that providers accept."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", str(schema.get("title") or "reply"))[:64]


def response_format(schema: JsonObject) -> JsonObject:
    """Return the request field for models with native structured output."""
    described = {"name": schema_name(schema), "schema": schema, "strict": is_strict(schema)}
    return {"type": "json_schema", "json_schema": described}


def reply_tool(schema: JsonObject) -> JsonObject:
    """Return the function whose forced call carries the reply."""
    function = {
        "name": schema_name(schema),
        "description": str(schema.get("description") or "Give the answer."),
        "parameters": schema,
    }
    return {"type": "function", "function": function}


def is_strict(schema: Json) -> bool:
    """Say whether a schema keeps to the subset that providers enforce while they decode."""
    if isinstance(schema, list):
        return all(is_strict(part) for part in schema)
    if not isinstance(schema, dict):
        return True
    if schema.get("type") == "object" or "properties" in schema:
        properties = schema.get("properties", {})
        if schema.get("additionalProperties") is not False:
            return False
        if set(schema.get("required", ())) != set(properties):
            return False
    if "oneOf" in schema or "allOf" in schema or "patternProperties" in schema:
        return False
    return all(is_strict(part) for part in schema.values())


def instructed(
    messages: Sequence[BaseMessage], schema: JsonObject, mode: StructuredOutput
) -> list[BaseMessage]:
    """Return the messages as a model without native structured output needs them."""
    if mode != "prompt":
        return list(messages)
    text = INSTRUCTION.format(schema=json.dumps(schema, ensure_ascii=False))
    if messages and isinstance(messages[0], SystemMessage):
        first = SystemMessage(content=f"{messages[0].text}\n\n{text}")
        return [first, *messages[1:]]
    return [SystemMessage(content=text), *messages]


def reasked(messages: Sequence[BaseMessage], reply: str, error: str) -> list[BaseMessage]:
    """Return the messages with the rejected reply and what was wrong with it."""
    quoted = reply if len(reply) <= QUOTED_REPLY else reply[:QUOTED_REPLY] + "…"
    return [*messages, AIMessage(content=quoted), HumanMessage(content=REASK.format(error=error))]


def read_json(text: str, schema: JsonObject, *, strict: bool = False) -> Json:
    """Read a reply in a schema, repairing what is almost JSON.

    Args:
        text: What the model said.
        schema: The JSON Schema that was asked for.
        strict: Accept only what is valid as it stands.

    Raises:
        RejectedReplyError: It is not JSON, holds several values, was cut off, or does not fit; fit
            to be quoted back.
    """
    try:
        value = whole_json(spoken_json(text, strict=strict))
    except NoJsonInReplyError as error:
        raise RejectedReplyError("malformed_output", str(error), reply=text) from error
    problem = schema_problem(value, schema)
    if problem:
        raise RejectedReplyError("malformed_output", problem, reply=text)
    return value


def schema_problem(value: Json, schema: JsonObject) -> str:
    """Return how a value breaks a schema, naming the field; empty if it fits."""
    try:
        error = first_error(validator_for(schema), value)
    except TooMuchWorkError:
        return "the reply: it is too large or too deep to be checked"
    if error is None:
        return ""
    path = ".".join(_named(value, error.absolute_path)) or "the reply"
    return f"{path}: {error.message[:300]}{_known(error)}"


def _named(value: Any, path: Iterable[str | int]) -> Iterator[str]:
    """Yield the parts of a place; an item of a list that has an id is called by it."""
    for part in path:
        value = value[part]
        named = isinstance(part, int) and isinstance(value, dict) and value.get("id")
        yield str(named or part)


def _known(error: ValidationError) -> str:
    """Return the fields that there are, where there is one too many."""
    if error.validator != "additionalProperties" or not isinstance(error.schema, dict):
        return ""
    fields = ", ".join(error.schema.get("properties", {}))
    return f"; its fields are {fields[:300]}" if fields else ""
