"""Facts: everything checkable that a text says, each stretch of it read as one kind of fact."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from .dates import WrittenDate, dates
from .identifiers import Identifier, addresses, identifiers, long_numbers
from .language import Language, language_of
from .quantities import Quantity, joined, quantities
from .relative import Weekday, weekdays
from .shares import shares
from .spans import Taken
from .times import TimeOfDay, times
from .units import unit_of
from .words import Token, tokens

_MEASURE = re.compile(r"\d[\d.,]*([^\W\d_]{1,12})")
_HYPHENATED = re.compile(r"\d[\d.,]*-[^\W\d_]{2,}(?:-[^\W\d_]+)*")
_SUFFIXES = ("st", "nd", "rd", "th", "er", "re", "e", "x", "º", "ª", "k")
_LIST_MARK = re.compile(r"\s*(?:[-*•]\s+)?(?:\d{1,2}[.)]\s+)(?=\S)")


@dataclass(frozen=True, kw_only=True)
class StatedFacts:
    """What a text says that can be checked."""

    text: str
    language: Language
    tokens: list[Token]
    addresses: list[Identifier]
    identifiers: list[Identifier]
    dates: list[WrittenDate]
    times: list[TimeOfDay]
    weekdays: list[Weekday]
    quantities: list[Quantity]
    asked: str = ""
    """The request that it answers, of an answer without a word of its own."""

    @property
    def cue_text(self) -> str:
        """The words that say what was computed: its own, or those of the question."""
        return f"{self.text}\n{self.asked}" if self.asked else self.text

    @property
    def texts(self) -> list[str]:
        """The facts as they are written."""
        found = (self.addresses, self.identifiers, self.dates, self.times, self.quantities)
        return [fact.text for facts in (*found, self.weekdays) for fact in facts]


def read(text: str) -> StatedFacts:
    """Read the facts of a text; takes time in proportion to its length."""
    words = tokens(text)
    language = language_of(words)
    if mark := _LIST_MARK.match(text):
        text = " " * mark.end() + text[mark.end() :]
    found_addresses = addresses(text)
    rest = _without(text, found_addresses)
    numbers = long_numbers(rest)
    found_dates = dates(rest, language)
    taken = Taken(len(text))
    for written in found_dates:
        taken.take(written.start, written.end)
    numbers = [n for n in numbers if taken.take(n.start, n.end)]
    rest = _without(_without(rest, numbers), found_dates)
    found_times = times(rest)
    rest = _without(rest, found_times)
    runs = [i for i in identifiers(rest) if not _is_measure(i.text)]
    rest = _without(rest, runs)
    in_words = shares(rest, language)
    rest = _without(rest, in_words)
    return StatedFacts(
        text=text,
        language=language,
        tokens=words,
        addresses=found_addresses,
        identifiers=numbers + runs,
        dates=found_dates,
        times=found_times,
        weekdays=weekdays(words, english=language == "en"),
        quantities=joined(
            text,
            sorted([*in_words, *quantities(rest, tokens(rest), language)], key=lambda q: q.start),
        ),
    )


Spanned: TypeAlias = Identifier | WrittenDate | TimeOfDay | Quantity


def _without(text: str, found: Iterable[Spanned]) -> str:
    """Blank what was read, so that places stay."""
    parts: list[str] = []
    at = 0
    for item in sorted(found, key=lambda f: f.start):
        if item.end <= at:
            continue
        start = max(at, item.start)
        parts += [text[at:start], "\x1f" * (item.end - start)]
        at = item.end
    return "".join([*parts, text[at:]]) if parts else text


def _is_measure(run: str) -> bool:
    """`350m`, `13th` and `30-day` are quantities, `4471-AB` and `3G5` are identifiers."""
    if match := _MEASURE.fullmatch(run):
        return unit_of(match[1]) is not None or match[1].casefold() in _SUFFIXES
    return bool(_HYPHENATED.fullmatch(run)) and not run[-1].isupper()
