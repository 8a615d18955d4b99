"""One call of a chat model: what is sent, and what came back, whatever the provider."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.runnables import Runnable, RunnableConfig
from langchain_openai import ChatOpenAI

from ...state.text import whole
from ...state.values import Json, JsonObject
from ..catalog.prices import Consumption
from ..catalog.settings import EndpointSettings, ModelSettings
from ..catalog.timeouts import Timeouts
from ..failures.classes import RejectedReplyError
from ..failures.reported import is_stated
from ..failures.stated import ENDED_BY_ERROR, StatedError, stated_in
from .heard import Heard
from .json_values import NoJsonInReplyError, strict_json
from .parameters import without_limits
from .structured import instructed, reply_tool, response_format, schema_name
from .wire import WIRE

# Tokens reach the caller only through `Emit`, which can take them back; LangGraph's own message
# stream cannot, so it must not see them.
CONFIG: RunnableConfig = {"tags": ["nostream"]}

LIMIT_FIELDS = ("max_tokens", "max_output_tokens", "num_predict", "max_tokens_to_sample")
CUT_REASONS = frozenset({"length", "max_tokens", "MAX_TOKENS", "model_length"})
_UNREADABLE = (ValueError, TypeError, LookupError, AttributeError, RejectedReplyError)
"""What the client libraries, and we, raise over a reply that has not the form of one."""
MOST_TOKENS = 10**9
"""No call has as many."""
FILTER_REASONS = frozenset({"content_filter", "SAFETY", "refusal", "guardrail_intervened"})


@dataclass(frozen=True, kw_only=True)
class Prompt:
    """What is asked, independent of who answers."""

    messages: Sequence[BaseMessage]
    schema: JsonObject | None = None
    stream: bool = False
    batch: bool = False


@dataclass(frozen=True, kw_only=True)
class RawReply:
    """What a model said, before it is judged."""

    text: str = ""
    calls: tuple[JsonObject, ...] = ()
    """`{"id", "name", "args"}`, `args` parsed, or the raw string where it is not JSON."""
    finish: str = ""
    refusal: str = ""
    used: Consumption | None = None
    """Reported usage, if any was."""
    first_token_seconds: float | None = None


async def call_model(
    chat: BaseChatModel,
    prompt: Prompt,
    *,
    model: ModelSettings,
    endpoint: EndpointSettings,
    max_output_tokens: int,
    timeouts: Timeouts,
    heard: Heard,
    on_text: Callable[[str], None],
) -> RawReply:
    """Send a prompt and return the reply as it came.

    Args:
        chat: Who is asked.
        prompt: What is asked.
        model: The model's settings.
        endpoint: Its endpoint's settings.
        max_output_tokens: The output limit to send.
        timeouts: How long the provider may be silent.
        heard: Takes in what arrives, also of a reply that fails on its way.
        on_text: Receives text while it arrives.

    Raises:
        RejectedReplyError: A stream ended before the model did, or a reply went beyond its limit.
        StatedError: The provider says in the place of a reply, or of its end, what went wrong.
        TimeoutError: A stream was silent for too long.
        Exception: Whatever the provider's client library raises; see `failures.classify`.
    """
    ours = isinstance(chat, ChatOpenAI) and bool(model.endpoint) and bool(endpoint.base_url)
    if ours:
        options = _openai_options(prompt, model, endpoint, max_output_tokens)
        silence = httpx.Timeout(timeouts.read, connect=timeouts.connect)
        bound = chat.bind(**options, timeout=silence)
    else:
        bound = _foreign(chat, prompt, model, max_output_tokens)
    messages = list(prompt.messages)
    if prompt.schema is not None:
        messages = instructed(messages, prompt.schema, model.structured_output)
    try:
        if prompt.stream:
            reply = await _stream(
                bound,
                messages,
                heard,
                on_text,
                silence=timeouts.read,
                ends_with_reason=ours,
                by_call=prompt.schema is not None,
            )
        else:
            message = await bound.ainvoke(messages, CONFIG, **({"stream": False} if ours else {}))
            heard.take(message)
            reply = _read(message, heard)
    except _UNREADABLE as error:
        if not is_stated(error) and (body := _stated()) is not None:
            raise StatedError(body) from error
        raise
    if reply.finish == ENDED_BY_ERROR:
        raise StatedError(_stated() or {"error": {"message": "the provider failed on the way"}})
    return reply


def _stated() -> JsonObject | None:
    wire = WIRE.get()
    return None if wire is None else stated_in(bytes(wire.document or wire.tail))


def _openai_options(
    prompt: Prompt, model: ModelSettings, endpoint: EndpointSettings, limit: int
) -> JsonObject:
    # `extra_body` goes out as it is: the client would rename the limit, and would parse a
    # `response_format` reply itself and lose its usage when it does not fit.
    body: JsonObject = {**without_limits(model.parameters), endpoint.output_limit_field: limit}
    options: JsonObject = {"extra_body": body}
    if prompt.schema is not None and model.structured_output == "json_schema":
        body["response_format"] = response_format(prompt.schema)
    if prompt.schema is not None and model.structured_output == "tool_call":
        options["tools"] = [reply_tool(prompt.schema)]
        function = {"name": schema_name(prompt.schema)}
        options["tool_choice"] = {"type": "function", "function": function}
    if prompt.batch and model.batch_tier:
        body["service_tier"] = model.batch_tier
    return options


def _foreign(
    chat: BaseChatModel, prompt: Prompt, model: ModelSettings, limit: int
) -> Runnable[Any, AIMessage]:
    fields = type(chat).model_fields
    limit_field = next((name for name in LIMIT_FIELDS if name in fields), "")
    options: JsonObject = {limit_field: limit} if limit_field else {}
    if prompt.schema is not None and model.structured_output != "prompt":
        tools = [reply_tool(prompt.schema)]
        return chat.bind_tools(tools, tool_choice=schema_name(prompt.schema), **options)
    return chat.bind(**options) if options else chat


async def _stream(
    bound: Runnable[Any, AIMessage],
    messages: Sequence[BaseMessage],
    heard: Heard,
    on_text: Callable[[str], None],
    *,
    silence: float,
    ends_with_reason: bool,
    by_call: bool,
) -> RawReply:
    try:
        async with asyncio.timeout(silence) as watched:
            async for chunk in bound.astream(messages, CONFIG):
                watched.reschedule(asyncio.get_running_loop().time() + silence)
                if not isinstance(chunk, AIMessageChunk):
                    continue
                heard.add(chunk)
                called = [c["args"] or "" for c in chunk.tool_call_chunks] if by_call else []
                # Where the reply is a forced call's arguments, they are its text.
                if text := chunk.text or "".join(called):
                    on_text(text)
    except ValueError as error:
        if heard.whole is None and not is_stated(error):
            # LangChain's way to say that the stream held nothing.
            raise RejectedReplyError("cut_stream", f"the stream was empty: {error}") from error
        raise
    if heard.whole is None:
        raise RejectedReplyError("cut_stream", "the stream was empty")
    reply = _read(heard.whole, heard)
    if ends_with_reason and not reply.finish:
        raise RejectedReplyError("cut_stream", "the stream ended before the reply did")
    return reply


def _read(message: BaseMessage, heard: Heard) -> RawReply:
    if not isinstance(message, AIMessage):
        raise RejectedReplyError("malformed_output", "the reply is not an assistant message")
    meta = message.response_metadata
    finish = meta.get("finish_reason") or meta.get("stop_reason") or meta.get("done_reason") or ""
    usage = heard.usage()
    return RawReply(
        text=whole(message.text),
        calls=_calls(message),
        finish=heard.finish or str(finish),
        refusal=str(message.additional_kwargs.get("refusal") or ""),
        used=None if usage is None else consumption(message, usage),
        first_token_seconds=heard.first,
    )


def _calls(message: AIMessage) -> tuple[JsonObject, ...]:
    if isinstance(message, AIMessageChunk):
        # A chunk's own `tool_calls` complete cut arguments; only what was really said counts.
        raw = [(c["id"], c["name"], _parsed(c["args"])) for c in message.tool_call_chunks]
    else:
        raw = [(c["id"], c["name"], c["args"]) for c in message.tool_calls]
        raw += [(c["id"], c["name"], c["args"]) for c in message.invalid_tool_calls]
        raw = _as_sent() or raw
    seen: set[str] = set()
    calls: list[JsonObject] = []
    for number, (given, name, args) in enumerate(raw):
        fresh = given if given and given not in seen else f"{given or 'call'}_{number}"
        seen.add(fresh)
        calls.append({"id": fresh, "name": name or "", "args": args})
    return tuple(calls)


def _as_sent() -> list[tuple[str | None, str | None, Json]]:
    """Return the calls of a document as they stand in it.

    LangChain's own reading takes NaN, and the last of two equal keys.
    """
    wire = WIRE.get()
    try:
        document: Json = json.loads(wire.document) if wire is not None and wire.document else {}
        sent = document["choices"][0]["message"].get("tool_calls") or ()
        return [
            (call.get("id"), call["function"]["name"], _parsed(call["function"]["arguments"]))
            for call in sent
        ]
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return []


def _parsed(args: str | None) -> Json:
    try:
        return strict_json(args or "{}")
    except NoJsonInReplyError:
        return args


def consumption(message: AIMessage, usage: UsageMetadata | None = None) -> Consumption | None:
    """Read reported usage; `None` if there is none, or its parts contradict each other.

    Args:
        message: The reply.
        usage: What it has used; by default what it says itself.
    """
    usage = usage or message.usage_metadata
    if usage is None:
        return None
    inward, outward = usage["input_tokens"], usage["output_tokens"]
    reasoning = _detail(usage, "output", "reasoning")
    numbers = {
        "input_tokens": inward,
        "output_tokens": outward,
        "cached_input_tokens": _detail(usage, "input", "cache_read"),
        "cache_write_tokens": _detail(usage, "input", "cache_creation"),
        "reasoning_tokens": reasoning,
    }
    total = usage.get("total_tokens") or 0
    if not all(_is_count(number) for number in (*numbers.values(), total)):
        return None
    if reasoning and total >= inward + outward + reasoning:
        # Some count thinking beside the output, not within it; the total then tells.
        numbers["output_tokens"] = outward + reasoning
    parts_fit = (
        numbers["cached_input_tokens"] + numbers["cache_write_tokens"] <= numbers["input_tokens"]
        and numbers["reasoning_tokens"] <= numbers["output_tokens"]
        and total <= numbers["input_tokens"] + numbers["output_tokens"]
    )
    if not parts_fit:
        return None
    tier = str(message.response_metadata.get("service_tier") or "")
    return Consumption(**{k: int(v) for k, v in numbers.items()}, tier=tier)


def _is_count(value: Any) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and math.isfinite(value) and 0 <= value < MOST_TOKENS and value == int(value)


def _detail(usage: Any, side: str, name: str) -> Any:
    # LangChain prefixes details with the service tier that answered: `flex_cache_read`.
    details = usage.get(f"{side}_token_details") or {}
    found = [value for key, value in details.items() if key == name or key.endswith(f"_{name}")]
    return next((value for value in found if value is not None), 0)
