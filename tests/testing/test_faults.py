"""Every fault does to the client what it promises, streamed or not."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any

import openai
import pytest

from pointsman.testing import FAULT_KINDS, FAULTS, Fault, FaultKind, Reply, ScriptedGateway

CALL = {"name": "refund", "args": {"order": "A1", "why": "arrived in two halves"}, "id": "c1"}
TEXT = Reply(json={"order": "A1", "why": "arrived in two halves"})
TOOL: Any = {"type": "function", "function": {"name": "refund", "parameters": {"type": "object"}}}


@dataclass
class Seen:
    """What a client got of one completion."""

    text: str = ""
    calls: list[tuple[str, str]] = field(default_factory=list)
    finish_reason: str | None = None
    refusal: str = ""
    usage: int | None = None
    choices: int = 0
    error: openai.APIError | None = None
    first_after: float = 0.0
    seconds: float = 0.0


def observe(client: openai.OpenAI, *, stream: bool, tools: bool) -> Seen:
    """Ask once and note everything that arrives."""
    seen, started = Seen(), time.monotonic()
    options: dict[str, Any] = {"tools": [TOOL]} if tools else {}
    if stream:
        options |= {"stream": True, "stream_options": {"include_usage": True}}
    try:
        reply: Any = client.chat.completions.create(
            model="m", messages=[{"role": "user", "content": "go"}], **options
        )
        for part in reply if stream else [reply]:
            seen.first_after = seen.first_after or time.monotonic() - started
            _note(seen, part, stream=stream)
    except openai.APIError as error:
        seen.error = error
    seen.seconds = time.monotonic() - started
    return seen


def _note(seen: Seen, part: Any, *, stream: bool) -> None:
    if isinstance(part, str):
        seen.text = part
        return
    seen.usage = part.usage.total_tokens if part.usage else seen.usage
    for choice in part.choices:
        said = choice.delta if stream else choice.message
        seen.choices += 1
        seen.text += said.content or ""
        seen.refusal += said.refusal or ""
        seen.finish_reason = choice.finish_reason or seen.finish_reason
        for call in said.tool_calls or ():
            if call.id:
                seen.calls.append((call.id, ""))
            id_, arguments = seen.calls[-1]
            seen.calls[-1] = (id_, arguments + call.function.arguments)


def _status(code: int, error_code: str | None = None) -> Callable[[Seen], bool]:
    def check(seen: Seen) -> bool:
        error = seen.error
        assert isinstance(error, openai.APIStatusError)
        return error.status_code == code and error.code == error_code

    return check


def _header(seen: Seen) -> str | None:
    assert isinstance(seen.error, openai.APIStatusError)
    return seen.error.response.headers.get("retry-after")


def _seconds_ahead(seen: Seen) -> float:
    return parsedate_to_datetime(_header(seen) or "").timestamp() - time.time()


def _broken(seen: Seen) -> bool:
    return type(seen.error) is openai.APIConnectionError


def _right(seen: Seen) -> bool:
    said = seen.calls[0][1] if seen.calls else seen.text
    return seen.error is None and json.loads(said) == CALL["args"]


def _no_json(seen: Seen) -> bool:
    said = seen.calls[0][1] if seen.calls else seen.text
    try:
        json.loads(said)
    except json.JSONDecodeError:
        return True
    return False


def _said(seen: Seen) -> str:
    return seen.calls[0][1] if seen.calls else seen.text


PROMISES: dict[FaultKind, Callable[[Seen], bool]] = {
    "unauthorized": _status(401, "invalid_api_key"),
    "forbidden": _status(403),
    "unknown_model": _status(404, "model_not_found"),
    "context_too_long": _status(400, "context_length_exceeded"),
    "rate_limited": lambda s: _status(429, "rate_limit_exceeded")(s) and _header(s) is None,
    "rate_limited_seconds": lambda s: _header(s) == "0.3",
    "rate_limited_date": lambda s: -0.7 < _seconds_ahead(s) < 1.4,
    "quota_exhausted": _status(429, "insufficient_quota"),
    "server_error": _status(500),
    "overloaded": _status(503),
    "html_body": lambda s: s.choices == 0 and (not s.text or "<html>" in s.text),
    "wrong_content_type": _right,
    "connection_reset": lambda s: _broken(s) and not s.choices,
    "slow_first_byte": lambda s: _right(s) and s.first_after >= 0.3,
    "slow_tokens": lambda s: _right(s) and s.seconds >= 0.9,
    "stall": lambda s: isinstance(s.error, openai.APITimeoutError),
    "cut_before_first_token": lambda s: _broken(s) and not s.choices,
    "cut_after_first_token": _broken,
    "cut_body": _broken,
    "content_filter": lambda s: s.finish_reason == "content_filter" and not _right_or_none(s),
    "refusal": lambda s: bool(s.refusal) and not s.text and not s.calls,
    "empty_choices": lambda s: s.choices == 0 and s.error is None,
    "malformed_tool_arguments": _no_json,
    "schema_violation": lambda s: json.loads(_said(s)) == {"not_in_the_schema": [True]},
    "trailing_comma": lambda s: _said(s).endswith(",}"),
    "code_fence": lambda s: _said(s).startswith("```json\n{") and _said(s).endswith("\n```"),
    "duplicate_tool_call_ids": lambda s: not s.calls or [c[0] for c in s.calls] == ["c1", "c1"],
    "missing_usage": lambda s: _right(s) and s.usage is None,
    "wrong_usage": lambda s: _right(s) and (s.usage or 0) > 1_000_000,
}


def _right_or_none(seen: Seen) -> bool:
    return bool(seen.calls) or (bool(seen.text) and not _no_json(seen))


def test_every_kind_has_a_promise() -> None:
    """No kind of fault is without a description and a test."""
    assert set(FAULT_KINDS) == set(FAULTS) == set(PROMISES)


@pytest.mark.parametrize("tools", [False, True], ids=["text", "tools"])
@pytest.mark.parametrize("stream", [False, True], ids=["document", "stream"])
@pytest.mark.parametrize("kind", FAULT_KINDS)
def test_a_fault_keeps_its_promise(
    connect: Any, kind: FaultKind, stream: bool, tools: bool
) -> None:
    """The client observes what the fault promises, and the record names the fault."""
    reply = Reply(tool_calls=(CALL,)) if tools else TEXT
    seconds = 0.15 if kind == "slow_tokens" else 0.3
    faults = [Fault(kind=kind, seconds=seconds, times=1)]
    with ScriptedGateway({"m": [reply]}, faults=faults) as gateway:
        timeout = 0.3 if kind == "stall" else 5.0
        seen = observe(connect(gateway, timeout=timeout), stream=stream, tools=tools)
        assert PROMISES[kind](seen), seen
        assert gateway.wait_idle()
        [record] = gateway.requests
        assert (record.fault, record.stream) == (kind, stream)
        if not FAULTS[kind].uses_reply:
            assert _right(observe(connect(gateway), stream=stream, tools=tools))
    gateway.assert_complete()


@pytest.mark.parametrize("kind", ["cut_after_first_token", "cut_body", "stall"])
def test_a_stream_breaks_after_something_was_said(connect: Any, kind: FaultKind) -> None:
    """These faults leave the client with half a reply in its hands."""
    with ScriptedGateway(faults=[Fault(kind=kind)]) as gateway:
        seen = observe(connect(gateway, timeout=0.3), stream=True, tools=False)
        assert gateway.wait_idle()
    assert seen.text
    assert seen.error is not None
    assert gateway.requests[0].outcome == ("client_gone" if kind == "stall" else "cut")


def test_slow_tokens_defeat_a_read_timeout(connect: Any) -> None:
    """Each chunk comes in time, the reply as a whole does not: only a deadline helps."""
    fault = Fault(kind="slow_tokens", seconds=0.15)
    with ScriptedGateway({"m": ["one two three four five"]}, faults=[fault]) as gateway:
        seen = observe(connect(gateway, timeout=0.3), stream=True, tools=False)
    assert seen.error is None
    assert seen.seconds > 0.6


def test_a_stand_in_can_be_given(connect: Any) -> None:
    """`reply` says what a fault spoils, in place of the stand-in."""
    fault = Fault(kind="code_fence", reply=Reply(json={"a": 1}))
    with ScriptedGateway({"m": [fault]}) as gateway:
        seen = observe(connect(gateway), stream=False, tools=False)
    assert seen.text == '```json\n{"a": 1}\n```'
