"""Shares and halves in words: `three in four`, `un tercio`, `anderthalb Stunden`, `half a year`."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal

from .language import Language
from .number_words import number_words, small_number_words
from .quantities import APPROXIMATE, Quantity
from .units import UNITS, unit_of
from .words import fold, tokens

_ACCENTS = str.maketrans({"u": "[uü]", "o": "[oö]", "e": "[eé]"})
_NUMBER = r"\d{1,3}|" + "|".join(
    word.translate(_ACCENTS) for word in sorted(small_number_words(20), key=len, reverse=True)
)
_IN = re.compile(
    rf"\b({_NUMBER})(?:\s[^\W\d_]{{2,20}}){{0,2}}?"
    rf"\s(?:in|out of(?: every)?|of every|in every|von|sur|de cada)\s({_NUMBER})\b",
    re.IGNORECASE,
)
_NAMED = {
    "half": "1/2", "halfway": "1/2", "halfte": "1/2", "moitie": "1/2", "mitad": "1/2",
    "third": "1/3", "thirds": "1/3", "drittel": "1/3", "tiers": "1/3", "tercio": "1/3",
    "tercios": "1/3", "quarter": "1/4", "quarters": "1/4", "viertel": "1/4", "quart": "1/4",
    "quarts": "1/4", "fifth": "1/5", "fifths": "1/5", "funftel": "1/5",
}  # fmt: skip
_SHARE = re.compile(
    rf"\b(?:({_NUMBER})\s)?(half|thirds?|quarters?|fifths?|hälfte|drittel|viertel|fünftel|moitié|tiers|quarts?|mitad|tercios?)"
    r"(?=\s(?:of|the|der|des|von|aller|du|de|d['’]|del)\b)"
    rf"|\b({_NUMBER})\s(thirds|quarters|fifths|drittel|viertel|fünftel|tiers|quarts|tercios)\b(?!\s(?:to|past|vor|nach))",
    re.IGNORECASE,
)
_QUARTER_OF_PEOPLE = re.compile(r"(?:cuarta|tercera|quinta) parte", re.IGNORECASE)
_PARTS = {"cuarta parte": 25, "tercera parte": Decimal(100) / 3, "quinta parte": 20}
_HALF_UNIT = re.compile(
    r"\b(?:half an?|(?:ein(?:e[nrsm]?)? )?halbe[nrsm]?|une? demie?[- ]|medi[oa]|demi[- ])"
    r"\s?([^\W\d_]{2,12})\b",
    re.IGNORECASE,
)
_AND_HALF = re.compile(
    rf"\b({_NUMBER})\s([^\W\d_]{{2,12}})\s(?:and a half|et demie?|y medi[oa])\b"
    rf"|\b({_NUMBER})\s(?:and a half|einhalb|y medi[oa])\s([^\W\d_]{{2,12}})\b"
    r"|\b([^\W\d_]{2,12})\sy\smedi[oa]\b|\b(?:anderthalb|eineinhalb)\s([^\W\d_]{2,12})\b",
    re.IGNORECASE,
)
_ONE_UNIT = re.compile(
    r"\b(?:lasts?|takes?|dauert|dure|prend|dura|tarda|lleva)\s(?:about\s|etwa\s|environ\s)?"
    r"(?:an?|one|eine[nrs]?|ein|une?|una?)\s([^\W\d_]{2,12})\b",
    re.IGNORECASE,
)
_ONE_AND = re.compile(
    r"\b(?:an?|one|eine[nr]?|ein|une?|una?)\s([^\W\d_]{2,12})"
    r"(?=,?\s(?:and|und|et|y)\s(?:\d|[^\W\d_]+\s(?:minut|second|sekund|day|tag|jour|d[ií]a|stund|hour|heure|hora)))",
    re.IGNORECASE,
)
"""`An hour and 45 minutes`."""
_GLUED_HALF = re.compile(
    r"\b(zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn)einhalb\s([^\W\d_]{2,12})\b", re.IGNORECASE
)
_TRIGGER = re.compile(
    r"\b(?:in|out of|of every|von|sur|de cada|half|halfway|thirds?|quarters?|fifths?|hälfte|drittel"
    r"|viertel|fünftel|moitié|tiers|quarts?|mitad|tercios?|parte|halbe[nrsm]?|demie?|medi[oa]"
    r"|\w*einhalb|(?:an?|one|eine[nr]?|ein|une?|una?)\s\w+,?\s(?:and|und|et|y)|anderthalb|eineinhalb|lasts?|takes?|dauert|dure|prend|dura|tarda|lleva)\b",
    re.IGNORECASE,
)
_AROUND = 48
"""Characters on either side of such a word that belong to the share."""

_ONE = {"one", "a", "an", "ein", "eine", "einer", "einem", "un", "une", "una", "uno"}


def shares(text: str, language: Language) -> list[Quantity]:
    """Return what a text says in words of shares, as percentages, and of halves of units.

    The patterns are costly, so they are tried only around the words that shares are made of.
    """
    found: list[Quantity] = []
    end = 0
    for trigger in _TRIGGER.finditer(text):
        start = max(end, trigger.start() - _AROUND)
        near = text[start : trigger.end() + _AROUND]
        here = _near(near, language)
        found += [replace(q, start=q.start + start, end=q.end + start) for q in here]
        end = max([end, *(q.end for q in found)])
    return _apart(found)


def _near(text: str, language: Language) -> list[Quantity]:
    found = [
        q
        for match in _IN.finditer(text)
        if (q := _ratio(match, language)) and match[0].count(" ") >= 2
    ]
    found += [q for match in _SHARE.finditer(text) if (q := _named_share(match, language))]
    found += [
        _percent(m[0], m.span(), Decimal(_PARTS[m[0].casefold()]))
        for m in _QUARTER_OF_PEOPLE.finditer(text)
    ]
    found += [q for match in _HALF_UNIT.finditer(text) if (q := _half(match))]
    found += [
        q for m in _ONE_UNIT.finditer(text) if (q := _measure(m, Decimal(1), m[1], decimals=0))
    ]
    found += [
        q for m in _ONE_AND.finditer(text) if (q := _measure(m, Decimal(1), m[1], decimals=0))
    ]
    found += [q for match in _GLUED_HALF.finditer(text) if (q := _glued(match, language))]
    found += [q for match in _AND_HALF.finditer(text) if (q := _and_half(match, language))]
    return found


def _apart(found: list[Quantity]) -> list[Quantity]:
    kept: list[Quantity] = []
    for quantity in sorted(found, key=lambda q: (q.start, -q.end)):
        if not kept or quantity.start >= kept[-1].end:
            kept.append(quantity)
    return kept


def _number(word: str | None, language: Language) -> Decimal | None:
    if not word:
        return None
    if word.isdecimal():
        return Decimal(word)
    if fold(word) in _ONE:
        return Decimal(1)
    read = number_words(tokens(word), language)
    return Decimal(read[0][0]) if read else None


def _percent(text: str, span: tuple[int, int], value: Decimal) -> Quantity:
    return Quantity(
        text=text, start=span[0], end=span[1], values=(value,), unit=UNITS["%"], worded=True
    )


def _ratio(match: re.Match[str], language: Language) -> Quantity | None:
    part, whole = _number(match[1], language), _number(match[2], language)
    if part is None or whole is None or not part < whole or whole > 100:
        return None
    return _percent(match[0], match.span(), 100 * part / whole)


def _named_share(match: re.Match[str], language: Language) -> Quantity | None:
    found = _share(match, language)
    before = match.string[max(0, match.start() - _AROUND) : match.start()]
    about = bool(APPROXIMATE.search(re.sub(r"\bla\s$", "", before)))
    return replace(found, approximate=about) if found else None


def _share(match: re.Match[str], language: Language) -> Quantity | None:
    number, name = match[1] or match[3], match[2] or match[4]
    part = _number(number, language) if number else Decimal(1)
    above, below = _NAMED[fold(name)].split("/")
    many = part if part is not None else Decimal(1)
    return _percent(match[0], match.span(), 100 * many * Decimal(above) / Decimal(below))


def _half(match: re.Match[str]) -> Quantity | None:
    unit = unit_of(match[1])
    if unit is None or unit.dimension not in ("time", "month", "length", "mass", "volume"):
        return None
    return _measure(match, Decimal("0.5"), match[1])


def _glued(match: re.Match[str], language: Language) -> Quantity | None:
    value = _number(match[1], language)
    return _measure(match, value + Decimal("0.5"), match[2]) if value is not None else None


def _and_half(match: re.Match[str], language: Language) -> Quantity | None:
    if match[6]:
        return _measure(match, Decimal("1.5"), match[6])
    if match[5]:
        return _measure(match, Decimal("1.5"), match[5])
    number, word = (match[1], match[2]) if match[1] else (match[3], match[4])
    value = _number(number, language)
    return _measure(match, value + Decimal("0.5"), word) if value is not None else None


def _measure(
    match: re.Match[str], value: Decimal, word: str, *, decimals: int = 1
) -> Quantity | None:
    unit = unit_of(word)
    if unit is None or unit.dimension not in ("time", "month", "length", "mass", "volume"):
        return None
    start, end = match.span()
    quantity = Quantity(text=match[0], start=start, end=end, values=(value,), unit=unit)
    return replace(quantity, decimals=decimals)
