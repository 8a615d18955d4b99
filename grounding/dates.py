"""Dates: the usual written forms of English, German, French and Spanish.

A written date may leave out its year, or its day. `03/04/2026` has two readings in English; both
are kept.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from .language import Language
from .spans import Taken
from .words import fold

_MONTHS = (
    "january jan januar jänner janvier janv enero ene",
    "february feb februar février févr fév febrero",
    "march mar märz mär mars marzo mrz",
    "april apr avril avr abril abr",
    "may mai mayo",
    "june jun juni juin junio",
    "july jul juli juillet juil julio",
    "august aug août agosto ago",
    "september sep sept septembre septiembre setiembre",
    "october oct oktober okt octobre octubre",
    "november nov novembre noviembre",
    "december dec dezember dez décembre déc diciembre dic",
)
MONTHS = {fold(word): number for number, words in enumerate(_MONTHS, 1) for word in words.split()}
_DOUBTFUL = {"may", "mar", "mars", "march", "sept", "ago", "dec", "jan", "ene", "dic", "mai"}
"""Folded month words that mean other things too: a number or preposition decides."""

LONGEST_SHORT = 6
"""Characters of a month's longest short form, its dot included: `sept.`, `févr.`."""

_ISO = re.compile(r"(?<![\d-])(\d{4})-(\d{2})-(\d{2})(?!\d|-\d)")
_ISO_MONTH = re.compile(r"(?<![\w.,/-])((?:19|20)\d{2})-(\d{2})(?![\w-])")
_NUMERIC = re.compile(r"(?<![\d.,/-])(\d{1,2})([./-])(\d{1,2})\2(\d{4}|\d{2})(?![\d/-])")
_SLASHED = re.compile(r"(?<![\d.,/-])(\d{1,2})/(\d{1,2})(?![\d/%-])(?!\s?\w*(?:stars|points))")
_DOTTED = re.compile(r"(?<![\d.,/-])(\d{1,2})\.(\d{1,2})\.(?!\d)")
_DAY_PREPOSITION = re.compile(
    r"\b(?:am|vom|zum|bis|ab|seit|dem|den|der|und)\s$|[-\u2013]\s?$", re.I
)
_MONTH_WORD = re.compile(r"(?<![^\W_])[^\W\d_]{3,10}(?![^\W_])\.?")
_DAY_BEFORE = re.compile(
    r"(?<![\d.,])(\d{1,2})(?:st|nd|rd|th|er|re|º|o|\.)?(?:\s(?:of|de|day of)(?:\sthe)?)?\s?$",
    re.IGNORECASE,
)
_DAY_AFTER = re.compile(
    r"\s?(\d{1,2})(?:st|nd|rd|th)?(?![\d.:]*\d|\s?[€%$])\b(?!\s?(?:am|pm|Uhr)\b)"
)
_YEAR_AFTER = re.compile(r",?\s(?:of\s|de\s|del\s)?(\d{4})\b")
_LISTED_DAY = re.compile(
    r"(?<![\d.,])(\d{1,2})(?:st|nd|rd|th|er|\.)?"
    r"\s?(?:-|\u2013|to|bis(?:\szum)?|und|and|or|oder|y|o|al|et|ou|au|,)\s?(?:le\s|el\s|the\s|am\s)?$",
    re.IGNORECASE,
)
_LISTED_AFTER = re.compile(
    r"\s?(?:-|\u2013|to|through|and|or)\s?(?:the\s)?(\d{1,2})(?:st|nd|rd|th)?\b(?![.,:]?\d|\s?[%€$])"
)
_BARE_DAY = re.compile(
    r"\b(?:on|by|until|since|from) the\s(\d{1,2})(?:st|nd|rd|th)\b"
    r"(?=\s*(?:$|[.,;:!?)]|(?:of|at|in|on|to|until|and|or|from|by|for|we|you|i|it|the|is|was|will)\b))"
    r"|\b(?:am|zum|bis zum|ab dem|vom)\s(\d{1,2})\.(?=\s[a-zß-ÿ]|$|[,;!?])"
    r"|\b(?:le|au|du)\s(\d{1,2})(?=[\s,.;!?]|$)(?![.,]\d)(?!\s?(?:%|€|[^\W\d_]))"
    r"|\b(?:el|al|del)\s(?:d[ií]a\s)?(\d{1,2})(?=[\s,.;!?]|$)(?![.,]\d)(?!\s?(?:%|€|[^\W\d_]))"
    r"|\b(?:el|al|del)\sd[ií]a\s(\d{1,2})(?=[\s,.;!?]|$)"
)
_DAY_OF_WEEK = re.compile(
    r"(?<=day)(?:\sthe|,?)\s(\d{1,2})(?:st|nd|rd|th)\b"
    r"|(?<=(?:stag|ntag|rtag|itag|woch)),?\sde[nm]\s(\d{1,2})\.(?=\s|$)"
    r"|(?:(?<=[nreu]di)|(?<=anche)|(?<=lunes)|(?<=artes)|(?<=coles)|(?<=ueves)|(?<=ernes)"
    r"|(?<=bado)|(?<=mingo))\s(\d{1,2})(?=[,;.!?)]?(?:\s|$))"
    r"(?!\s(?:%|€|h\b|heures|horas|[^\W\d_]+s\b))",
    re.IGNORECASE,
)
"""`Thursday the 16th`, `jueves 16`, `Donnerstag, den 16.`: what stands behind the weekday."""


@dataclass(frozen=True)
class WrittenDate:
    """A date as text writes it; `None` where a part is left out."""

    text: str
    start: int
    end: int
    year: int | None
    month: int | None
    day: int | None
    swapped: bool = False
    """Whether day and month may stand the other way round."""

    def readings(self, years: frozenset[int]) -> list[date]:
        """Return the days it may name, its year taken from those given where it has none."""
        if self.month is None or self.day is None:
            return []
        pairs = [(self.month, self.day)] + ([(self.day, self.month)] if self.swapped else [])
        own = [self.year] if self.year else sorted(years)
        return [d for y in own for m, n in pairs if (d := day_of(y, m, n))]

    def is_day(self, day: date) -> bool:
        """Return whether it can name a day."""
        if self.year is not None and self.year != day.year:
            return False
        pairs = [(self.month, self.day)] + ([(self.day, self.month)] if self.swapped else [])
        return any(m in (None, day.month) and d in (None, day.day) for m, d in pairs)

    def is_part_of(self, other: WrittenDate) -> bool:
        """Return whether it lies in the day, month or year that another names."""
        return (
            other.year in (None, self.year)
            and other.month in (None, self.month)
            and other.day in (None, self.day)
        )

    def matches(self, other: WrittenDate) -> bool:
        """Return whether both can name one date, each part that both have being the same."""
        if self.year and other.year and self.year != other.year:
            return False
        if (self.day is None) != (other.day is None) and self.day is not None:
            return False
        mine = {(self.month, self.day)} | ({(self.day, self.month)} if self.swapped else set())
        theirs = {(other.month, other.day)} | (
            {(other.day, other.month)} if other.swapped else set()
        )
        return any(
            (m in (None, n) and (d in (None, e))) or (n is None and d == e)
            for m, d in mine
            for n, e in theirs
        )


def day_of(year: int, month: int, day: int) -> date | None:
    """Return a day, or None if the calendar has none."""
    try:
        return date(year, month, day)
    except ValueError:
        return None


def dates(text: str, language: Language) -> list[WrittenDate]:
    """Return the dates of a text in their order."""
    found: list[WrittenDate] = []
    for match in _ISO.finditer(text):
        _add(found, match, int(match[1]), int(match[2]), int(match[3]))
    found.extend(
        WrittenDate(match[0], *match.span(), int(match[1]), int(match[2]), None)
        for match in _ISO_MONTH.finditer(text)
        if 1 <= int(match[2]) <= 12
    )
    for match in _NUMERIC.finditer(text):
        _add_numeric(found, match, language)
    for match in _DOTTED.finditer(text):
        if _closes_sentence(text, match) and not _DAY_PREPOSITION.search(
            text[: match.start()][-8:]
        ):
            # `a rating of 4.7.` ends with a number, `am 4.7.` with a day.
            continue
        _add(found, match, None, int(match[2]), int(match[1]))
    for match in _SLASHED.finditer(text):
        _add_slashed(found, match, language)
    for match in _MONTH_WORD.finditer(text):
        if (month := MONTHS.get(fold(match[0].rstrip(".")))) is not None:
            found.extend(_around(text, match, month))
    taken = Taken(len(text))
    for written in found:
        taken.take(written.start, written.end)
    for pattern in (_BARE_DAY, _DAY_OF_WEEK):
        for match in pattern.finditer(text):
            group = match.lastindex or 0
            start, end = (
                (match.start() if pattern is _BARE_DAY else match.start(group)),
                match.end(),
            )
            if 1 <= int(match[group]) <= 31 and taken.take(start, end):
                found.append(
                    WrittenDate(text[start:end], start, end, None, None, int(match[group]))
                )
    return sorted(found, key=lambda d: d.start)


def _closes_sentence(text: str, match: re.Match[str]) -> bool:
    return not text[match.end() : match.end() + 3].strip()


def _add(
    found: list[WrittenDate],
    match: re.Match[str],
    year: int | None,
    month: int,
    day: int,
    *,
    swapped: bool = False,
) -> None:
    if 1 <= month <= 12 and 1 <= day <= 31:
        start, end = match.span()
        found.append(WrittenDate(match[0], start, end, year, month, day, swapped))


def _add_numeric(found: list[WrittenDate], match: re.Match[str], language: Language) -> None:
    first, second, year = int(match[1]), int(match[3]), int(match[4])
    year = year if year > 99 else 2000 + year
    if match[2] == "." or language != "en" or first > 12:
        _add(found, match, year, second, first)
    else:
        _add(found, match, year, first, second, swapped=second <= 12)


def _add_slashed(found: list[WrittenDate], match: re.Match[str], language: Language) -> None:
    first, second = int(match[1]), int(match[2])
    if language == "en":
        if first <= 12 < second:
            _add(found, match, None, first, second)
    elif second <= 12 and len(match[2]) == 2:
        _add(found, match, None, second, first)


def _around(text: str, match: re.Match[str], month: int) -> list[WrittenDate]:
    """Return the dates that a month's name makes with the numbers beside it."""
    start, end = match.span()
    if match[0].endswith(".") and len(match[0]) > LONGEST_SHORT:
        end -= 1
    before = _DAY_BEFORE.search(text[max(0, start - 14) : start])
    after = None if before else _DAY_AFTER.match(text[end : end + 12])
    day = int(before[1]) if before else int(after[1]) if after else None
    if day is not None and not 1 <= day <= 31:
        day, before, after = None, None, None
    if before:
        start -= len(before[0])
    elif after:
        end += after.end()
    more = _listed_days(text, start, end, after_month=bool(after))
    end = max([end, *(e for _, _, e in more)])
    year = _YEAR_AFTER.match(text[end : end + 12])
    number = int(year[1]) if year else None
    if year:
        end += year.end()
    word = match[0].rstrip(".")
    if day is None and number is None and (fold(word) in _DOUBTFUL and not _named(text, match)):
        return []
    first = min([start, *(s for _, s, _ in more)])
    return [
        WrittenDate(text[first:end], first, end, number, month, d)
        for d in (day, *(d for d, _, _ in more))
    ]


def _listed_days(
    text: str, start: int, end: int, *, after_month: bool
) -> list[tuple[int, int, int]]:
    """Return (day, start, end) of further days of the same month: `3 y 5 de marzo`."""
    listed: list[tuple[int, int, int]] = []
    if after_month:
        if match := _LISTED_AFTER.match(text[end : end + 20]):
            listed.append((int(match[1]), start, end + match.end()))
    elif match := _LISTED_DAY.search(text[max(0, start - 22) : start]):
        listed.append((int(match[1]), start - len(match[0]), end))
    return [entry for entry in listed if 1 <= entry[0] <= 31]


_MONTH_PREPOSITION = re.compile(
    r"\b(?:in|since|until|by|from|to|of|through|during|for|en|de|desde|hasta|im|ab|seit|bis|ende"
    r"|anfang|mitte|fin|début|depuis|this|last|next|every|each|mid|early|late)\s$",
    re.IGNORECASE,
)


def _named(text: str, match: re.Match[str]) -> bool:
    before = text[max(0, match.start() - 12) : match.start()]
    return bool(_MONTH_PREPOSITION.search(before)) and match[0][0].isupper()
