"""The kinds of misbehaviour and what each one is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

FaultKind = Literal[
    "unauthorized",
    "forbidden",
    "unknown_model",
    "context_too_long",
    "rate_limited",
    "rate_limited_seconds",
    "rate_limited_date",
    "quota_exhausted",
    "server_error",
    "overloaded",
    "html_body",
    "wrong_content_type",
    "connection_reset",
    "slow_first_byte",
    "slow_tokens",
    "stall",
    "cut_before_first_token",
    "cut_after_first_token",
    "cut_body",
    "content_filter",
    "refusal",
    "empty_choices",
    "malformed_tool_arguments",
    "schema_violation",
    "trailing_comma",
    "code_fence",
    "duplicate_tool_call_ids",
    "missing_usage",
    "wrong_usage",
]

FAULT_KINDS: tuple[FaultKind, ...] = get_args(FaultKind)
"""Every kind, for tests that go through all of them."""


@dataclass(frozen=True, kw_only=True)
class ErrorBody:
    """An error in OpenAI's form."""

    status: int
    type: str
    code: str | None
    message: str


@dataclass(frozen=True, kw_only=True)
class FaultSpec:
    """What a kind of fault does."""

    promise: str
    """What a client observes."""
    error: ErrorBody | None = None
    shapes_reply: bool = False
    """Whether it changes what the model says, not how it arrives."""
    uses_reply: bool = False
    """Whether the client gets a usable reply, so that the script's entry counts as used."""
    seconds: float = 0.0


def _error(
    status: int, type_: str, code: str | None, message: str, promise: str, *, seconds: float = 0.0
) -> FaultSpec:
    body = ErrorBody(status=status, type=type_, code=code, message=message)
    return FaultSpec(promise=promise, error=body, seconds=seconds)


def _rate_limited(promise: str, *, seconds: float = 0.0) -> FaultSpec:
    message = "Rate limit reached for requests."
    return _error(429, "requests", "rate_limit_exceeded", message, promise, seconds=seconds)


def _transport(promise: str, *, uses_reply: bool = False, seconds: float = 0.0) -> FaultSpec:
    return FaultSpec(promise=promise, uses_reply=uses_reply, seconds=seconds)


def _shape(promise: str, *, uses_reply: bool = False) -> FaultSpec:
    return FaultSpec(promise=promise, shapes_reply=True, uses_reply=uses_reply)


FAULTS: Mapping[FaultKind, FaultSpec] = {
    "unauthorized": _error(
        401,
        "invalid_request_error",
        "invalid_api_key",
        "Incorrect API key provided.",
        "HTTP 401 `invalid_api_key`",
    ),
    "forbidden": _error(
        403,
        "permission_error",
        None,
        "Your project may not use this model.",
        "HTTP 403",
    ),
    "unknown_model": _error(
        404,
        "invalid_request_error",
        "model_not_found",
        "The model does not exist or you may not use it.",
        "HTTP 404 `model_not_found`",
    ),
    "context_too_long": _error(
        400,
        "invalid_request_error",
        "context_length_exceeded",
        "This model's maximum context length is exceeded by your messages.",
        "HTTP 400 `context_length_exceeded`",
    ),
    "rate_limited": _rate_limited("HTTP 429 without `Retry-After`"),
    "rate_limited_seconds": _rate_limited("HTTP 429, `Retry-After` in seconds", seconds=1.0),
    "rate_limited_date": _rate_limited("HTTP 429, `Retry-After` as an HTTP date", seconds=1.0),
    "quota_exhausted": _error(
        429,
        "insufficient_quota",
        "insufficient_quota",
        "You exceeded your current quota.",
        "HTTP 429 `insufficient_quota`: waiting does not help",
    ),
    "server_error": _error(
        500, "server_error", None, "The server had an error while processing.", "HTTP 500"
    ),
    "overloaded": _error(503, "overloaded_error", None, "The engine is overloaded.", "HTTP 503"),
    "html_body": _transport("a page of HTML with status 200 instead of JSON"),
    "wrong_content_type": _transport("the reply labelled `text/plain`", uses_reply=True),
    "connection_reset": _transport("the connection is reset before any byte"),
    "slow_first_byte": _transport(
        "nothing for `seconds`, then the reply", uses_reply=True, seconds=1.0
    ),
    "slow_tokens": _transport(
        "`seconds` between two chunks of the reply", uses_reply=True, seconds=0.1
    ),
    "stall": _transport("the first token (or half of the body), then silence for ever"),
    "cut_before_first_token": _transport("status 200, then the connection ends"),
    "cut_after_first_token": _transport("the first token, then the connection ends"),
    "cut_body": _transport("half of the reply, cut inside an event, then the connection ends"),
    "content_filter": _shape("a first word, then `finish_reason: content_filter`"),
    "refusal": _shape("a `refusal` and no content"),
    "empty_choices": _shape("`choices: []`"),
    "malformed_tool_arguments": _shape("a call of an offered tool whose arguments are no JSON"),
    "schema_violation": _shape("valid JSON that no sensible schema allows"),
    "trailing_comma": _shape("the reply's JSON with a trailing comma", uses_reply=True),
    "code_fence": _shape("the reply's JSON in a Markdown fence", uses_reply=True),
    "duplicate_tool_call_ids": _shape(
        "the reply's tool calls all under one id; a single call twice", uses_reply=True
    ),
    "missing_usage": _shape("the reply without `usage`", uses_reply=True),
    "wrong_usage": _shape("the reply with absurd `usage`; billed is the truth", uses_reply=True),
}
