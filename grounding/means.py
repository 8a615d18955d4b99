"""Means: whether what a sentence calls an average is that of the column it names."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from . import cues
from .counting import noun_after
from .derived import Derived, meets
from .facts import StatedFacts
from .ground import Holding
from .quantities import Quantity
from .tables import Column, columns, named_rows
from .traits import flagged_rows
from .words import key_words, stems


def contradicted(said: Quantity, facts: StatedFacts, cited: Holding) -> bool:
    """Return whether a number is called the mean of a column whose mean is another."""
    if not cues.MEAN.search(facts.text) or noun_after(said, facts):
        return False
    said_stems = stems(facts.text)
    about = [
        column
        for rows in cited.tables
        for column in columns(rows)
        if column.cells[0].held.words & said_stems and not _is_mean(column)
    ]
    if not about or any(_is_told(h.key) for h in cited.held):
        return False
    values = [d for column in about for d in _means(column, facts)]
    return not any(meets(derived, said) for derived in values)


def _means(column: Column, facts: StatedFacts) -> Iterator[Derived]:
    rows = [cell.row for cell in column.cells]
    for group in (rows, named_rows(rows, facts), *flagged_rows(rows, facts)):
        values = [c.value for c in column.cells if any(c.row is row for row in group)]
        if values:
            mean = sum(values, Decimal(0)) / len(values)
            yield Derived(mean, column.dimension, rounded=True)


def _is_mean(column: Column) -> bool:
    return _is_told(column.key)


def _is_told(key: str) -> bool:
    """Return whether a field itself holds an average."""
    return bool(cues.MEAN.search(" ".join(key_words(key))))
