"""Relative dates: `yesterday`, `übermorgen`, `dans trois jours`, `el próximo lunes`, by today."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from .quantities import Quantity
from .words import Token, fold

_OFFSETS = {
    "today": 0, "tonight": 0, "tomorrow": 1, "yesterday": -1,
    "heute": 0, "morgen": 1, "gestern": -1, "ubermorgen": 2, "vorgestern": -2,
    "aujourd'hui": 0, "demain": 1, "hier": -1, "apres-demain": 2, "avant-hier": -2,
    "hoy": 0, "manana": 1, "ayer": -1, "anteayer": -2, "pasado manana": 2,
    "the day after tomorrow": 2, "day after tomorrow": 2, "the day before yesterday": -2,
    "antes de ayer": -2,
}  # fmt: skip
_DAY_WORD = re.compile(
    r"(?<![^\W_])(?:(?:the )?day (?:after tomorrow|before yesterday)|pasado mañana|antes de ayer"
    r"|après-demain|avant-hier|aujourd[’']hui|today|tonight|tomorrow|yesterday|heute|morgen|gestern"
    r"|übermorgen|vorgestern|demain|hier|hoy|mañana|ayer|anteayer)(?![^\W_])",
    re.IGNORECASE,
)
_NOT_A_DAY = re.compile(
    r"(?:\b(?:la|una|esta|por la|de la|cada|this|good|guten|am|jeden|heute|gestern|mañana por la"
    r"|as of|bis|jusqu[’']à|up to|until|hasta|stand|a partir de|ab|from|dès|à partir d[’'e]"
    r"|depuis|since|seit|desde)\s?)$",
    re.IGNORECASE,
)
_WEEKDAYS = (
    "monday mondays mon montag montags lundi lundis lunes",
    "tuesday tuesdays tue dienstag dienstags mardi mardis martes",
    "wednesday wednesdays wed mittwoch mittwochs mercredi mercredis miércoles",
    "thursday thursdays thu donnerstag donnerstags jeudi jeudis jueves",
    "friday fridays fri freitag freitags vendredi vendredis viernes",
    "saturday saturdays samstag samstags sonnabend samedi samedis sábado sábados",
    "sunday sundays sonntag sonntags dimanche dimanches domingo domingos",
)
WEEKDAYS = {fold(word): day for day, words in enumerate(_WEEKDAYS) for word in words.split()}
_SHORT = {"mon", "tue", "wed", "thu", "fri"}

_AGO_BEFORE = re.compile(r"\b(?:vor|il y a|hace)\s(?:etwa\s|environ\s|unos\s)?$", re.IGNORECASE)
_AGO_AFTER = re.compile(r"^\s(?:ago|earlier)\b", re.IGNORECASE)
_AHEAD_BEFORE = re.compile(r"\b(?:in|dans|dentro de)\s(?:etwa\s|about\s)?$", re.IGNORECASE)


@dataclass(frozen=True)
class RelativeDays:
    """A stretch of days that words name by today, both ends included."""

    text: str
    start: int
    end: int
    first: date
    last: date

    def holds(self, day: date) -> bool:
        """Return whether a day lies in it."""
        return self.first <= day <= self.last


@dataclass(frozen=True)
class Weekday:
    """A weekday's name, 0 for Monday, and its place."""

    text: str
    start: int
    end: int
    day: int


def relative_days(text: str, today: date, found: list[Quantity]) -> list[RelativeDays]:
    """Return what the words of a sentence name by today."""
    named = [
        RelativeDays(m[0], m.start(), m.end(), day, day)
        for m in _DAY_WORD.finditer(text)
        if _is_day(text, m)
        for day in [today + timedelta(days=_OFFSETS[fold(m[0]).replace("’", "'")])]
    ]
    return named + [days for q in found if (days := _counted(text, today, q))]


def implied_days(facts_text: str, found: list[Quantity], bases: Iterable[date]) -> list[date]:
    """Return the days that `tomorrow` or `in three days` names where a text was written."""
    return [days.first for base in bases for days in relative_days(facts_text, base, found)]


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
    """Read `vor drei Tagen`, `3 days ago`, `dans une semaine`."""
    if quantity.dimension != "time" or quantity.value % 86400:
        return None
    days = int(quantity.value / 86400)
    if not 0 < days <= 3650:
        return None
    before, after = text[max(0, quantity.start - 20) : quantity.start], text[quantity.end :][:12]
    if _AGO_BEFORE.search(before) or _AGO_AFTER.match(after):
        day = today - timedelta(days=days)
    elif _AHEAD_BEFORE.search(before):
        day = today + timedelta(days=days)
    else:
        return None
    return RelativeDays(text[quantity.start : quantity.end], quantity.start, quantity.end, day, day)


def weekdays(tokens: list[Token]) -> list[Weekday]:
    """Return the weekdays that tokens name."""
    return [
        Weekday(t.text, t.start, t.end, WEEKDAYS[t.folded])
        for t in tokens
        if t.folded in WEEKDAYS and (t.folded not in _SHORT or t.text[0].isupper())
    ]


MONTH_ENDS = re.compile(
    r"\b(?:last day of|letzte[rn]? (?:tag|märztag)(?: (?:im|des))?|dernier jour (?:de|du mois de)"
    r"|[úu]ltimo d[íi]a de)\s",
    re.IGNORECASE,
)
MONTH_STARTS = re.compile(
    r"\b(?:first day of|erste[rn]? tag(?: (?:im|des))?|premier jour (?:de|du mois de)"
    r"|primer d[íi]a de)\s",
    re.IGNORECASE,
)
