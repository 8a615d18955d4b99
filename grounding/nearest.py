"""Nearest: which record the words of one part of a sentence name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction

from .dates import WrittenDate
from .evidence import Row
from .facts import StatedFacts
from .identifiers import Identifier
from .tables import distinctive, is_of_weekday, joined_words
from .words import stem


def scores_of(rows: Sequence[Row], said: frozenset[str]) -> list[Fraction]:
    """Return how much of a sentence names each row; a word of many rows counts for less."""
    owns = distinctive(rows)
    spread = Counter(word for own in owns for word in own)
    return [sum((Fraction(1, spread[w]) for w in own & said), Fraction(0)) for own in owns]


def nearest_row(rows: Sequence[Row], facts: StatedFacts, first: int, last: int) -> Row | None:
    """Return the row that alone has most of the words on one side of the comparison."""
    by_id = _rows_identified(rows, [i for i in facts.identifiers if first <= i.start < last])
    if len(by_id) == 1:
        return by_id[0]
    by_date = _rows_dated(rows, [d for d in facts.dates if first <= d.start < last])
    if len(by_date) == 1:
        return by_date[0]
    by_day = [
        row
        for row in rows
        if is_of_weekday(row, [w for w in facts.weekdays if first <= w.start < last])
    ]
    if len(by_day) == 1:
        return by_day[0]
    side = frozenset(
        stem(t.folded) for t in facts.tokens if len(t.folded) >= 2 and first <= t.start < last
    )
    scores = scores_of(rows, side | joined_words(rows, side))
    best = max(scores, default=Fraction(0))
    if not best or scores.count(best) > 1:
        return None
    return rows[scores.index(best)]


def _rows_identified(rows: Sequence[Row], said: Sequence[Identifier]) -> list[Row]:
    keys = {identifier.text.casefold() for identifier in said}
    return [row for row in rows if keys & {text.casefold() for text in row.texts}]


def _rows_dated(rows: Sequence[Row], said: Sequence[WrittenDate]) -> list[Row]:
    return [row for row in rows if any(d.is_part_of(s) for d in row.dates for s in said)]
