"""What a provider reports when a call fails: its status, its codes, and how long it wants to rest.

An error may come as an HTTP status, inside a reply of status 200, or as an event of a stream that
has begun; each client library wraps it differently, and all of them keep its body.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, cast

PROVIDER_HEADER = "llm_provider-"
"""What LiteLLM's proxy puts before the headers of the provider that it asked."""

MAX_REST = 3_600.0
"""Most seconds for which a provider is left alone on its word; its clock may be wrong."""

_BODY_CHARACTERS = 20_000
_DEPTH = 6
_UNITS: Mapping[str, float] = {
    "ms": 0.001,
    "milliseconds": 0.001,
    "millisecond": 0.001,
    "s": 1.0,
    "sec": 1.0,
    "secs": 1.0,
    "second": 1.0,
    "seconds": 1.0,
    "": 1.0,
    "m": 60.0,
    "min": 60.0,
    "mins": 60.0,
    "minute": 60.0,
    "minutes": 60.0,
    "h": 3_600.0,
    "hour": 3_600.0,
    "hours": 3_600.0,
}
_AMOUNT = re.compile(r"(\d{1,12}(?:\.\d{1,12})?)\s*([A-Za-z]{0,12})")
_SPAN = r"(?:\d{1,12}(?:\.\d{1,12})?\s{0,2}[A-Za-z]{0,12}\s{0,2}){1,4}"
_IN_WORDS = re.compile(
    rf"(?:try again|retry|wait|available again|resets?)\b[^.\d]{{0,40}}?(?P<span>{_SPAN})",
    re.IGNORECASE,
)
_FIELDS: Mapping[str, float] = {
    "retrydelay": 1.0,
    "retry_delay": 1.0,
    "retry_after": 1.0,
    "retryafter": 1.0,
    "retry-after": 1.0,
    "retry_after_seconds": 1.0,
    "retry_after_ms": 0.001,
    "retryafterms": 0.001,
}
_HEADERS_MS = ("retry-after-ms", "x-ms-retry-after-ms")


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
    for name in ("code", "status", "status_code", "http_code"):
        value = body.get(name)
        if isinstance(value, str) and value.isdecimal() and len(value) == 3:
            value = int(value)
        if isinstance(value, int) and not isinstance(value, bool) and 400 <= value <= 599:
            return value
    return None


def _body(error: BaseException) -> Mapping[str, Any]:
    """Return the error's body: what the SDK keeps, or the value that LangChain raises with."""
    for found in (getattr(error, "body", None), *error.args[:1]):
        if isinstance(found, Mapping):
            return cast("Mapping[str, Any]", found)
        if isinstance(found, str) and found.lstrip().startswith("{"):
            try:
                read = json.loads(found[:_BODY_CHARACTERS])
            except (ValueError, RecursionError):
                continue
            if isinstance(read, dict):
                return cast("Mapping[str, Any]", read)
    said = getattr(error, "body", None)
    return {"message": said} if isinstance(said, str) and said else {}


def _rest(error: BaseException, body: Mapping[str, Any], now: float) -> float | None:
    headers = getattr(getattr(error, "response", None), "headers", None) or {}
    found = (
        *(_scaled(headers.get(name), 0.001) for name in _HEADERS_MS),
        *(
            _header(headers.get(name), now)
            for name in ("retry-after", PROVIDER_HEADER + "retry-after")
        ),
        *(_scaled(value, _FIELDS[name]) for name, value in _fields(body, _DEPTH)),
        _in_words(str(error)),
        _in_words(str(body.get("message", ""))),
    )
    seconds = next((value for value in found if value is not None), None)
    return None if seconds is None else min(seconds, MAX_REST)


def _header(value: str | None, now: float) -> float | None:
    if value is None:
        return None
    seconds = _scaled(value, 1.0)
    if seconds is not None:
        return seconds
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - now)
    except (TypeError, ValueError, OverflowError):
        return None


def _scaled(value: Any, unit: float) -> float | None:
    """Read a number of `unit` seconds, or a span with units of its own: `7s`, `1m30s`, `20ms`."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        seconds = value * unit
        return seconds if math.isfinite(seconds) and seconds >= 0 else None
    if isinstance(value, Mapping):  # protobuf's Duration, written out
        return _scaled(value.get("seconds"), 1.0)
    text = str(value).strip()
    try:
        return _scaled(float(text), unit)
    except ValueError:
        return _span(text)


def _span(text: str) -> float | None:
    """Add up the parts of a span of time; `None` if it is none."""
    rest = text.strip().removeprefix("PT").strip()
    parts = list(_AMOUNT.finditer(rest))
    if not parts or _AMOUNT.sub("", rest).strip(" ,"):
        return None
    units = [part[2].lower() for part in parts]
    if any(unit not in _UNITS for unit in units):
        return None
    return sum(float(part[1]) * _UNITS[unit] for part, unit in zip(parts, units, strict=True))


def _in_words(text: str) -> float | None:
    found = _IN_WORDS.search(text[:_BODY_CHARACTERS])
    if found is None:
        return None
    parts: list[str] = []
    for part in _AMOUNT.finditer(found["span"]):
        if part[2].lower() not in _UNITS:
            # A number that a word follows which is no unit: "7 times" says nothing, "7 or" ends it.
            if not parts and part[2].lower() not in ("or", "and", "then", "before"):
                return None
            parts += [part[1]] if not parts else []
            break
        parts.append(part[0])
    return _span(" ".join(parts)) if parts else None


def _fields(body: Any, depth: int) -> Iterator[tuple[str, Any]]:
    """Yield the fields of a body that say how long to rest, wherever they stand."""
    if depth == 0:
        return
    if isinstance(body, Mapping):
        for name, value in body.items():
            if str(name).lower() in _FIELDS:
                yield str(name).lower(), value
            yield from _fields(value, depth - 1)
    elif isinstance(body, list | tuple):
        for value in body[:50]:
            yield from _fields(value, depth - 1)
