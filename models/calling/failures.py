"""How a model call can fail, told once, and what each kind of failure calls for."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import httpx
import openai
from langchain_core import exceptions as langchain_errors

from ...errors import OutputError
from ...state.values import Record
from .reported import PROVIDER_HEADER, ReportedError, reported
from .wordings import CONTEXT, OF_REQUEST, READ_CHARACTERS, by_codes, by_words

FailureClass = Literal[
    "authentication",
    "permission",
    "rate_limit",
    "overloaded",
    "timeout",
    "connection",
    "cut_stream",
    "context_too_long",
    "refusal",
    "content_filter",
    "malformed_output",
    "output_limit",
    "unknown_model",
    "bad_request",
    "cancelled",
    "unavailable",
    "unknown",
]
"""`unavailable`: not called, for want of a free slot or because the breaker is open."""

BREAKER_CLASSES: frozenset[FailureClass] = frozenset(
    {
        "authentication",
        "permission",
        "rate_limit",
        "overloaded",
        "timeout",
        "connection",
        "cut_stream",
        "unknown_model",
        "unknown",
    }
)
"""Failures that say something about the endpoint, not about the request."""

MESSAGE_LIMIT = 500


class AttemptFailure(Record):
    """One failure, classified."""

    kind: FailureClass
    message: str = ""
    retry_after: float | None = None
    """Seconds that the provider asked us to wait."""
    status: int | None = None
    """HTTP status, where there was one."""
    reply: str = ""
    """The rejected reply, for a re-ask that quotes the error."""


class RejectedReplyError(OutputError):
    """A reply came and was billed, and cannot be used."""

    def __init__(self, kind: FailureClass, message: str, *, reply: str = "") -> None:
        super().__init__(message)
        self.kind: FailureClass = kind
        self.reply = reply


def classify(
    error: BaseException, *, now: float = 0.0, secrets: Sequence[str] = ()
) -> AttemptFailure:
    """Say what kind of failure an exception is.

    Args:
        error: What a chat model, its client library or the event loop raised.
        now: Unix time, against which a `Retry-After` date is read.
        secrets: Keys that a provider may have quoted in its message; they are masked.
    """
    rejected = _rejected(error)
    if rejected is not None:
        return AttemptFailure(kind=rejected.kind, message=rejected.message, reply=rejected.reply)
    facts = reported(error, now=now)
    return AttemptFailure(
        kind=_kind(error, facts),
        message=_message(error, secrets),
        retry_after=facts.retry_after,
        status=facts.status,
    )


def _rejected(error: BaseException) -> RejectedReplyError | None:
    """Find our own word on a reply under what a client library made of it."""
    for found in (error, error.__cause__, error.__cause__ and error.__cause__.__cause__):
        if isinstance(found, RejectedReplyError):
            return found
    return None


_BY_TYPE: tuple[tuple[type[BaseException], FailureClass], ...] = (
    (asyncio.CancelledError, "cancelled"),
    (langchain_errors.ContextOverflowError, "context_too_long"),
    (openai.ContentFilterFinishReasonError, "content_filter"),
    (openai.LengthFinishReasonError, "output_limit"),
    (openai.APITimeoutError, "timeout"),
    (httpx.TimeoutException, "timeout"),
    (TimeoutError, "timeout"),
    (langchain_errors.ModelTimeoutError, "timeout"),
)

_AFTER_STATUS: tuple[tuple[type[BaseException], FailureClass], ...] = (
    (langchain_errors.ModelAuthenticationError, "authentication"),
    (langchain_errors.ModelPermissionDeniedError, "permission"),
    (langchain_errors.ModelNotFoundError, "unknown_model"),
    (langchain_errors.ModelRateLimitError, "rate_limit"),
    (langchain_errors.ModelAPIError, "overloaded"),
    (langchain_errors.ModelInvalidRequestError, "bad_request"),
    (openai.APIConnectionError, "connection"),
    (langchain_errors.ModelConnectionError, "connection"),
    # Without a status it is an error event: the reply had begun when the provider failed.
    (openai.APIError, "cut_stream"),
    (httpx.RemoteProtocolError, "cut_stream"),
    (httpx.ReadError, "cut_stream"),
    (httpx.TransportError, "connection"),
    (ConnectionError, "connection"),
    (json.JSONDecodeError, "malformed_output"),
    (ValueError, "malformed_output"),
    (LookupError, "malformed_output"),
    (TypeError, "malformed_output"),
)

_BY_STATUS: Mapping[int, FailureClass] = {
    401: "authentication",
    402: "rate_limit",
    403: "permission",
    404: "unknown_model",
    408: "timeout",
    409: "overloaded",
    413: "context_too_long",
    429: "rate_limit",
}


def _kind(error: BaseException, facts: ReportedError) -> FailureClass:
    for kind_of_error, kind in _BY_TYPE:
        if isinstance(error, kind_of_error):
            return kind
    if _same_named(error, "TimeoutException"):
        return "timeout"
    if facts.status is not None:
        kind = _kind_of_status(facts.status, facts)
        # A gateway that passes on what a provider said took our key; the refused one is its own.
        return "permission" if kind == "authentication" and _is_passed_on(error) else kind
    if facts.stated and (kind := _kind_of_body(facts)):
        return kind
    for kind_of_error, kind in _AFTER_STATUS:
        if isinstance(error, kind_of_error):
            return _refine(kind, error)
    if _same_named(error, "RemoteProtocolError") or _same_named(error, "ReadError"):
        return "cut_stream"
    if _same_named(error, "TransportError"):
        return "connection"
    return "unknown"


def _kind_of_body(facts: ReportedError) -> FailureClass | None:
    kind = by_codes(facts.codes)
    if kind in (None, "bad_request", "overloaded"):
        return by_words(facts.text) or kind
    return kind


def _is_passed_on(error: BaseException) -> bool:
    headers = getattr(getattr(error, "response", None), "headers", {})
    return any(name.startswith(PROVIDER_HEADER) for name in headers)


def _refine(kind: FailureClass, error: BaseException) -> FailureClass:
    # The SDK wraps a peer that hangs up after taking the request as a connection error.
    cause = error.__cause__ or error.__context__
    if kind == "connection" and cause is not None:
        root = cause.__cause__ if isinstance(cause, openai.APIConnectionError) else cause
        for name in ("RemoteProtocolError", "ReadError"):
            if root is not None and _same_named(root, name):
                return "cut_stream"
    return kind


def _same_named(error: BaseException, name: str) -> bool:
    # httpx and its successor httpx2 share class names but no base class.
    return any(
        base.__name__ == name and base.__module__.startswith("httpx")
        for base in type(error).__mro__
    )


def _kind_of_status(status: int, facts: ReportedError) -> FailureClass:
    if status in OF_REQUEST:
        kind = _kind_of_body(facts)
        if kind is not None and (kind != "bad_request" or status not in _BY_STATUS):
            return kind
    if status >= 500 and CONTEXT.search(facts.text[:READ_CHARACTERS]):
        return "context_too_long"  # llama.cpp and what is built on it
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if status >= 500:
        return "overloaded"
    return "bad_request"


def _message(error: BaseException, secrets: Sequence[str]) -> str:
    text = str(error).strip() or type(error).__name__
    for secret in secrets:
        text = text.replace(secret, "***") if secret else text
    return text if len(text) <= MESSAGE_LIMIT else text[: MESSAGE_LIMIT - 1] + "…"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What a class of failure calls for."""

    retries: int = 0
    """Retries of the same candidate while another one is free."""
    retries_alone: int = 0
    """Retries of the same candidate when it is the last."""
    same: Literal["retry", "reask", "extend"] = "retry"
    """How the same candidate is asked again."""
    other: Literal["any", "endpoint", "larger"] = "any"
    """Which candidates may take over: any, at another endpoint, or with a larger context."""


RULES: Mapping[FailureClass, Rule] = {
    "authentication": Rule(other="endpoint"),
    "permission": Rule(),
    "rate_limit": Rule(retries=1, retries_alone=3),
    "overloaded": Rule(retries=1, retries_alone=3),
    "timeout": Rule(retries_alone=1),
    "connection": Rule(retries=1, retries_alone=2),
    "cut_stream": Rule(retries_alone=1),
    "context_too_long": Rule(other="larger"),
    "refusal": Rule(),
    "content_filter": Rule(),
    "malformed_output": Rule(retries=1, retries_alone=2, same="reask"),
    "output_limit": Rule(retries=1, retries_alone=1, same="extend"),
    "unknown_model": Rule(),
    "bad_request": Rule(),
    "unavailable": Rule(retries_alone=2),
    "unknown": Rule(retries_alone=1),
}


@dataclass(frozen=True, kw_only=True)
class Option:
    """A candidate as far as the next move depends on it."""

    name: str
    endpoint: str
    context_window: int | None = None


@dataclass(frozen=True, kw_only=True)
class Patience:
    """Bounds on attempts and waiting, in seconds."""

    max_attempts: int
    backoff: float
    max_backoff: float
    patience: float
    max_wait: float
    deadline_at: float | None = None


@dataclass(frozen=True, kw_only=True)
class NextAttempt:
    """What to do after a failed attempt, and why."""

    action: Literal["retry", "reask", "extend", "fallback", "stop"]
    reason: str
    wait: float = 0.0
    """Seconds before a retry."""
    to: str = ""
    """The candidate to fall back to."""


def next_move(
    history: Sequence[tuple[str, AttemptFailure]],
    *,
    current: Option,
    others: Sequence[Option],
    limits: Patience,
    now: float,
    jitter: float,
) -> NextAttempt:
    """Decide what follows the last failure of `history`.

    Args:
        history: Candidate and failure of each attempt so far; the last one has just failed.
        current: The candidate that has just failed.
        others: Untried candidates in order of preference.
        limits: Bounds on attempts and waiting.
        now: Unix time.
        jitter: A random number from 0 to 1.
    """
    failure = history[-1][1]
    rule = RULES.get(failure.kind, Rule())
    if len(history) >= limits.max_attempts:
        return NextAttempt(action="stop", reason=f"{limits.max_attempts} attempts were made")
    fit = [other for other in others if _takes_over(rule, current, other)]
    # An empty reply or an error page has nothing to quote; the candidate is as good as broken.
    quotable = rule.same != "reask" or bool(failure.reply)
    tried = sum(1 for name, past in history if name == current.name and past.kind == failure.kind)
    allowed = rule.retries if fit else rule.retries_alone
    wait = _wait(failure, rule, tried, limits, jitter)
    bound = limits.patience if fit else limits.max_wait
    in_time = limits.deadline_at is None or now + wait < limits.deadline_at
    if quotable and tried <= allowed and wait <= bound and in_time:
        return NextAttempt(action=rule.same, reason=f"{rule.same} after {failure.kind}", wait=wait)
    if fit:
        return NextAttempt(action="fallback", reason=f"after {failure.kind}", to=fit[0].name)
    return NextAttempt(action="stop", reason=_why_stop(rule, wait, bound, in_time=in_time))


def _takes_over(rule: Rule, current: Option, other: Option) -> bool:
    if rule.other == "endpoint":
        return other.endpoint != current.endpoint
    if rule.other == "larger":
        return other.context_window is None or (
            current.context_window is not None and other.context_window > current.context_window
        )
    return True


def _wait(
    failure: AttemptFailure, rule: Rule, tried: int, limits: Patience, jitter: float
) -> float:
    if rule.same != "retry":
        return 0.0
    if failure.retry_after is not None:
        # A little later than asked for, so that callers do not all come back at once.
        return failure.retry_after * (1 + 0.1 * jitter)
    backoff = min(limits.max_backoff, limits.backoff * 2 ** (tried - 1))
    return backoff * (0.5 + 0.5 * jitter)


def _why_stop(rule: Rule, wait: float, bound: float, *, in_time: bool) -> str:
    if not in_time:
        return "the deadline comes before the next attempt"
    if wait > bound:
        return f"the endpoint wants {wait:.0f} s of rest, more than the {bound:.0f} s we wait"
    if rule.other == "larger":
        return "no candidate has a larger context"
    return "no candidate is left"
