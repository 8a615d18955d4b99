"""Times of day, in 12 and 24 hours, and zones left aside."""

from __future__ import annotations

import re
from typing import NamedTuple

from .spans import Taken
from .words import fold

_CLOCK = re.compile(
    r"(?<![\d:.,])(?:T)?([01]?\d|2[0-4])(?::([0-5]\d)(?::[0-5]\d(?:\.\d{1,9})?)?)"
    r"(?:\s?(a\.?m\.?|p\.?m\.?)(?![^\W_]))?(?:\s?(?:Uhr|h)\b)?(?![\d:]*\d)",
    re.IGNORECASE,
)
_HOUR = re.compile(r"(?<![\d:.,])(1[0-2]|0?[1-9])\s?(a\.?m\.?|p\.?m\.?)(?![^\W_])", re.IGNORECASE)
_UHR = re.compile(r"(?<![\d:.,])([01]?\d|2[0-4])(?:[.:]([0-5]\d))?\sUhr(?:\s([0-5]?\d)\b)?")
_FRENCH = re.compile(r"(?<![\d:.,])([01]?\d|2[0-4])\s?h(?:\s?([0-5]\d))?(?![^\W_])")
_FRENCH_HOURS = re.compile(
    r"\b(?:à|vers|dès|avant|après|entre|et|jusqu[’']à|de)\s([01]?\d|2[0-4])\sheures?\b",
    re.IGNORECASE,
)
# `Dos de las tres citas` counts: it names no time.
_DE = (
    r"(?<!\d )(?<!\buna )(?<!\bdos )(?<!\btres )(?<!\bcuatro )(?<!\bcinco )(?<!\bseis )"
    r"(?<!\bsiete )(?<!\bocho )(?<!\bnueve )(?<!\bdiez )(?<!\bonce )(?<!\bdoce )"
    r"(?<!\bninguna )(?<!\bcualquiera )de"
)
_SPANISH = re.compile(rf"\b(?:a|{_DE}|hasta|desde) las (\d{{1,2}})(?:[:.]([0-5]\d))?(?!\d)")
_WORDS = re.compile(
    r"\b(noon|midnight|mittag|mitternacht|midi|minuit|mediod[ií]a|medianoche)\b", re.I
)
_AFTERNOON = re.compile(
    r"^.{0,3}?\s?(?:in the (?:afternoon|evening)|at night|tonight|de la (?:tarde|noche)"
    r"|nachmittags|abends|am (?:nachmittag|abend)|de l[’']apr[èe]s-midi|du soir)\b",
    re.IGNORECASE,
)
_HOURS = {
    fold(word): hour
    for words in (
        "one two three four five six seven eight nine ten eleven twelve",
        "eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf",
        "une deux trois quatre cinq six sept huit neuf dix onze douze",
        "una dos tres cuatro cinco seis siete ocho nueve diez once doce",
    )
    for hour, word in enumerate(words.split(), 1)
} | {str(hour): hour for hour in range(1, 13)}
_MORE = {
    "half past": 30, "quarter past": 15, "quarter to": -15, "halb": -30, "viertel nach": 15,
    "viertel vor": -15, "et demi": 30, "et quart": 15, "moins le quart": -15, "y media": 30,
    "y cuarto": 15, "menos cuarto": -15,
}  # fmt: skip
_SPOKEN = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\b(?P<more>half past|quarter past|quarter to) (?P<hour>\w+)\b",
        r"\b(?P<more>halb|viertel nach|viertel vor) (?P<hour>\w+)\b",
        r"\b(?P<hour>\w+) heures?(?: (?P<more>et demie?|et quart|moins le quart))\b",
        rf"\b(?:a|{_DE}|desde|hasta|entre|sobre) las (?P<hour>\w+)"
        r"(?: (?P<more>y media|y cuarto|menos cuarto))?\b",
        # `Entre las 9 y las 11`, and no `y las 11 plazas`.
        r"\by las (?P<hour>\d{1,2})(?![.:]?\d)(?! [^\W\d_]+s\b)",
        r"\b(?P<hour>\w+) o['’]clock\b",
        r"\bum (?P<hour>eins|zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn|elf|zwölf)\b(?! uhr)",
    )
)
_RANGE_START = re.compile(
    r"(?<![\d:.,])(\d{1,2})(?:[.:]([0-5]\d))?(?:\s?h)?\s?(?:-|\u2013|to|and|bis|und|à|et|a|y)\s?(?:las\s)?$"
)
_DAY = 24 * 60


class TimeOfDay(NamedTuple):
    """A time of day in minutes from midnight, and its place in the text.

    `half past ten` is in the morning or at night: `twelve_hours` says that half a day may be added.
    """

    text: str
    start: int
    end: int
    minutes: int
    twelve_hours: bool = False

    def is_at(self, other: TimeOfDay) -> bool:
        """Return whether both may be one time of day."""
        gap = abs(self.minutes - other.minutes)
        return gap == 0 or (gap == _DAY // 2 and (self.twelve_hours or other.twelve_hours))


def times(text: str) -> list[TimeOfDay]:
    """Return the times of day of a text."""
    found: list[TimeOfDay] = []
    taken = Taken(len(text))
    for match, hour, minute, half in _matches(text):
        start, end = match.span()
        total = _minutes(
            hour, minute, half or ("pm" if _AFTERNOON.match(text[end : end + 40]) else "")
        )
        if 0 <= total <= _DAY and taken.take(start, end):
            found.append(TimeOfDay(match[0], start, end, total % _DAY))
    found += [t for t in _in_words(text) if taken.take(t.start, t.end)]
    return sorted([*found, *_range_starts(text, found)], key=lambda t: t.start)


def _in_words(text: str) -> list[TimeOfDay]:
    """Read `half past ten`, `halb elf`, `dix heures et demie`, `las diez y media`."""
    found: list[TimeOfDay] = []
    for pattern in _SPOKEN:
        for match in pattern.finditer(text):
            groups = match.groupdict()
            hour = _HOURS.get(fold(groups["hour"]))
            if hour is None:
                continue
            more = sum(
                minutes
                for key, minutes in _MORE.items()
                if fold(groups.get("more") or "").startswith(key)
            )
            minutes = (hour * 60 + more) % _DAY
            found.append(
                TimeOfDay(match[0], match.start(), match.end(), minutes, twelve_hours=True)
            )
    return found


def _range_starts(text: str, found: list[TimeOfDay]) -> list[TimeOfDay]:
    """Read `16` in `between 16 and 18 Uhr`, `9.30` in `9.30 bis 11 Uhr`."""
    starts: list[TimeOfDay] = []
    for late in found:
        match = _RANGE_START.search(text[max(0, late.start - 20) : late.start])
        hour = int(match[1]) if match else -1
        if match is None or not 0 <= hour <= 24:
            continue
        start = late.start - len(match[0])
        noon = "p" in late.text.casefold() and hour < 12 and hour * 60 < late.minutes
        own = hour * 60 + int(match[2] or 0)
        minutes = own + _DAY // 2 if noon and own + _DAY // 2 <= late.minutes else own
        length = (match.end(2) if match[2] else match.end(1)) - match.start()
        text_of = text[start : start + length]
        starts.append(TimeOfDay(text_of, start, start + length, minutes % _DAY))
    return starts


def _matches(text: str) -> list[tuple[re.Match[str], int, int, str]]:
    clock = [(m, int(m[1]), int(m[2]), m[3] or "") for m in _CLOCK.finditer(text)]
    hours = [(m, int(m[1]), 0, m[2]) for m in _HOUR.finditer(text)]
    uhr = [(m, int(m[1]), int(m[2] or m[3] or 0), "") for m in _UHR.finditer(text)]
    french = [(m, int(m[1]), int(m[2] or 0), "") for m in _FRENCH.finditer(text)]
    french += [(m, int(m[1]), 0, "") for m in _FRENCH_HOURS.finditer(text)]
    spanish = [(m, int(m[1]), int(m[2] or 0), "") for m in _SPANISH.finditer(text)]
    named = [(m, 12 if _is_noon(m[0]) else 0, 0, "") for m in _WORDS.finditer(text)]
    return [*clock, *hours, *uhr, *french, *spanish, *named]


def is_maybe_duration(text: str, *, lasts: bool) -> bool:
    """Return whether `1 h 44`, or `1:44` where something lasts, may be a duration.

    Args:
        text: How the time is written.
        lasts: Whether the text is about how long something is.
    """
    written = text.casefold()
    if "uhr" in written or "m" in written:
        return False
    return lasts or (":" not in written and "h" in written)


def _is_noon(word: str) -> bool:
    return word.casefold() in ("noon", "mittag", "midi", "mediodía", "mediodia")


def _minutes(hour: int, minute: int, half: str) -> int:
    mark = half.casefold()[:1]
    if mark == "p" and hour < 12:
        hour += 12
    elif mark == "a" and hour == 12:
        hour = 0
    return hour * 60 + minute
