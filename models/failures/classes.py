"""The kinds of failure of a model call, told once for all who judge by them."""

from __future__ import annotations

from typing import Literal

from ...errors import OutputError
from ...state.values import Record

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

REFUSALS: frozenset[FailureClass] = frozenset(
    {"authentication", "permission", "rate_limit", "context_too_long", "unknown_model"}
)
"""Failures by which a provider says that it has not begun with a reply."""


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
