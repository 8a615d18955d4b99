"""Orders: what several things cost together, each of which a sentence names with its number.

`Four adults and two children come to 200` is four times the one row's price and two times the
other's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from .derived import Derived
from .evidence import Row
from .facts import StatedFacts
from .ground import Holding
from .nearest import nearest_row
from .quantities import Quantity
from .tables import columns

_MOST = 40
"""Pieces of one kind that are ordered at once."""


def is_ordered(said: Quantity) -> bool:
    """Return whether a number may say how many of one thing are ordered."""
    value = said.values[0]
    return not said.dimension and value == int(value) and 1 <= value <= _MOST


def order_totals(facts: StatedFacts, cited: Holding) -> Iterator[Derived]:
    """Yield what the things that a sentence names with their numbers cost together."""
    numbers = [q for q in facts.quantities if is_ordered(q)]
    if len(numbers) < 2:
        return
    for rows in cited.tables:
        ordered = _ordered(rows, numbers, facts)
        if len(ordered) < len(numbers):
            continue
        for column in columns(rows):
            cells = column.cells_of([row for _, row in ordered])
            if len(cells) == len(ordered) and column.dimension.startswith("money:"):
                priced = zip(ordered, cells, strict=True)
                total = sum((number * cell.value for (number, _), cell in priced), Decimal(0))
                yield Derived(total, column.dimension)


def _ordered(
    rows: Sequence[Row], numbers: Sequence[Quantity], facts: StatedFacts
) -> list[tuple[Decimal, Row]]:
    """Return each number with the row that the words behind it name, where each names another."""
    found: list[tuple[Decimal, Row]] = []
    for number in numbers:
        after = [q.start for q in facts.quantities if q.start >= number.end]
        row = nearest_row(rows, facts, number.end, min(after, default=len(facts.text)))
        if row is not None and not any(row is other for _, other in found):
            found.append((number.values[0], row))
    return found
