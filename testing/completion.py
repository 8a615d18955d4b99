"""One chat completion, its true usage, and OpenAI's two ways to write it down."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from ..state.values import Json, JsonObject, canonical_json
from .replies import GatewayRequest, Reply, TokenUsage, content_text

CountTokens = Callable[[str], int]

CREATED = 1_767_225_600
"""A fixed time, so that equal scripts give equal bytes."""


def count_tokens(text: str) -> int:
    """Count as the gateway does unless told otherwise: a token per four characters, plus one."""
    return len(text) // 4 + 1


@dataclass(frozen=True, kw_only=True)
class WireCall:
    """A tool call on the wire."""

    id: str
    name: str
    arguments: str

    def to_json(self, index: int | None = None) -> JsonObject:
        """Write it for a message, or with its index for a chunk."""
        function = {"name": self.name, "arguments": self.arguments}
        call: JsonObject = {"id": self.id, "type": "function", "function": function}
        return call if index is None else {"index": index, **call}


@dataclass(frozen=True, kw_only=True)
class ScriptedCompletion:
    """A reply ready to be sent."""

    number: int
    model: str
    text: str = ""
    refusal: str = ""
    calls: tuple[WireCall, ...] = ()
    finish_reason: str = "stop"
    usage: TokenUsage
    """The truth: this is billed."""
    reported: TokenUsage | None
    """What the client is told; `None` leaves `usage` out."""
    logprob: float | None = None
    empty: bool = False
    """Whether `choices` is an empty list."""
    reasoning: str = ""

    def to_json(self) -> JsonObject:
        """Write it as one `chat.completion`."""
        message: JsonObject = {"role": "assistant", "content": self.text or None}
        message["refusal"] = self.refusal or None
        if self.reasoning:
            message["reasoning_content"] = self.reasoning
        if self.calls:
            message["tool_calls"] = [call.to_json() for call in self.calls]
        choice = {"message": message, "finish_reason": self.finish_reason}
        body = self._envelope("chat.completion", choice, pieces(self.text))
        return body if self.reported is None else {**body, "usage": usage_json(self.reported)}

    def chunks(self, *, include_usage: bool) -> Iterator[JsonObject]:
        """Write it as `chat.completion.chunk`s: role, content, end, and usage if asked for."""
        yield self._chunk({"role": "assistant", "content": ""})
        for piece in pieces(self.reasoning):
            yield self._chunk({"reasoning_content": piece})
        for piece in pieces(self.text):
            yield self._chunk({"content": piece}, logprobs_of=(piece,))
        for piece in pieces(self.refusal):
            yield self._chunk({"refusal": piece})
        for index, call in enumerate(self.calls):
            yield self._chunk({"tool_calls": [replace(call, arguments="").to_json(index)]})
            for piece in pieces(call.arguments):
                delta = {"index": index, "function": {"arguments": piece}}
                yield self._chunk({"tool_calls": [delta]})
        yield self._chunk({}, finish_reason=self.finish_reason)
        if include_usage and self.reported is not None:
            last = self._envelope("chat.completion.chunk", None, ())
            yield {**last, "usage": usage_json(self.reported)}

    def _chunk(
        self,
        delta: JsonObject,
        *,
        finish_reason: str | None = None,
        logprobs_of: tuple[str, ...] = (),
    ) -> JsonObject:
        choice = {"delta": delta, "finish_reason": finish_reason}
        return self._envelope("chat.completion.chunk", choice, logprobs_of)

    def _envelope(
        self, kind: str, choice: JsonObject | None, tokens: tuple[str, ...]
    ) -> JsonObject:
        choices: list[JsonObject] = []
        if choice is not None and not self.empty:
            choices = [{"index": 0, **choice, "logprobs": self._logprobs(tokens)}]
        return {
            "id": f"chatcmpl-{self.number}",
            "object": kind,
            "created": CREATED,
            "model": self.model,
            "choices": choices,
        }

    def _logprobs(self, tokens: tuple[str, ...]) -> Json:
        if self.logprob is None or not tokens:
            return None
        return {
            "content": [
                {
                    "token": token,
                    "logprob": self.logprob,
                    "bytes": list(token.encode()),
                    "top_logprobs": [],
                }
                for token in tokens
            ],
            "refusal": None,
        }


def pieces(text: str) -> tuple[str, ...]:
    """Cut a text into what one chunk each carries: words with the space after them."""
    return tuple(re.findall(r"\s*\S+\s?|\s+", text))


def usage_json(usage: TokenUsage) -> JsonObject:
    """Write usage as OpenAI reports it."""
    return {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.input_tokens + usage.output_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cached_input_tokens, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": usage.reasoning_tokens,
            "audio_tokens": 0,
        },
    }


def complete(request: GatewayRequest, reply: Reply, count: CountTokens) -> ScriptedCompletion:
    """Turn a scripted reply into what the request gets: its form, its limit, its usage."""
    text, calls = reply.content, _calls(request, reply)
    if reply.json is not None and request.forced_tool and not reply.tool_calls:
        text = ""
    text, calls, cut = _fit(text, calls, _limit(request), count)
    said = reply.reasoning + text + reply.refusal + "".join(call.arguments for call in calls)
    usage = reply.usage or TokenUsage(
        input_tokens=input_tokens(request, count), output_tokens=count(said)
    )
    natural = "length" if cut else "tool_calls" if calls else "stop"
    return ScriptedCompletion(
        number=request.number,
        model=request.model,
        text=text,
        refusal=reply.refusal,
        reasoning=reply.reasoning,
        calls=calls,
        finish_reason=reply.finish_reason or natural,
        usage=usage,
        reported=usage,
        logprob=reply.logprob if request.body.get("logprobs") else None,
    )


def input_tokens(request: GatewayRequest, count: CountTokens) -> int:
    """Count the input: texts and tool calls of the messages, tools and response format."""
    parts = [content_text(message.get("content")) for message in request.messages]
    parts += [canonical_json(m["tool_calls"]) for m in request.messages if m.get("tool_calls")]
    parts += [
        canonical_json(request.body[key])
        for key in ("tools", "response_format")
        if request.body.get(key)
    ]
    return sum(count(part) for part in parts)


def _calls(request: GatewayRequest, reply: Reply) -> tuple[WireCall, ...]:
    wanted = reply.tool_calls
    if reply.json is not None and request.forced_tool and not wanted:
        wanted = ({"name": request.forced_tool, "args": reply.json},)
    return tuple(
        WireCall(
            id=call.get("id") or f"call_{request.number}_{index}",
            name=call["name"],
            arguments=_arguments(call.get("args", {})),
        )
        for index, call in enumerate(wanted)
    )


def _arguments(args: Json) -> str:
    return args if isinstance(args, str) else canonical_json(args)


def _limit(request: GatewayRequest) -> int | None:
    return request.body.get("max_completion_tokens") or request.body.get("max_tokens")


def _fit(
    text: str, calls: tuple[WireCall, ...], limit: int | None, count: CountTokens
) -> tuple[str, tuple[WireCall, ...], bool]:
    """Stop where the output limit is reached, in the text or in the arguments of a call."""
    said = text + "".join(call.arguments for call in calls)
    if limit is None or count(said) <= limit:
        return text, calls, False
    room = bisect_right(range(len(said) + 1), limit, key=lambda n: count(said[:n])) - 1
    kept_text, room = text[: max(room, 0)], max(room, 0) - len(text)
    kept: list[WireCall] = []
    for call in calls:
        if room <= 0:
            break
        kept.append(replace(call, arguments=call.arguments[:room]))
        room -= len(call.arguments)
    return kept_text, tuple(kept), True
