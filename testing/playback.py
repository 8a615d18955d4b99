"""What goes over the connection, byte by byte: decided here, sent elsewhere."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from typing import Literal

from ..state.values import Json
from .completion import CountTokens, ScriptedCompletion, complete, usage_json
from .faults import FAULTS, ErrorBody
from .replies import Fault, GatewayRequest, Reply, TokenUsage
from .spoil import spoil

End = Literal["complete", "cut", "stall", "reset"]

NOTHING = TokenUsage()
STAND_IN = Reply(text="This reply takes a while and is not the one that was scripted.")
HTML = b"<!doctype html><html><body><h1>Sign in to continue</h1></body></html>"


@dataclass(frozen=True, kw_only=True)
class Frame:
    """Bytes that leave together, and the output tokens that had been produced by then."""

    data: bytes
    produced: int = 0


@dataclass(frozen=True, kw_only=True)
class Playback:
    """A response: what to send, at which pace, and how it ends."""

    status: int = 200
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    frames: Sequence[Frame] = ()
    length: int | None = None
    """`Content-Length`; `None` sends chunks."""
    delay: float = 0.0
    """Seconds before the first byte."""
    pace: float = 0.0
    """Seconds between two frames."""
    end: End = "complete"
    usage: TokenUsage = NOTHING
    """What is billed in full; all zero where nothing was generated."""


def plain(body: Json, *, status: int = 200, usage: TokenUsage = NOTHING) -> Playback:
    """Send one JSON document. Its output is produced before the first byte leaves."""
    data = json.dumps(body, ensure_ascii=False).encode()
    frame = Frame(data=data, produced=usage.output_tokens)
    return Playback(status=status, frames=(frame,), length=len(data), usage=usage)


def error(body: ErrorBody, *, status: int | None = None) -> Playback:
    """Send an error in OpenAI's form. Nothing is billed."""
    facts = {"message": body.message, "type": body.type, "param": None, "code": body.code}
    return plain({"error": facts}, status=status or body.status)


def chat(
    request: GatewayRequest, reply: Reply, fault: Fault | None, count: CountTokens
) -> Playback:
    """Answer `/v1/chat/completions`."""
    completion = complete(request, reply, count)
    if fault is not None:
        completion = spoil(completion, fault, request)
    if request.stream:
        playback = _verbatim(reply, completion) if reply.chunks else _events(completion, request)
    elif reply.document is not None:
        playback = plain(reply.document, usage=completion.usage)
    else:
        playback = _document(completion)
    playback = replace(playback, delay=reply.delay, pace=reply.token_delay)
    return disturb(playback, fault)


def transcription(
    request: GatewayRequest, reply: Reply, fault: Fault | None, count: CountTokens
) -> Playback:
    """Answer `/v1/audio/transcriptions` as JSON or plain text; a token per 1000 bytes of audio."""
    size = request.body.get("file", {}).get("size", 0)
    usage = reply.usage or TokenUsage(
        input_tokens=size // 1000 + 1, output_tokens=count(reply.text)
    )
    playback = plain({"text": reply.text, "usage": _audio_usage(usage)}, usage=usage)
    if request.body.get("response_format") == "text":
        data = reply.text.encode()
        frame = Frame(data=data, produced=usage.output_tokens)
        playback = replace(
            playback, frames=(frame,), length=len(data), content_type="text/plain; charset=utf-8"
        )
    return disturb(replace(playback, delay=reply.delay, pace=reply.token_delay), fault)


def _audio_usage(usage: TokenUsage) -> Json:
    written = usage_json(usage)
    return {
        "type": "tokens",
        "input_tokens": written["prompt_tokens"],
        "output_tokens": written["completion_tokens"],
        "total_tokens": written["total_tokens"],
    }


def disturb(playback: Playback, fault: Fault | None) -> Playback:
    """Change how a response arrives, as the fault demands."""
    if fault is None:
        return playback
    body = FAULTS[fault.kind].error
    if body is not None:
        return replace(error(body, status=fault.status), headers=_retry_headers(fault))
    playback = replace(playback, status=fault.status or playback.status)
    match fault.kind:
        case "html_body":
            frame = Frame(data=HTML)
            return Playback(
                status=playback.status, content_type="text/html", frames=(frame,), length=len(HTML)
            )
        case "wrong_content_type":
            return replace(playback, content_type="text/plain")
        case "connection_reset":
            return Playback(status=0, end="reset")
        case "slow_first_byte":
            return replace(playback, delay=fault.delay())
        case "slow_tokens":
            return replace(_in_parts(playback, 8), pace=fault.delay())
        case "stall":
            return replace(_first_part(playback), end="stall")
        case "cut_before_first_token":
            return replace(playback, frames=(), end="cut")
        case "cut_after_first_token":
            return replace(_first_part(playback), end="cut")
        case "cut_body":
            return replace(_half(playback), end="cut")
        case _:
            return playback


def _retry_headers(fault: Fault) -> Mapping[str, str]:
    if fault.kind == "rate_limited_seconds":
        return {"retry-after": f"{fault.delay():g}"}
    if fault.kind == "rate_limited_date":
        # HTTP dates have whole seconds; rounding down could name a time that has passed.
        return {"retry-after": formatdate(math.ceil(time.time() + fault.delay()), usegmt=True)}
    return {}


def _document(completion: ScriptedCompletion) -> Playback:
    return plain(completion.to_json(), usage=completion.usage)


def _events(completion: ScriptedCompletion, request: GatewayRequest) -> Playback:
    options = request.body.get("stream_options") or {}
    chunks = tuple(completion.chunks(include_usage=bool(options.get("include_usage"))))
    said = [_characters(chunk) for chunk in chunks]
    total, sent = sum(said), 0
    frames: list[Frame] = []
    for chunk, characters in zip(chunks, said, strict=True):
        sent += characters
        produced = math.ceil(completion.usage.output_tokens * sent / total) if total else 0
        frames.append(Frame(data=_event(json.dumps(chunk, ensure_ascii=False)), produced=produced))
    # A reply without a word may still have cost reasoning; the end of the stream settles it.
    frames.append(Frame(data=_event("[DONE]"), produced=completion.usage.output_tokens))
    return Playback(
        content_type="text/event-stream; charset=utf-8", frames=frames, usage=completion.usage
    )


def _verbatim(reply: Reply, completion: ScriptedCompletion) -> Playback:
    """Send the given events; the output is billed evenly over them."""
    output, count = completion.usage.output_tokens, len(reply.chunks)
    frames = [
        Frame(data=_event(json.dumps(chunk)), produced=output * number // count)
        for number, chunk in enumerate(reply.chunks, start=1)
    ]
    frames.append(Frame(data=_event("[DONE]"), produced=output))
    return Playback(
        content_type="text/event-stream; charset=utf-8", frames=frames, usage=completion.usage
    )


def _event(data: str) -> bytes:
    return f"data: {data}\n\n".encode()


def _characters(chunk: Json) -> int:
    """Count what the model said in a chunk, in characters."""
    total = 0
    for choice in chunk["choices"]:
        delta = choice["delta"]
        total += len(delta.get("content") or "") + len(delta.get("refusal") or "")
        total += sum(len(c["function"]["arguments"]) for c in delta.get("tool_calls", ()))
    return total


def _in_parts(playback: Playback, count: int) -> Playback:
    """Cut a single document into parts; a stream has its own."""
    if playback.length is None:
        return playback
    [frame] = playback.frames
    size = max(1, math.ceil(len(frame.data) / count))
    parts = [frame.data[i : i + size] for i in range(0, len(frame.data), size)]
    return replace(playback, frames=[Frame(data=p, produced=frame.produced) for p in parts])


def _first_part(playback: Playback) -> Playback:
    """Keep a stream up to its first token, or half of a document."""
    if playback.length is not None:
        return replace(playback, frames=_in_parts(playback, 2).frames[:1])
    tokens = [i for i, frame in enumerate(playback.frames) if frame.produced]
    return replace(playback, frames=playback.frames[: tokens[0] + 1 if tokens else 1])


def _half(playback: Playback) -> Playback:
    """Keep half of the frames, and the last of them only in part."""
    if playback.length is not None:
        return _first_part(playback)
    kept = list(playback.frames[: len(playback.frames) // 2 + 1])
    last = kept[-1]
    kept[-1] = replace(last, data=last.data[: len(last.data) // 2])
    return replace(playback, frames=kept)
