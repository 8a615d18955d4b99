"""How long a provider wants to be left alone: in headers, fields or words, and in any unit.

A header made for it counts first, then what the body says, then when a limit is said to be reset:
that is when all of it is back, which may be later than needed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

PROVIDER_HEADER = "llm_provider-"
"""What LiteLLM's proxy puts before the headers of the provider that it asked."""

MAX_REST = 3_600.0
"""Most seconds for which a provider is left alone on its word; its clock may be wrong."""

READ_CHARACTERS = 20_000
"""How much of a body is looked at."""

_DEPTH = 6
_EPOCH = 1e9
"""From here on a number is a moment in Unix seconds, and no span."""
_EPOCH_MS = 1e12
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
    "sekunde": 1.0,
    "sekunden": 1.0,
    "minuten": 60.0,
    "stunde": 3_600.0,
    "stunden": 3_600.0,
    "seconde": 1.0,
    "secondes": 1.0,
    "heure": 3_600.0,
    "heures": 3_600.0,
    "segundo": 1.0,
    "segundos": 1.0,
    "minuto": 60.0,
    "minutos": 60.0,
    "hora": 3_600.0,
    "horas": 3_600.0,
}
_CLOCK = re.compile(r"(?:(?P<h>\d{1,3}):)?(?P<m>\d{1,2}):(?P<s>\d{1,2}(?:\.\d{1,9})?)")
_AMOUNT = re.compile(r"(\d{1,12}(?:\.\d{1,12})?)\s*([A-Za-z]{0,12})")
_SPAN = r"(?:\d{1,12}(?:\.\d{1,12})?\s{0,2}[A-Za-z]{0,12}(?:,|\sand\b)?\s{0,2}){1,4}"
_DATE = r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|\s?UTC|[+-]\d{2}:?\d{2})?"
_IN_WORDS = re.compile(
    r"(?:try again|retry|wait|available again|resets?|versuchen sie es|warten sie|réessaye[rz]?"
    r"|attende[rz]|patiente[rz]|inténtelo|intente|vuelva a intentarlo|espere)(?![A-Za-z])"
    r"[^.\d]{0,40}?"
    rf"(?:(?P<date>{_DATE})|(?P<span>{_SPAN}))",
    re.IGNORECASE,
)
_FIELDS: Mapping[str, float] = {
    "retrydelay": 1.0,
    "retry_delay": 1.0,
    "retry_after": 1.0,
    "retryafter": 1.0,
    "retry-after": 1.0,
    "retry_after_seconds": 1.0,
    "retryafterseconds": 1.0,
    "cooldown_seconds": 1.0,
    "cooldown": 1.0,
    "retry_in": 1.0,
    "retry_after_ms": 0.001,
    "retryafterms": 0.001,
    "retry-after-ms": 0.001,
    "reset_in": 1.0,
    "reset_after": 1.0,
    "resets_in": 1.0,
    "resets_in_seconds": 1.0,
    "resets_at": 1.0,
    "estimated_time": 1.0,
    "x-ratelimit-reset": 1.0,
}
_HEADERS: Mapping[str, float] = {
    "retry-after-ms": 0.001,
    "x-ms-retry-after-ms": 0.001,
    "retry-after": 1.0,
    "x-retry-after": 1.0,
}
_RESET = re.compile(
    r"(?:x-)?ratelimit-reset(?:-(?P<of>[\w-]+))?|anthropic-ratelimit-(?P<its>[\w-]+)-reset"
)
_POLICY_LEFT = re.compile(r"\b(?:remaining|r)=(\d{1,12})")
_POLICY_RESET = re.compile(r"\b(?:reset|t)=(\d{1,12})")
"""Of the one header of the IETF's drafts: `limit=9, remaining=0, reset=7`, `"hour";r=0;t=7`."""


def rest_of(
    headers: Mapping[str, str], body: Mapping[str, Any], words: str, *, limited: bool, now: float
) -> float | None:
    """Return for how many seconds a provider wants to be left alone, if it says so.

    Args:
        headers: Of its reply, names in lower case.
        body: Of its reply.
        words: What the client library says.
        limited: Whether a limit was reached; else a limit's reset says nothing.
        now: Unix time, against which a date is read.
    """
    found = (
        *(
            _seconds(headers.get(prefix + name), unit, now)
            for prefix in ("", PROVIDER_HEADER)
            for name, unit in _HEADERS.items()
        ),
        *(_seconds(value, _FIELDS[name], now) for name, value in _fields(body, _DEPTH)),
        _in_words(words, now),
        _in_words(str(body.get("message", "")), now),
        _reset(headers, now) if limited else None,
    )
    seconds = next((value for value in found if value is not None), None)
    return None if seconds is None else min(seconds, MAX_REST)


def _reset(headers: Mapping[str, str], now: float) -> float | None:
    """Return when the limits that are used up are reset; where none is told, the first of all."""
    used_up: list[float] = []
    others: list[float] = []
    for part in headers.get("ratelimit", "")[:READ_CHARACTERS].split('"'):
        left, reset = _POLICY_LEFT.search(part), _POLICY_RESET.search(part)
        if reset is not None:
            (used_up if left and not int(left[1]) else others).append(float(reset[1]))
    for name, value in headers.items():
        plain = name.lower().removeprefix(PROVIDER_HEADER)
        found = _RESET.fullmatch(plain)
        seconds = _seconds(value, 1.0, now) if found else None
        if seconds is None:
            continue
        left = headers.get(name.lower().replace("reset", "remaining"))
        (used_up if left is not None and left.strip() == "0" else others).append(seconds)
    return max(used_up) if used_up else min(others, default=None)


def _seconds(value: Any, unit: float, now: float) -> float | None:
    """Read a number of `unit` seconds, a span with its own units, or a moment."""
    seconds = _scaled(value, unit)
    if seconds is None:
        return _until(str(value), now) if isinstance(value, str) else None
    if seconds < _EPOCH:
        return seconds
    return max(0.0, (seconds / 1000 if seconds >= _EPOCH_MS else seconds) - now)


def _until(text: str, now: float) -> float | None:
    """Read a date of HTTP or of ISO 8601; one without a zone is in UTC."""
    try:
        moment = datetime.fromisoformat(text.strip().upper().removesuffix("UTC").strip())
    except ValueError:
        try:
            moment = parsedate_to_datetime(text)
        except (TypeError, ValueError, OverflowError, IndexError):
            return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    try:
        return max(0.0, moment.timestamp() - now)
    except (ValueError, OverflowError):
        return None


def _scaled(value: Any, unit: float) -> float | None:
    """Read a number of `unit` seconds, or a span with units of its own: `7s`, `1m30s`, `20ms`."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        try:
            seconds = float(value) * unit
        except OverflowError:
            return None
        return seconds if math.isfinite(seconds) and seconds >= 0 else None
    if isinstance(value, Mapping):  # protobuf's Duration, written out
        whole, rest = _scaled(value.get("seconds"), 1.0), _scaled(value.get("nanos"), 1e-9)
        return None if whole is None else whole + (rest or 0.0)
    text = str(value).strip()
    try:
        return _scaled(float(text), unit)
    except ValueError:
        return _span(text)


def _span(text: str) -> float | None:
    """Add up the parts of a span of time; `None` if it is none.

    Numbers alone are no parts of one: proxies join a header that was sent twice.
    """
    rest = text.strip().removeprefix("PT").strip()
    if clock := _CLOCK.fullmatch(rest):
        return 3_600 * float(clock["h"] or 0) + 60 * float(clock["m"]) + float(clock["s"])
    parts = list(_AMOUNT.finditer(rest))
    if not parts or _AMOUNT.sub("", rest).strip(" ,"):
        return None
    units = [part[2].lower() for part in parts]
    if any(unit not in _UNITS for unit in units):
        return None
    seconds = [float(part[1]) * _UNITS[unit] for part, unit in zip(parts, units, strict=True)]
    return sum(seconds) if any(units) else max(seconds)


def _in_words(text: str, now: float) -> float | None:
    found = _IN_WORDS.search(text[:READ_CHARACTERS])
    if found is None:
        return None
    if found["date"]:
        return _until(found["date"], now)
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
