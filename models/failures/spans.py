"""How long a time lasts that a provider has written down, in any of the usual forms.

A number, a span with units (`1m30s`), a clock (`00:01:30`), a duration of ISO 8601 (`PT1M30S`), a
moment, or a list of these: proxies join what several servers say with commas.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import pairwise
from typing import Any

_EPOCH = 1e9
"""From here on a number is a moment in Unix seconds, and no span."""
_EPOCH_MS = 1e12
_EPOCH_US = 1e15
_UNITS: Mapping[str, float] = {
    **dict.fromkeys(("ns", "nanosecond", "nanoseconds"), 1e-9),
    **dict.fromkeys(("us", "µs", "μs", "microsecond", "microseconds"), 1e-6),
    **dict.fromkeys(("ms", "msec", "msecs", "millis", "millisecond", "milliseconds"), 1e-3),
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1.0),
    **dict.fromkeys(("sekunde", "sekunden", "seconde", "secondes", "segundo", "segundos"), 1.0),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 60.0),
    **dict.fromkeys(("minuten", "minuto", "minutos"), 60.0),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 3_600.0),
    **dict.fromkeys(("stunde", "stunden", "heure", "heures", "hora", "horas"), 3_600.0),
    **dict.fromkeys(("d", "day", "days"), 86_400.0),
}
_LIST = 20
"""Parts of a list that are read."""
_LONGEST = 400
"""Characters that are read of what says how long."""

NUMBER = r"\d{1,12}(?:[.,]\d{1,12})?"
SPAN = rf"(?:{NUMBER}\s{{0,2}}[A-Za-zµμ]{{0,12}}(?:,|\sand\b)?\s{{0,2}}){{1,4}}"
CLOCK = r"(?:\d{1,3}\.)?\d{1,2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?"

_PART = re.compile(rf"({NUMBER})\s{{0,2}}([A-Za-zµμ]{{0,12}})")
_CLOCK = re.compile(
    r"(?:(?P<d>\d{1,3})\.)?(?P<h>\d{1,2}):(?P<m>\d{2})(?::(?P<s>\d{2}(?:\.\d{1,9})?))?"
)
_ISO = re.compile(
    r"P(?:(?P<d>\d{1,9})D)?(?:T(?:(?P<h>\d{1,9})H)?(?:(?P<m>\d{1,9})M)?(?:(?P<s>\d{1,9}(?:\.\d{1,9})?)S)?)?",
    re.IGNORECASE,
)
_BETWEEN = re.compile(r"[\s,]{0,4}(?:and\b)?[\s,]{0,4}", re.IGNORECASE)


def seconds_of(value: Any, unit: float, now: float) -> float | None:
    """Return the seconds that a value means; `None` if it says nothing of the kind.

    Args:
        value: Of a header or of a field in a body.
        unit: Seconds in one of what a number without a unit counts.
        now: Unix time, from which a moment is counted.
    """
    if isinstance(value, Mapping):  # protobuf's Duration, written out
        whole, rest = (seconds_of(value.get(name), 1.0, now) for name in ("seconds", "nanos"))
        return None if whole is None else whole + (rest or 0.0) * 1e-9
    if isinstance(value, str):
        return _read(value[:_LONGEST].strip(" \t\"'"), unit, now)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        seconds = float(value) * unit
    except OverflowError:
        return None
    return _from(seconds, now) if math.isfinite(seconds) and seconds >= 0 else None


def seconds_in(words: str) -> float | None:
    """Return the seconds that a sentence names at its beginning: `7s`, `7 or more`; or `None`."""
    parts: list[str] = []
    for part in _PART.finditer(words):
        if part[2] and part[2].lower() not in _UNITS:
            # A number that a word follows which is no unit: "7 times" says nothing, "7 or" ends it.
            if not parts and part[2].lower() not in ("or", "and", "then", "before"):
                return None
            parts += [part[1]] if not parts else []
            break
        parts.append(part[0])
    return _span(" ".join(parts), 1.0) if parts else None


def moment(text: str, now: float) -> float | None:
    """Return the seconds until a date of HTTP or of ISO 8601; one without a zone is in UTC."""
    try:
        then = datetime.fromisoformat(text.strip().upper().removesuffix("UTC").strip())
    except ValueError:
        try:
            then = parsedate_to_datetime(text)
        except (TypeError, ValueError, OverflowError, IndexError):
            return None
    if then.tzinfo is None:
        then = then.replace(tzinfo=UTC)
    try:
        return max(0.0, then.timestamp() - now)
    except (ValueError, OverflowError):
        return None


def _read(text: str, unit: float, now: float) -> float | None:
    """Read one form, or of a list the longest: whoever waits for that is welcome with all."""
    try:
        number = float(text)
    except ValueError:
        pass
    else:
        return seconds_of(number, unit, now)
    for found in (_clock(text), _span(text, unit), moment(text, now)):
        if found is not None:
            return found
    if "," not in text:
        return None
    read = [_read(part.strip(" \t\"'"), unit, now) for part in text.split(",", _LIST)]
    return max((each for each in read if each is not None), default=None)


def _clock(text: str) -> float | None:
    found = _CLOCK.fullmatch(text) or _ISO.fullmatch(text)
    if found is None or not any(found.groups()):
        return None
    days, hours, minutes, seconds = (float(found[name] or 0) for name in "dhms")
    if found.re is _CLOCK and found["s"] is None:  # minutes and seconds
        hours, minutes, seconds = 0.0, hours, minutes
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds


def _span(text: str, unit: float) -> float | None:
    """Add up the parts of a span, each of a smaller unit than the one before; else it is none."""
    parts = list(_PART.finditer(text))
    gaps = _PART.split(text)[::3]
    if not parts or gaps[0] or gaps[-1].strip(" .") or not all(map(_BETWEEN.fullmatch, gaps[1:-1])):
        return None
    if any("," in part[1] or len(parts) > 1 for part in parts if not part[2]):
        return None  # a list of numbers
    units = [_UNITS.get(part[2].lower()) if part[2] else unit for part in parts]
    known = [each for each in units if each is not None]
    if len(known) < len(units) or any(b >= a for a, b in pairwise(known)):
        return None
    return sum(_number(part[1]) * each for part, each in zip(parts, known, strict=True))


def _number(text: str) -> float:
    """Read a number; a comma before three digits parts thousands, any other one is decimal."""
    whole, comma, rest = text.partition(",")
    return float(whole + rest if len(rest) == 3 else whole + ("." + rest if comma else ""))


def _from(seconds: float, now: float) -> float:
    """Return the seconds until a moment, if a number is as large as one."""
    if seconds < _EPOCH:
        return seconds
    scale = 1e6 if seconds >= _EPOCH_US else 1e3 if seconds >= _EPOCH_MS else 1.0
    return max(0.0, seconds / scale - now)
