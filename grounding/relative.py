"""Relative dates: `yesterday`, `übermorgen`, `dans trois jours`, `el próximo lunes`, by today."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from .dates import WrittenDate
from .quantities import Quantity
from .words import Token, fold

_OFFSETS = {
    "today": 0, "tonight": 0, "tomorrow": 1, "yesterday": -1,
    "heute": 0, "morgen": 1, "gestern": -1, "ubermorgen": 2, "vorgestern": -2,
    "aujourd'hui": 0, "demain": 1, "hier": -1, "apres-demain": 2, "avant-hier": -2,
    "hoy": 0, "manana": 1, "ayer": -1, "anteayer": -2, "pasado manana": 2,
    "the day after tomorrow": 2, "day after tomorrow": 2, "the day before yesterday": -2,
    "antes de ayer": -2,
    "this morning": 0, "this afternoon": 0, "this evening": 0, "heute morgen": 0,
    "ce matin": 0, "cet apres-midi": 0, "ce soir": 0,
    "esta manana": 0, "esta tarde": 0, "esta noche": 0,
}  # fmt: skip
_DAY_WORD = re.compile(
    r"(?<![^\W_])(?:this (?:morning|afternoon|evening)|heute morgen|ce (?:matin|soir)"
    r"|cet après-midi|esta (?:mañana|tarde|noche)"
    r"|(?:the )?day (?:after tomorrow|before yesterday)|pasado mañana|antes de ayer"
    r"|après-demain|avant-hier|aujourd[’']hui|today|tonight|tomorrow|yesterday|heute|morgen|gestern"
    r"|übermorgen|vorgestern|demain|hier|hoy|mañana|ayer|anteayer)(?![^\W_])",
    re.IGNORECASE,
)
_NOT_A_DAY = re.compile(
    r"(?:\b(?:la|una|esta|por la|de la|cada|this|good|guten|am|jeden|heute|gestern|mañana por la"
    r"|as of|bis|jusqu[’']à|up to|until|hasta|stand|a partir de|ab|from|dès|à partir d[’'e]"
    r"|depuis|since|seit|desde|ago)\s?)$",
    re.IGNORECASE,
)
_WEEKDAYS = (
    "monday mondays montag montags lundi lundis lunes",
    "tuesday tuesdays dienstag dienstags mardi mardis martes",
    "wednesday wednesdays mittwoch mittwochs mercredi mercredis miércoles",
    "thursday thursdays donnerstag donnerstags jeudi jeudis jueves",
    "friday fridays freitag freitags vendredi vendredis viernes",
    "saturday saturdays samstag samstags sonnabend samedi samedis sábado sábados",
    "sunday sundays sonntag sonntags dimanche dimanches domingo domingos",
)
WEEKDAYS = {fold(word): day for day, words in enumerate(_WEEKDAYS) for word in words.split()}
_SHORT = {"Mon": 0, "Tue": 1, "Wed": 2, "Thu": 3, "Fri": 4}
"""As they are written: folded, `Tue` would be the `tu` of other languages."""

_ABOUT = (
    r"(?:(?:genau|exactly|precisely|exactement|exactamente|justo"
    r"|etwa|rund|knapp|gut|about|around|roughly|almost|nearly|environ|près d[e’']|unos|unas"
    r"|casi|just|a little|over|under|more|less|than|poco|más|menos|un|peu|plus|moins|de)\s){0,4}"
)
_AGO_BEFORE = re.compile(rf"\b(?:vor|il y a|hace)\s{_ABOUT}$", re.IGNORECASE)
_AGO_AFTER = re.compile(r"^\s(?:ago|earlier)\b", re.IGNORECASE)
_AHEAD_BEFORE = re.compile(rf"\b(?:in|dans|dentro de)\s{_ABOUT}$", re.IGNORECASE)
_NEXT = r"next|nächste[nrms]?|kommende[nrms]?|pr[óo]xim[oa]s?"
_THIS = r"this(?: coming)?|diese[nrms]?|cette|este|esta|ce"
_LAST = r"last|letzte[nrms]?|vergangene[nrms]?|pasad[oa]"
_WHICH_BEFORE = re.compile(
    rf"\b(?:(?P<next>{_NEXT})|(?P<this>{_THIS})|(?P<last>{_LAST}))\s$", re.IGNORECASE
)
_WHICH_AFTER = re.compile(
    r"\s(?:(?P<next>prochaine?|que viene)|(?P<last>derni(?:er|ère)|pasad[oa]))\b", re.IGNORECASE
)
_WEEK = re.compile(r"\b(?:week|woche|semaine|semana)\b", re.IGNORECASE)
_BESIDE = 16
"""Characters on either side of a day or week that tell which one is meant."""


@dataclass(frozen=True)
class RelativeDays:
    """The days, one of which words name by today: `tomorrow` is one, `next week` seven."""

    text: str
    start: int
    end: int
    days: tuple[date, ...]

    def holds(self, day: date) -> bool:
        """Return whether it may name a day."""
        return day in self.days

    def is_of(self, written: WrittenDate) -> bool:
        """Return whether it may name a day that is written."""
        return written.day is not None and any(map(written.is_day, self.days))

    @property
    def day(self) -> date | None:
        """The one day that it names, if it names one."""
        return self.days[0] if len(self.days) == 1 else None


@dataclass(frozen=True)
class Weekday:
    """A weekday's name, 0 for Monday, and its place."""

    text: str
    start: int
    end: int
    day: int


def relative_days(
    text: str, today: date, found: Sequence[Quantity], named_days: Sequence[Weekday]
) -> list[RelativeDays]:
    """Return what the words of a text name by today, with the numbers and weekdays read in it."""
    named = [
        RelativeDays(m[0], m.start(), m.end(), (day,))
        for m in _DAY_WORD.finditer(text)
        if _is_day(text, m)
        for day in [today + timedelta(days=_OFFSETS[fold(m[0]).replace("’", "'")])]
    ]
    named += [*_certain_days(text, today, named_days), *_certain_weeks(text, today, named_days)]
    return named + [days for q in found if (days := _counted(text, today, q))]


def _certain_days(text: str, today: date, named: Sequence[Weekday]) -> Iterator[RelativeDays]:
    """`Next Monday` is the one to come, or that of the next week."""
    for weekday in named:
        which, start, end = _which(text, weekday.start, weekday.end)
        ahead = (weekday.day - today.weekday()) % 7
        match which:
            case "next":
                offsets = [ahead or 7, (ahead or 7) + 7]
            case "this":
                offsets = [ahead, ahead - 7]
            case "last":
                offsets = [ahead - 7, ahead - 14]
            case _:
                continue
        days = tuple(today + timedelta(days=n) for n in offsets)
        yield RelativeDays(text[start:end], start, end, days)


def _certain_weeks(text: str, today: date, named: Sequence[Weekday]) -> Iterator[RelativeDays]:
    monday = today - timedelta(days=today.weekday())
    for match in _WEEK.finditer(text):
        which, start, end = _which(text, *match.span())
        if not which:
            continue
        weeks = {"next": 1, "this": 0, "last": -1}[which]
        days = tuple(monday + timedelta(days=7 * weeks + n) for n in range(7))
        near = [w for w in named if start - _BESIDE < w.start < end + _BESIDE]
        if near:
            days = tuple(d for d in days if d.weekday() in {w.day for w in near})
        yield RelativeDays(text[start:end], start, end, days)


def _which(text: str, start: int, end: int) -> tuple[str, int, int]:
    """Return which day or week is meant, and where the words for it begin and end."""
    before = _WHICH_BEFORE.search(text[max(0, start - _BESIDE) : start])
    after = _WHICH_AFTER.match(text[end : end + _BESIDE])
    match = before or after
    if match is None:
        return "", start, end
    return (
        match.lastgroup or "",
        start - len(before[0] if before else ""),
        (end if before else end + len(match[0])),
    )


def implied_days(
    text: str, bases: Iterable[date], found: Sequence[Quantity], named_days: Sequence[Weekday]
) -> list[date]:
    """Return the days that `tomorrow` or `in three days` names where a text was written."""
    named = [days for base in bases for days in relative_days(text, base, found, named_days)]
    return [days.day for days in named if days.day]


def _is_day(text: str, match: re.Match[str]) -> bool:
    """`por la mañana` is a part of the day, and `as of today` says when something was looked up."""
    word = fold(match[0])
    before = text[max(0, match.start() - 16) : match.start()]
    after = text[match.end() : match.end() + 12]
    if re.match(r"['’]s\b", after):
        return False
    if _NOT_A_DAY.search(before):
        return False
    return not (word in ("morgen", "manana") and match[0][0].isupper() and match.start() > 0)


def _counted(text: str, today: date, quantity: Quantity) -> RelativeDays | None:
    """Read `vor drei Tagen`, `3 days ago`, `dans une semaine`; `about` leaves some days open."""
    before, after = text[max(0, quantity.start - 40) : quantity.start], text[quantity.end :][:12]
    if _AGO_BEFORE.search(before) or _AGO_AFTER.match(after):
        sign = -1
    elif _AHEAD_BEFORE.search(before):
        sign = 1
    else:
        return None
    if (days := _length(quantity)) is None:
        return None
    near = max(1, days // 6) if quantity.approximate else 0
    # Nobody counts the days of `in three months`.
    near = max(near, 15 if quantity.dimension == "month" else 0)
    found = tuple(today + timedelta(days=sign * n) for n in range(days - near, days + near + 1))
    return RelativeDays(text[quantity.start : quantity.end], quantity.start, quantity.end, found)


def _length(quantity: Quantity) -> int | None:
    """Return about how many days a duration of whole days or months has."""
    if quantity.dimension == "month":
        days = int(quantity.value * 365 / 12)
    elif quantity.dimension == "time" and not quantity.value % 86400:
        days = int(quantity.value / 86400)
    else:
        return None
    return days if 0 < days <= 3650 else None


def weekday_of(token: Token, *, english: bool = True) -> int | None:
    """Return the day that a token names, 0 for Monday; short forms are English alone."""
    day = WEEKDAYS.get(token.folded)
    return _SHORT.get(token.text) if day is None and english else day


def weekdays(tokens: list[Token], *, english: bool = True) -> list[Weekday]:
    """Return the weekdays that tokens name."""
    found = ((t, weekday_of(t, english=english)) for t in tokens)
    return [Weekday(t.text, t.start, t.end, day) for t, day in found if day is not None]


MONTH_ENDS = re.compile(
    r"\b(?:last day of|letzte[rn]? (?:tag|märztag)(?: (?:im|des))?|dernier jour (?:de|du mois de)"
    r"|[úu]ltimo d[íi]a de)\s",
    re.IGNORECASE,
)
FIRST_OF_MONTH = re.compile(
    r"\b(?:monatserste\w*|monatsanfang|first (?:day )?of (?:the|a|each|every) (?:next )?month"
    r"|(?:premier|1er|début) (?:du|de chaque) mois"
    r"|(?:primero|día 1|principios?) de (?:cada )?mes)\b",
    re.IGNORECASE,
)
MONTH_STARTS = re.compile(
    r"\b(?:first day of|erste[rn]? tag(?: (?:im|des))?|premier jour (?:de|du mois de)"
    r"|primer d[íi]a de)\s",
    re.IGNORECASE,
)
