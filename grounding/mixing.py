"""Mixing: whether a fact is another record's than that of which the sentence speaks.

`Ethan gave a 2` is wrong where Ethan's record holds a 1 and Mia's the 2. A sentence that speaks of
several records, or of `the others`, is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TypeAlias

from .dates import WrittenDate
from .evidence import Held, Row
from .facts import StatedFacts
from .ground import Holding
from .labels import EVENT_FIELDS, STATE_FIELDS
from .matching import carries
from .opposites import concept_of
from .quantities import Quantity
from .relative import RelativeDays
from .tables import is_among, rows_of_moment, said_words, spoken_words, stems_of
from .times import TimeOfDay
from .words import key_words, stem

_SHORT = 2
_PRICED = 16
"""Characters of the longest text that is a number with its unit."""

_OF_MOMENT = "of that moment"
"""Stands among the words of the one row that is of the day or time which a sentence names."""

Fact: TypeAlias = Quantity | WrittenDate | TimeOfDay

_OTHERS = re.compile(
    r"\b(?:others?|rest|remaining|than|instead|except|compared|between|ander\w*|übrig\w*|als|statt|außer"
    r"|zwischen|autres?|que|sauf|entre|otr[oa]s?|salvo|resto)\b",
    re.IGNORECASE,
)


def speaks_of_others(facts: StatedFacts) -> bool:
    """Return whether a sentence sets one thing against others: `the rest`, `cheaper than`."""
    return bool(_OTHERS.search(facts.text))


def is_of_another(fact: Fact, facts: StatedFacts, cited: Holding) -> bool:
    """Return whether only records hold a fact of which the sentence does not speak.

    The record that it names must hold another fact of that kind, which the sentence does not say.
    """
    if speaks_of_others(facts):
        return False
    return any(_is_misplaced(rows, fact, facts, cited) for rows in cited.tables)


def is_of_another_day(said: RelativeDays, facts: StatedFacts, cited: Holding) -> bool:
    """Return whether the one record of which a sentence speaks has days of its own, and others."""
    if speaks_of_others(facts):
        return False
    for rows in cited.tables:
        words = _naming(rows, facts)
        named = [row for row, own in zip(rows, words, strict=True) if own]
        if len(named) != 1:
            continue
        days = [d for d in named[0].dates if d.day]
        if days and not any(map(said.is_of, days)):
            return True
    return False


def _is_misplaced(
    rows: Sequence[Row],
    fact: Fact,
    facts: StatedFacts,
    cited: Holding,
) -> bool:
    holds = _holder(fact, facts, cited)
    holders = [row for row in rows if holds(row)]
    if not holders or any(holds(row) for row in cited.rows if not is_among(row, rows)):
        return False
    words = dict(zip(map(id, rows), _naming(rows, facts, besides=fact), strict=True))
    best = max(len(found) for found in words.values())
    named = [row for row in rows if words[id(row)] and len(words[id(row)]) == best]
    if len(named) != 1 or is_among(named[0], holders):
        return False
    [one] = named
    if any(not words[id(row)] <= words[id(one)] for row in rows):
        return False
    rivals = _rivals(one, holders, fact)
    return bool(rivals) and not _says_own(rivals, fact, facts, cited)


def _naming(
    rows: Sequence[Row], facts: StatedFacts, *, besides: Fact | None = None
) -> list[frozenset[str]]:
    """Return for each row the words that name it: how a record stands is said of any of them.

    A day, month, weekday or time names one too, where no other row is of it; `besides` names none.
    """
    found = spoken_words(rows, said_words(facts))
    told = frozenset(stem(t.folded) for t in facts.tokens if concept_of(t.folded))
    words = [words - _state_of(row) - told for words, row in zip(found, rows, strict=True)]
    words = [own | _short_labels(row, rows, facts) for own, row in zip(words, rows, strict=True)]
    of_moment = rows_of_moment(rows, facts, besides=besides)
    if len(of_moment) == 1 and not isinstance(besides, WrittenDate):
        words = [
            own | {_OF_MOMENT} if row is of_moment[0] else own
            for own, row in zip(words, rows, strict=True)
        ]
    return words


def _short_labels(row: Row, rows: Sequence[Row], facts: StatedFacts) -> frozenset[str]:
    """Return the values of one or two capitals, such as a size, that a sentence says as such."""
    said = {t.text for t in facts.tokens}
    return frozenset(
        f"{key} {value}"
        for key, value in row.labels
        if len(value) <= _SHORT and value.isupper() and value in said
        if any((key, value) not in other.labels for other in rows)
    )


def _state_of(row: Row) -> frozenset[str]:
    states = [
        leaf.value
        for leaf in row.own_leaves
        if isinstance(leaf.value, str)
        and (STATE_FIELDS | EVENT_FIELDS).intersection(key_words(leaf.key))
    ]
    return stems_of(states)


def _holder(fact: Fact, facts: StatedFacts, cited: Holding) -> Callable[[Row], bool]:
    if isinstance(fact, Quantity):
        currencies = cited.currencies
        return lambda row: any(carries(h, fact, facts.text, currencies) for h in row.held)
    if isinstance(fact, TimeOfDay):
        return lambda row: any(t.is_at(fact) for t in row.times)
    return lambda row: any(fact.matches(d) or d.is_part_of(fact) for d in row.dates)


def _rivals(one: Row, holders: Sequence[Row], fact: Fact) -> list[Held | WrittenDate | TimeOfDay]:
    """Return what the named record holds where the others hold the fact."""
    if isinstance(fact, Quantity):
        said = frozenset(fact.values)
        keys = {h.key for row in holders for h in row.held if said & frozenset(h.quantity.values)}
        return [h for h in one.held if h.key in keys and h.path and _is_whole_field(h, one)]
    return [*(one.times if isinstance(fact, TimeOfDay) else one.dates)]


def _is_whole_field(held: Held, row: Row) -> bool:
    """Whether a field holds a number and little else: `35`, `"35 €"`."""
    if not held.quantity.end:
        return True
    text = next((leaf.value for leaf in row.leaves if leaf.path == held.path), None)
    return isinstance(text, str) and len(text) <= _PRICED


def _says_own(
    rivals: Sequence[Held | WrittenDate | TimeOfDay],
    fact: Fact,
    facts: StatedFacts,
    cited: Holding,
) -> bool:
    """Whether the sentence says what the named record holds too: then it speaks of more."""
    for rival in rivals:
        match rival:
            case Held():
                own = [q for q in facts.quantities if q is not fact]
                if any(carries(rival, q, facts.text, cited.currencies) for q in own):
                    return True
            case TimeOfDay():
                # A word such as noon may be the record's name.
                if any(rival.is_at(t) for t in facts.times if not t.text.isalpha()):
                    return True
            case WrittenDate():
                if any(d.matches(rival) for d in facts.dates):
                    return True
    return False
