"""Quantities: numbers with what they count, as text writes them."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from itertools import islice

from .language import Language
from .number_words import number_words
from .numerals import NUMERAL, readings
from .units import CURRENCY_SIGNS, UNITS, Unit, unit_of
from .words import Token, fold, listed

MOST = 3000
"""Numbers of a text that are read."""

_AFTER = re.compile(
    r"[ \u00a0\u202f]?(?:-(?=[A-Za-z]))?"
    r"(per cent\b|pour cent\b|por ciento\b|US[- ]Dollars?\b|km/h|[kMG]bit/s|°\s?[CF]\b|m²"
    r"|[%‰°€$£¥₹₩₽₺]|[^\W\d_]{1,20}\.?)",
    re.IGNORECASE,
)
_BEFORE = re.compile(rf"(US\$|CA\$|AU\$|[{CURRENCY_SIGNS}]|\b[A-Z]{{3}})[ \u00a0\u202f]?$")
_SIGN = re.compile(r"(?:^|[\s(\"':=\[,])([-\u2212+])$")
_MINUS_WORD = re.compile(r"\b(?:minus|moins|menos)\s$", re.IGNORECASE)
_SUBTRACTED = re.compile(r"\d[^.;:]{0,40}\b(?:minus|moins|menos)\s$", re.IGNORECASE)
"""`28 days plus 4, minus 11`: what is taken away is no number below zero."""
_BELOW = re.compile(
    r"^.{0,24}?\b(?:below zero|unter null|en dessous de z[ée]ro|sous z[ée]ro|bajo cero)",
    re.IGNORECASE,
)
_RANGE = re.compile(r"^\s?(?:-|\u2013|\u2014|to|bis|à|a|y|und|and|or|oder|ou|o|et)\s?$")
_WORKING = re.compile(
    r"^[ \u00a0](?:business|working|werk|bank)[- ](?:days?)\b"
    r"|^[ \u00a0](?:jours? ouvr|jours? ouvrable|d[ií]as? (?:h[áa]bil|laborable))",
    re.IGNORECASE,
)
_TIMES = re.compile(r"\s?[×x]\s")
_ADJECTIVE = re.compile(
    r"[ \u00a0](?:more|full|whole|long|business|working|further|additional|extra|calendar"
    r"|weitere|volle|ganze|zusätzliche|weiteren|vollen|ganzen|autres|petites?|bonnes?|largas?|otros|otras)(?=\s)",
    re.IGNORECASE,
)
_MAGNITUDES = {
    **dict.fromkeys(listed("million millions millionen millón millones mio"), Decimal(10**6)),
    **dict.fromkeys(
        listed("billion billions milliarde milliarden milliard milliards mrd bn"), 10**9
    ),
    **dict.fromkeys(listed("thousand tausend mille mil k"), Decimal(1000)),
}
_POINTS = re.compile(r"^[ \u00a0](?:percentage points?|points? de pourcentage|puntos porcentuales)")
_PERCENT_PHRASES = {"per cent", "pour cent", "por ciento"}

APPROXIMATE = re.compile(
    r"\b(?:about|around|roughly|approximately|approx\.?|some|nearly|almost|circa|ca\.?|close to"
    r"|just (?:over|under)|a little (?:over|under|more than|less than)|etwa|rund|ungef[äa]hr|zirka"
    r"|a bit (?:over|under|more than|less than)|etwas (?:mehr|weniger) als"
    r"|un peu (?:plus|moins) de|(?:algo|poco|un poco) (?:más|menos) de|knapp|fast|gut|circa"
    r"|environ|pr[èe]s de|presque|autour de|quelque|à peu pr[èe]s"
    r"|unos|unas|casi|alrededor de|aproximadamente|cerca de|m[áa]s o menos)\s(?:the\s|de\s)?$"
    r"|[~≈]\s?$",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True)
class Quantity:
    """A number as text writes it: its possible values and what it counts."""

    text: str
    start: int
    end: int
    values: tuple[Decimal, ...]
    """Possible readings, without the unit's factor."""
    unit: Unit | None = None
    negative: bool = False
    positive: bool = False
    """Whether a plus stands before it."""
    approximate: bool = False
    worded: bool = False
    """Whether it is written in words or with a magnitude, which rounds."""
    decimals: int = 0
    times: bool = False
    """Whether it says how many of something: `4 × mug`."""

    @cached_property
    def dimension(self) -> str:
        """What it counts; empty where nothing says so."""
        return self.unit.dimension if self.unit else ""

    @cached_property
    def base(self) -> tuple[Decimal, ...]:
        """The values in the dimension's base unit."""
        return tuple(v * self.unit.factor for v in self.values) if self.unit else self.values

    @property
    def value(self) -> Decimal:
        """The likeliest value in the base unit."""
        return self.base[0]


def quantities(text: str, tokens: list[Token], language: Language) -> list[Quantity]:
    """Return the quantities of a text in their order."""
    numerals = islice(NUMERAL.finditer(text), MOST)
    found = [_grouped(q) for match in numerals if (q := _numeral(text, match))]
    taken = {at for q in found for at in (q.start,)}
    for value, first, after in number_words(tokens, language)[:MOST]:
        start, end = tokens[first].start, tokens[after - 1].end
        if start not in taken:
            found.append(_worded(text, Decimal(value), start, end))
    return joined(text, _ranged(text, sorted(found, key=lambda q: q.start)))


def _numeral(text: str, match: re.Match[str]) -> Quantity | None:
    start, end = match.span()
    if start and (text[start - 1].isalpha() or text[start - 1] == "_"):
        return None
    values = readings(match[0])
    if not values:
        return None
    before = text[max(0, start - 40) : start]
    currency = _BEFORE.search(before)
    unit = UNITS.get(fold(currency[1])) if currency else None
    if currency and unit is not None:
        before = before[: currency.start()]
    sign = _SIGN.search(before)
    quantity = Quantity(
        text=match[0],
        start=start,
        end=end,
        values=values,
        unit=unit,
        negative=bool(sign and sign[1] != "+") or _is_below_zero(text[max(0, start - 60) : start]),
        positive=bool(sign and sign[1] == "+"),
        approximate=bool(APPROXIMATE.search(before)),
        decimals=_decimals(match[0]),
        times=bool(_TIMES.match(text[end : end + 3])),
    )
    return _followed(text, quantity)


def _grouped(quantity: Quantity) -> Quantity:
    """Read `1,100 EUR` as eleven hundred first: no amount has three decimals."""
    if not quantity.dimension.startswith("money:") or len(quantity.values) < 2:
        return quantity
    return replace(quantity, values=quantity.values[::-1])


def _is_below_zero(before: str) -> bool:
    return bool(_MINUS_WORD.search(before)) and not _SUBTRACTED.search(before)


def _decimals(numeral: str) -> int:
    tail = re.search(r"[.,](\d+)$", numeral)
    return len(tail[1]) if tail else 0


def _worded(text: str, value: Decimal, start: int, end: int) -> Quantity:
    before = text[max(0, start - 40) : start]
    quantity = Quantity(
        text=text[start:end],
        start=start,
        end=end,
        values=(value,),
        approximate=bool(APPROXIMATE.search(before)),
        negative=_is_below_zero(before),
    )
    return _followed(text, quantity) or quantity


def _followed(text: str, quantity: Quantity) -> Quantity | None:
    """Read the magnitude and the unit that follow; a letter glued to a number is an identifier."""
    after = text[quantity.end : quantity.end + 48]
    if _BELOW.match(after) and not quantity.negative:
        quantity = replace(quantity, negative=True)
    if _WORKING.match(after):
        end = quantity.end + len(_WORKING.match(after)[0])  # pyright: ignore[reportOptionalSubscript]
        return replace(quantity, unit=UNITS["arbeitstage"], end=end)
    if points := _POINTS.match(after):
        return replace(quantity, unit=UNITS["prozentpunkte"], end=quantity.end + points.end())
    adjective = _ADJECTIVE.match(after)
    match = _AFTER.match(after, adjective.end() if adjective else 0)
    if match is None:
        return quantity
    word = match[1].casefold()
    glued = match[0][0].isalpha()
    if magnitude := _MAGNITUDES.get(fold(word.strip("."))):
        return _magnified(text, quantity, Decimal(magnitude), match.end())
    unit = UNITS["%"] if word in _PERCENT_PHRASES else _named_unit(match[1], quantity)
    if unit is None:
        return (
            None if glued and not re.match(r"(?:st|nd|rd|th|er|re|e|x|º|ª)\b", after) else quantity
        )
    return replace(quantity, unit=unit, end=quantity.end + match.end())


def _named_unit(word: str, quantity: Quantity) -> Unit | None:
    spaced = word.casefold().replace(" ", "-") if "dollar" in word.casefold() else word
    unit = unit_of(spaced.replace(" ", "")) or unit_of(spaced)
    if unit is None and word.casefold() in ("a", "i"):
        return None
    if unit is not None and fold(word) in ("an", "go", "mo", "real", "t", "s", "second", "c"):
        # Words of other meaning: `2 an`, `3 go`.
        if fold(word) in ("s", "t", "go", "mo") and len(word) <= 2:
            return unit
        return unit if fold(word) == "an" and quantity.values[0] == 1 else None
    return unit if quantity.unit is None else quantity.unit


def _magnified(text: str, quantity: Quantity, magnitude: Decimal, length: int) -> Quantity:
    values = tuple(v * magnitude for v in quantity.values)
    larger = replace(quantity, values=values, end=quantity.end + length, worded=True)
    after = re.match(r"\s(?:de\s|d[’'])?", text[larger.end : larger.end + 4])
    skipped = replace(larger, end=larger.end + max(0, after.end() - 1)) if after else larger
    followed = _followed(text, skipped)
    return followed if followed and followed.unit else larger


def _ranged(text: str, found: list[Quantity]) -> list[Quantity]:
    """Give the first number of `5 to 10 days` the unit of the second."""
    result = list(found)
    for at in range(len(result) - 2, -1, -1):
        here, after = result[at], result[at + 1]
        between = text[here.end : after.start]
        joined = len(between) <= 8 and bool(_RANGE.match(between.strip(CURRENCY_SIGNS)))
        if joined and here.unit is None and after.unit is not None:
            result[at] = replace(here, unit=after.unit)
        elif joined and here.start and text[here.start - 1] in CURRENCY_SIGNS:
            # `$10-20`: the sign stands before the first one only.
            result[at + 1] = replace(after, unit=after.unit or here.unit)
    return result


_JOIN = re.compile(r"^(?:,?\s(?:and|und|et|y)\s|\s|,\s)$")


def joined(text: str, found: list[Quantity]) -> list[Quantity]:
    """Join `2 hours and 45 minutes` into one duration."""
    result: list[Quantity] = []
    for quantity in found:
        last = result[-1] if result else None
        if last and _continues(last, quantity) and _JOIN.match(text[last.end : quantity.start]):
            seconds = last.value + quantity.value
            unit = Unit(quantity.dimension, Decimal(1))
            result[-1] = replace(last, end=quantity.end, values=(seconds,), unit=unit)
        else:
            result.append(quantity)
    return result


def _continues(last: Quantity, quantity: Quantity) -> bool:
    if last.unit is None or quantity.unit is None or last.dimension != quantity.dimension:
        return False
    return last.dimension in ("time", "month") and quantity.unit.factor < last.unit.factor
