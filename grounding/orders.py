"""Orders: what several things cost together, each of which a sentence names with its number.

`Four adults and two children come to 200` is four times the one row's price and two times the
other's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal

from .derived import Derived
from .evidence import Row
from .facts import StatedFacts
from .ground import Holding
from .quantities import Quantity
from .tables import columns, distinctive
from .words import stem

_MOST = 40
"""Pieces of one kind that are ordered at once."""

_SHORT = 3


def is_ordered(said: Quantity) -> bool:
    """Return whether a number may say how many of one thing are ordered."""
    value = said.values[0]
    return not said.dimension and value == int(value) and 1 <= value <= _MOST


def order_totals(facts: StatedFacts, cited: Holding) -> Iterator[Derived]:
    """Yield what the things that a sentence names, each with its number or one, cost together."""
    for rows in cited.tables:
        ordered = _ordered(rows, facts)
        amounts = [q.start for q in facts.quantities if q.dimension.startswith("money:")]
        for last in {*amounts, len(facts.text)}:
            part = [(number, row) for number, row, at in ordered if at < last]
            if len(part) > 1:
                yield from _totals(rows, part)


def _totals(rows: Sequence[Row], ordered: Sequence[tuple[Decimal, Row]]) -> Iterator[Derived]:
    for column in columns(rows):
        cells = column.cells_of([row for _, row in ordered])
        if len(cells) == len(ordered) and column.dimension.startswith("money:"):
            priced = zip(ordered, cells, strict=True)
            total = sum((number * cell.value for (number, _), cell in priced), Decimal(0))
            yield Derived(total, column.dimension)


def _ordered(rows: Sequence[Row], facts: StatedFacts) -> list[tuple[Decimal, Row, int]]:
    """Return each row that is named, where, and the number right before it, or one."""
    found: list[tuple[Decimal, Row, int]] = []
    for row, at in _mentions(rows, facts):
        since = found[-1][2] if found else 0
        numbers = [q for q in facts.quantities if is_ordered(q) and since <= q.start < at]
        found.append((numbers[-1].values[0] if numbers else Decimal(1), row, at))
    return found


def _mentions(rows: Sequence[Row], facts: StatedFacts) -> list[tuple[Row, int]]:
    """Return the rows that are named by a word which no other has, in the order they are named."""
    # Once more, since one stemming leaves `adults` as `adult` and `adult` as `adul`.
    owns = [frozenset(map(stem, own)) for own in distinctive(rows)]
    spread = Counter(word for own in owns for word in own)
    places = {
        stem(stem(t.folded)): t.start for t in reversed(facts.tokens) if len(t.folded) > _SHORT
    }
    named = [
        (row, min(places[w] for w in own if spread[w] == 1 and w in places))
        for row, own in zip(rows, owns, strict=True)
        if any(spread[w] == 1 and w in places for w in own)
    ]
    return sorted(named, key=lambda mention: mention[1])
