"""One call of a chat model: what is sent, and what came back, whatever the provider."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.runnables import Runnable, RunnableConfig
from langchain_core.utils.function_calling import convert_to_openai_tool
from langchain_openai import ChatOpenAI

from ...state.values import Json, JsonObject
from ..catalog.prices import Consumption
from ..catalog.settings import EndpointSettings, ModelSettings
from ..failures.classes import RejectedReplyError
from .structured import instructed, reply_tool, response_format, schema_name

# Tokens reach the caller only through `Emit`, which can take them back; LangGraph's own message
# stream cannot, so it must not see them.
CONFIG: RunnableConfig = {"tags": ["nostream"]}

LIMIT_FIELDS = ("max_tokens", "max_output_tokens", "num_predict", "max_tokens_to_sample")
CUT_REASONS = frozenset({"length", "max_tokens", "MAX_TOKENS", "model_length"})
FILTER_REASONS = frozenset({"content_filter", "SAFETY", "refusal", "guardrail_intervened"})


@dataclass(frozen=True, kw_only=True)
class Prompt:
    """What is asked, independent of who answers."""

    messages: Sequence[BaseMessage]
    schema: JsonObject | None = None
    tools: Sequence[JsonObject] = ()
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


@dataclass(kw_only=True)
class _Heard:
    """What has arrived of a stream."""

    started: float = field(default_factory=time.monotonic)
    first: float | None = None
    whole: AIMessageChunk | None = None

    def add(self, chunk: AIMessageChunk) -> None:
        if self.first is None and (chunk.text or chunk.tool_call_chunks):
            self.first = time.monotonic() - self.started
        self.whole = chunk if self.whole is None else self.whole + chunk


async def call_model(
    chat: BaseChatModel,
    prompt: Prompt,
    *,
    model: ModelSettings,
    endpoint: EndpointSettings,
    max_output_tokens: int,
    on_text: Callable[[str], None],
) -> RawReply:
    """Send a prompt and return the reply as it came.

    Raises:
        RejectedReplyError: A stream ended before the model did.
        Exception: Whatever the provider's client library raises; see `failures.classify`.
    """
    ours = isinstance(chat, ChatOpenAI) and bool(model.endpoint) and bool(endpoint.base_url)
    if ours:
        bound = chat.bind(**_openai_options(prompt, model, endpoint, max_output_tokens))
    else:
        bound = _foreign(chat, prompt, model, max_output_tokens)
    messages = list(prompt.messages)
    if prompt.schema is not None:
        messages = instructed(messages, prompt.schema, model.structured_output)
    if prompt.stream:
        return await _stream(bound, messages, on_text, ends_with_reason=ours)
    message = await bound.ainvoke(messages, CONFIG, **({"stream": False} if ours else {}))
    return _read(message)


def _openai_options(
    prompt: Prompt, model: ModelSettings, endpoint: EndpointSettings, limit: int
) -> JsonObject:
    # `extra_body` goes out as it is: the client would rename the limit, and would parse a
    # `response_format` reply itself and lose its usage when it does not fit.
    body: JsonObject = {**model.parameters, endpoint.output_limit_field: limit}
    options: JsonObject = {"extra_body": body}
    tools = [convert_to_openai_tool(tool) for tool in prompt.tools]
    if prompt.schema is not None and model.structured_output == "json_schema":
        body["response_format"] = response_format(prompt.schema)
    if prompt.schema is not None and model.structured_output == "tool_call":
        tools = [*tools, reply_tool(prompt.schema)]
        function = {"name": schema_name(prompt.schema)}
        options["tool_choice"] = {"type": "function", "function": function}
    if tools:
        options["tools"] = tools
    if prompt.batch and model.batch_tier:
        body["service_tier"] = model.batch_tier
    return options


def _foreign(
    chat: BaseChatModel, prompt: Prompt, model: ModelSettings, limit: int
) -> Runnable[Any, AIMessage]:
    fields = type(chat).model_fields
    limit_field = next((name for name in LIMIT_FIELDS if name in fields), "")
    options: JsonObject = {limit_field: limit} if limit_field else {}
    tools = [convert_to_openai_tool(tool) for tool in prompt.tools]
    if prompt.schema is not None and model.structured_output != "prompt":
        tools = [*tools, reply_tool(prompt.schema)]
        return chat.bind_tools(tools, tool_choice=schema_name(prompt.schema), **options)
    if tools:
        return chat.bind_tools(tools, **options)
    return chat.bind(**options) if options else chat


async def _stream(
    bound: Runnable[Any, AIMessage],
    messages: Sequence[BaseMessage],
    on_text: Callable[[str], None],
    *,
    ends_with_reason: bool,
) -> RawReply:
    heard = _Heard()
    try:
        async for chunk in bound.astream(messages, CONFIG):
            if not isinstance(chunk, AIMessageChunk):
                continue
            heard.add(chunk)
            if chunk.text:
                on_text(chunk.text)
    except ValueError as error:
        if heard.whole is None:  # LangChain's way to say that the stream held nothing
            raise RejectedReplyError("cut_stream", f"the stream was empty: {error}") from error
        raise
    if heard.whole is None:
        raise RejectedReplyError("cut_stream", "the stream was empty")
    reply = _read(heard.whole, first_token_seconds=heard.first)
    if ends_with_reason and not reply.finish:
        raise RejectedReplyError("cut_stream", "the stream ended before the reply did")
    return reply


def _read(message: BaseMessage, *, first_token_seconds: float | None = None) -> RawReply:
    if not isinstance(message, AIMessage):
        raise RejectedReplyError("malformed_output", "the reply is not an assistant message")
    meta = message.response_metadata
    finish = meta.get("finish_reason") or meta.get("stop_reason") or meta.get("done_reason") or ""
    return RawReply(
        text=message.text,
        calls=_calls(message),
        finish=str(finish),
        refusal=str(message.additional_kwargs.get("refusal") or ""),
        used=consumption(message),
        first_token_seconds=first_token_seconds,
    )


def _calls(message: AIMessage) -> tuple[JsonObject, ...]:
    if isinstance(message, AIMessageChunk):
        # A chunk's own `tool_calls` complete cut arguments; only what was really said counts.
        raw = [(c["id"], c["name"], _parsed(c["args"])) for c in message.tool_call_chunks]
    else:
        raw = [(c["id"], c["name"], c["args"]) for c in message.tool_calls]
        raw += [(c["id"], c["name"], c["args"]) for c in message.invalid_tool_calls]
    seen: set[str] = set()
    calls: list[JsonObject] = []
    for number, (given, name, args) in enumerate(raw):
        fresh = given if given and given not in seen else f"{given or 'call'}_{number}"
        seen.add(fresh)
        calls.append({"id": fresh, "name": name or "", "args": args})
    return tuple(calls)


def _parsed(args: str | None) -> Json:
    try:
        return json.loads(args or "{}")
    except json.JSONDecodeError:
        return args


def consumption(message: AIMessage) -> Consumption | None:
    """Return the usage that a message reports, or `None` if it reports none that can be true."""
    usage = message.usage_metadata
    if usage is None:
        return None
    numbers = {
        "input_tokens": usage["input_tokens"],
        "output_tokens": usage["output_tokens"],
        "cached_input_tokens": _detail(usage, "input", "cache_read"),
        "cache_write_tokens": _detail(usage, "input", "cache_creation"),
        "reasoning_tokens": _detail(usage, "output", "reasoning"),
    }
    if not all(_is_count(number) for number in numbers.values()):
        return None
    parts_fit = (
        numbers["cached_input_tokens"] + numbers["cache_write_tokens"] <= numbers["input_tokens"]
        and numbers["reasoning_tokens"] <= numbers["output_tokens"]
    )
    if not parts_fit:
        return None
    tier = str(message.response_metadata.get("service_tier") or "")
    return Consumption(**{k: int(v) for k, v in numbers.items()}, tier=tier)


def _is_count(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value) and value >= 0


def _detail(usage: Any, side: str, name: str) -> Any:
    # LangChain prefixes details with the service tier that answered: `flex_cache_read`.
    details = usage.get(f"{side}_token_details") or {}
    found = [value for key, value in details.items() if key == name or key.endswith(f"_{name}")]
    return next((value for value in found if value is not None), 0)
