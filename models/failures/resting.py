"""How long a provider wants to be left alone: in headers, fields or words, and in any unit.

A header made for it counts first, then what the body says, then when a limit is said to be reset:
that is when all of it is back, which may be later than needed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ...state.json_text import json_in
from .spans import CLOCK, SPAN, moment, seconds_in, seconds_of

PROVIDER_HEADER = "llm_provider-"
"""What LiteLLM's proxy puts before the headers of the provider that it asked."""

MAX_REST = 3_600.0
"""Most seconds for which a provider is left alone on its word; its clock may be wrong."""

READ_CHARACTERS = 20_000
"""How much of a body is looked at."""

_DEPTH = 6
_DATE = r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|\s?UTC|[+-]\d{2}:?\d{2})?"
_IN_WORDS = re.compile(
    r"(?:try again|retry(?:_after|_in)?|wait|available again|resets?|versuchen sie es|warten sie"
    r"|réessaye[rz]?|attende[rz]|patiente[rz]|inténtelo|intente|vuelva a intentarlo|espere)"
    r"(?![A-Za-z_])[^.\d]{0,40}?"
    rf"(?:(?P<date>{_DATE})|(?P<clock>{CLOCK})|(?P<span>{SPAN}))",
    re.IGNORECASE,
)
_FIELD = re.compile(
    r"(?:x|suggested|recommended|next|min|minimum|current)?(?:ratelimit|quota)?"
    r"(?:retry(?:after|in|delay|at|time)|cooldown|backoff|delay|wait(?:time|for)?|estimatedtime"
    r"|resets?(?:in|after|at|delay|time|timestamp)?|(?P<counted>seconds)?until(?:reset|retry)"
    r"|timeto(?:reset|retry))"
    r"(?:in)?(?:seconds?|secs?|s|(?P<ms>ms|millis|milliseconds?)|(?P<minutes>min|mins|minutes?))?"
)
"""Names of fields that say how long to rest, without their case and what joins their words."""
_JOINS = re.compile(r"[\W_]+")
_LONGEST_NAME = 60
_HEADERS: Mapping[str, float] = {
    "retry-after-ms": 0.001,
    "x-ms-retry-after-ms": 0.001,
    "retry-after": 1.0,
    "x-retry-after": 1.0,
}
_RESET = re.compile(
    r"(?:x-)?rate-?limit-reset(?:-(?P<of>[\w-]+))?|anthropic-ratelimit-(?P<its>[\w-]+)-reset"
)
_LIMIT = re.compile(r"(?:^|[\s,;])(r|remaining|t|reset)\s?=\s?(\d{1,15})")
"""In the one `RateLimit` header of the IETF: what is left of a limit, and when it is reset."""


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
            seconds_of(headers.get(prefix + name), unit, now)
            for prefix in ("", PROVIDER_HEADER)
            for name, unit in _HEADERS.items()
        ),
        *(seconds_of(value, unit, now) for unit, value in _fields(body, _DEPTH)),
        _in_words(words, now),
        _in_words(str(body.get("message", "")), now),
        _reset(headers, now) if limited else None,
    )
    seconds = next((value for value in found if value is not None), None)
    return None if seconds is None else min(seconds, MAX_REST)


def _reset(headers: Mapping[str, str], now: float) -> float | None:
    """Return when the limits that are used up are reset; where none is told, the first of all."""
    resets = (*_resets(headers, now), *_limits(headers.get("ratelimit", "")))
    used_up = [seconds for seconds, left in resets if left == "0"]
    return max(used_up) if used_up else min((seconds for seconds, _ in resets), default=None)


def _resets(headers: Mapping[str, str], now: float) -> Iterator[tuple[float, str]]:
    """Yield when each limit is reset, and what is left of it, if that is told."""
    for name, value in headers.items():
        plain = name.lower().removeprefix(PROVIDER_HEADER)
        seconds = seconds_of(value, 1.0, now) if _RESET.fullmatch(plain) else None
        if seconds is not None:
            yield seconds, headers.get(name.lower().replace("reset", "remaining"), "").strip()


def _limits(text: str) -> Iterator[tuple[float, str]]:
    left = ""
    for name, number in _LIMIT.findall(text[:READ_CHARACTERS]):
        if name in ("r", "remaining"):
            left = number
        else:
            yield float(number), left


def _in_words(text: str, now: float) -> float | None:
    found = _IN_WORDS.search(text[:READ_CHARACTERS])
    if found is None:
        return None
    if found["date"]:
        return moment(found["date"], now)
    return seconds_of(found["clock"], 1.0, now) if found["clock"] else seconds_in(found["span"])


def _fields(body: Any, depth: int) -> Iterator[tuple[float, Any]]:
    """Yield what the fields of a body say of a rest, wherever they stand, with their units."""
    if depth == 0:
        return
    if isinstance(body, Mapping):
        for name, value in body.items():
            unit = _unit(str(name))
            if unit is not None:
                yield unit, value
            yield from _fields(value, depth - 1)
    elif isinstance(body, list | tuple):
        for value in body[:50]:
            yield from _fields(value, depth - 1)
    elif isinstance(body, str) and body.lstrip()[:1] in ("{", "["):
        # A gateway keeps what its provider said as text.
        try:
            yield from _fields(json_in(body[:READ_CHARACTERS]), depth - 1)
        except ValueError:
            return


def _unit(name: str) -> float | None:
    """Return the seconds in one of what a field counts; `None` if it tells no rest."""
    if len(name) > _LONGEST_NAME:
        return None
    found = _FIELD.fullmatch(_JOINS.sub("", name).lower())
    if found is None:
        return None
    return 0.001 if found["ms"] else 60.0 if found["minutes"] else 1.0
