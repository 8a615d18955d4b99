"""Column sums: totals, means and gaps of a table's column, over the rows a sentence speaks of."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import combinations
from math import comb

from . import cues
from .counting import noun_after
from .derived import Derived
from .evidence import Row
from .facts import StatedFacts
from .matching import is_amount
from .mixing import speaks_of_others
from .nearest import nearest_row
from .tables import (
    Column,
    dimension_of,
    holds_numbers,
    named_rows,
    rows_of_moment,
    signed,
    sized_rows,
)
from .traits import flagged_rows

_TO = re.compile(r"\s(?:to|until|through|bis|à|jusqu[’']en|a|hasta)\s", re.IGNORECASE)
_THAN = re.compile(r"\b(?:than|als|que|qu['’]|compared (?:to|with))\b", re.IGNORECASE)
_ADDED_DIMENSIONS = ("mass", "volume", "length", "area", "energy", "time", "night", "month")
_KINDS = 24
"""Kinds of rows that are added up each by itself."""

_COMBINATIONS = 400
"""Ways to choose rows that are tried."""


def column_values(
    column: Column, rows: Sequence[Row], facts: StatedFacts, *, telling: bool
) -> Iterator[Derived]:
    """Sums, means and differences of a column, over the rows that the sentence speaks of."""
    cued = bool(cues.SUM.search(facts.text)) or telling or _is_counted(column, facts)
    compared = bool(cues.DIFFERENCE.search(facts.text)) and not _speaks_of_one(rows, facts)
    counts = stated_counts(facts, len(rows))
    for subset in _subsets(column, rows, facts, counts):
        values = [cell.value for cell in column.cells if any(cell.row is row for row in subset)]
        if len(values) < 2:
            continue
        if cued:
            yield Derived(sum(values, Decimal(0)), column.dimension)
        if cues.MEAN.search(facts.text):
            yield Derived(sum(values, Decimal(0)) / len(values), column.dimension, rounded=True)
        if len(values) == 2 and compared:
            yield Derived(values[0] - values[1], column.dimension)
    if (pair := _compared_rows(rows, facts)) and (cells := column.cells_of(pair))[1:]:
        one, other = cells
        yield Derived(one.value - other.value, column.dimension)
        # `Six hours fewer`, where the sentence names the hours by another word.
        yield Derived(one.held.quantity.values[0] - other.held.quantity.values[0], "")
    if column.dimension in _ADDED_DIMENSIONS:
        # What the rows that are named weigh or last together needs no word for the sum.
        named = named_rows(rows, facts)
        if 1 < len(named) < len(rows):
            yield Derived(sum(column.values_of(named), Decimal(0)), column.dimension)
    if compared:
        values = [cell.value for cell in column.cells]
        yield Derived(max(values) - min(values), column.dimension)


def _is_counted(column: Column, facts: StatedFacts) -> bool:
    """Whether its numbers say how many there are of what a sentence counts: `eleven hives`."""
    own = column.cells[0].held.words
    return holds_numbers(column.key) or any(
        own and own <= noun_after(q, facts) for q in facts.quantities if not q.dimension
    )


def _speaks_of_one(rows: Sequence[Row], facts: StatedFacts) -> bool:
    """Whether a sentence is about one row alone: what lies between others is none of its."""
    if speaks_of_others(facts):
        return False
    return len(rows_of_moment(rows, facts) or named_rows(rows, facts)) == 1


def _compared_rows(rows: Sequence[Row], facts: StatedFacts) -> list[Row]:
    """Return the two rows of which one stands before a comparison, and the other behind it."""
    match = _THAN.search(facts.text)
    if match is None:
        return []
    left = nearest_row(rows, facts, 0, match.start())
    right = nearest_row(rows, facts, match.end(), len(facts.text))
    return [left, right] if left is not None and right is not None and left is not right else []


def _subsets(
    column: Column, rows: Sequence[Row], facts: StatedFacts, counts: frozenset[int]
) -> Iterator[Sequence[Row]]:
    """Rows of one sign, named, flagged, of the month, of a kind; else any of the stated number."""
    groups: list[Sequence[Row]] = [rows, *flagged_rows(rows, facts)]
    groups += [[c.row for c in column.cells if c.value * sign > 0] for sign in (1, -1)]
    named = named_rows(rows, facts)
    groups += [named, sized_rows(rows, facts)]
    if cues.WITHOUT.search(facts.text):
        groups.append([row for row in rows if not any(row is n for n in named)])
    of_month = _of_month(rows, facts)
    groups.append(of_month)
    groups += _of_one_kind(of_month or rows)
    for group in groups:
        fits = not counts or len(group) in counts
        whole = len(group) == len(rows) or group is of_month
        if len(group) > 1 and fits and _one_sign(column, group, whole=whole):
            yield group
    for size in counts:
        if 1 < size < len(rows) and comb(len(rows), size) <= _COMBINATIONS:
            yield from combinations(rows, size)


def _one_sign(column: Column, group: Sequence[Row], *, whole: bool) -> bool:
    """A net sum is of a whole table; a part of it adds what came in, or what went out."""
    signs = {c.value > 0 for c in column.cells if any(c.row is row for row in group)}
    return whole or len(signs) < 2


def _of_month(rows: Sequence[Row], facts: StatedFacts) -> list[Row]:
    """Return the rows of the months that are named; `from May to July` names June too."""
    months = [d for d in facts.dates if d.day is None and d.month is not None]
    if len(months) == 2 and _TO.fullmatch(facts.text[months[0].end : months[1].start]):
        first, last = (month.month or 0 for month in months)
        return [row for row in rows if any(first <= (d.month or 0) <= last for d in row.dates)]
    return [
        row
        for row in rows
        if any(m.month == d.month for m in months for d in row.dates if d.month is not None)
    ]


def _of_one_kind(rows: Sequence[Row]) -> list[Sequence[Row]]:
    """Rows that a field has in common: what `me` has sent, of all that came and went."""
    counts = Counter(label for row in rows for label in row.labels)
    shared = [label for label, count in counts.items() if 1 < count < len(rows)]
    return [[row for row in rows if label in row.labels] for label in shared[:_KINDS]]


def stated_counts(facts: StatedFacts, most: int) -> frozenset[int]:
    """Return the numbers of things that a sentence gives: `all three`, `the two`, `both`."""
    return frozenset(
        int(q.values[0])
        for q in facts.quantities
        if not q.dimension and q.values[0] == int(q.values[0]) and 2 <= q.values[0] <= most
    )


def line_totals(rows: Sequence[Row]) -> Iterator[Derived]:
    """Price times number, row by row and in all, as an order's total."""
    totals: list[Decimal] = []
    dimension = ""
    for row in rows:
        amounts = [h for h in row.held if is_amount(h)]
        numbers = [h for h in row.held if not h.quantity.dimension and not is_amount(h)]
        products = [signed(a) * signed(n) for a in amounts for n in numbers][:20]
        # `price_per_kg: 4.2` beside `kg: 440`, each as it is written.
        measured = [
            h for h in row.held if h.quantity.dimension in _ADDED_DIMENSIONS and not h.in_name
        ]
        for amount in amounts:
            for held in measured:
                worth = signed(amount) * held.quantity.values[0]
                yield Derived(worth, dimension_of(amount))
        for product in products:
            yield Derived(product, dimension_of(amounts[0]))
        if len(products) == 1:
            totals.append(products[0])
            dimension = dimension_of(amounts[0])
    if len(totals) == len(rows):
        yield Derived(sum(totals, Decimal(0)), dimension)
