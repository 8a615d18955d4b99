"""What a provider reports when a call fails: its status, its codes, and how long it wants to rest.

An error may come as an HTTP status, inside a reply of status 200, or as an event of a stream that
has begun; each client library wraps it differently, and all of them keep its body.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from ...state.json_text import json_in
from .resting import READ_CHARACTERS, rest_of


@dataclass(frozen=True, kw_only=True)
class ReportedError:
    """An error in a provider's own words."""

    status: int | None = None
    """HTTP status, or the code in the body that has one's form."""
    codes: tuple[str, ...] = ()
    """`code`, `type` and `status` of the body."""
    text: str = ""
    retry_after: float | None = None
    """Seconds."""
    stated: bool = False
    """The body is an error; it is not merely a reply that cannot be read."""


def reported(error: BaseException, *, now: float) -> ReportedError:
    """Read what an exception of a client library knows of the provider's error.

    Args:
        error: What was raised.
        now: Unix time, against which a date is read.
    """
    body = _body(error)
    holder = body.get("error", body)
    inner: Mapping[str, Any] = holder if isinstance(holder, Mapping) else {"message": holder}
    status = _http_status(error)
    return ReportedError(
        status=status if status is not None else _status_in(inner),
        codes=tuple(
            value
            for name in ("code", "type", "status")
            if isinstance(value := inner.get(name), str) and value
        ),
        text=f"{error} {inner.get('message') or ''}",
        retry_after=_rest(error, body, now),
        stated=bool(body),
    )


def is_stated(error: BaseException) -> bool:
    """Say whether an exception carries an error that the provider has stated."""
    return bool(_body(error))


def _http_status(error: BaseException) -> int | None:
    for holder in (error, getattr(error, "response", None)):
        value = getattr(holder, "status_code", None)
        if isinstance(value, int):
            # The SDK gives an event of a stream the status of the stream: it began well.
            return value if value >= 400 else None
    return None


def _status_in(body: Mapping[str, Any]) -> int | None:
    for name in ("code", "type", "status", "status_code", "http_code"):
        value = body.get(name)
        if isinstance(value, str) and value.isdecimal() and len(value) == 3:
            value = int(value)
        if isinstance(value, int) and not isinstance(value, bool) and 400 <= value <= 599:
            return value
    return None


def _body(error: BaseException) -> Mapping[str, Any]:
    """Return the error's body: what the SDK keeps, or the value that LangChain raises with."""
    for found in (getattr(error, "body", None), *error.args[:1]):
        if isinstance(found, list) and found:  # Google's, where it was asked for a stream
            found = found[0]
        if isinstance(found, Mapping):
            return cast("Mapping[str, Any]", found)
        if isinstance(found, str) and found.lstrip().startswith("{"):
            try:
                read = json_in(found[:READ_CHARACTERS])
            except ValueError:
                continue
            if isinstance(read, dict):
                return cast("Mapping[str, Any]", read)
    said = getattr(error, "body", None)
    return {"message": said} if isinstance(said, str) and said else {}


def _rest(error: BaseException, body: Mapping[str, Any], now: float) -> float | None:
    headers = getattr(getattr(error, "response", None), "headers", None) or {}
    limited = 429 in (_http_status(error), _status_in(body))
    return rest_of(headers, body, str(error), limited=limited, now=now)
