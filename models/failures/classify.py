"""Classify: from what a chat model, its client library or the event loop raised to one failure."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence

import httpx
import openai
from langchain_core import exceptions as langchain_errors

from ...state.redaction import Redaction
from .classes import AttemptFailure, FailureClass, RejectedReplyError
from .reported import ReportedError, reported
from .resting import PROVIDER_HEADER
from .stated import StatedError
from .too_long import is_too_long
from .wordings import OF_REQUEST, by_codes, by_words, by_words_of_load

MESSAGE_LIMIT = 500


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
    if isinstance(error, StatedError):  # what the provider says itself counts more
        return None
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
    (StatedError, "overloaded"),
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
    (AttributeError, "malformed_output"),
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
    if facts.stated and (kind := _kind_of_body(facts, of_load=True)):
        return kind
    for kind_of_error, kind in _AFTER_STATUS:
        if isinstance(error, kind_of_error):
            return _refine(kind, error)
    if _same_named(error, "RemoteProtocolError") or _same_named(error, "ReadError"):
        return "cut_stream"
    if _same_named(error, "TransportError"):
        return "connection"
    return "unknown"


def _kind_of_body(facts: ReportedError, *, of_load: bool = False) -> FailureClass | None:
    """Return what a body says; of load only where no status does."""
    kind = by_codes(facts.codes)
    if kind not in (None, "bad_request", "overloaded"):
        return kind
    return by_words(facts.text) or (by_words_of_load(facts.text) if of_load else None) or kind


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
    if status >= 500 and is_too_long(facts.text):
        return "context_too_long"  # llama.cpp and what is built on it
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if status >= 500:
        return "overloaded"
    return "bad_request"


def _message(error: BaseException, secrets: Sequence[str]) -> str:
    text = str(error).strip() or type(error).__name__
    shown = Redaction(secrets).beginning(text, MESSAGE_LIMIT)
    return shown if len(text) <= MESSAGE_LIMIT else shown[: MESSAGE_LIMIT - 1] + "…"
