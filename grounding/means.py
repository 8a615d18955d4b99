"""Means: whether what a sentence calls an average is that of the column it names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal

from . import cues
from .counting import noun_after
from .derived import Derived, meets
from .evidence import Held
from .facts import StatedFacts
from .ground import Holding
from .matching import carries
from .quantities import Quantity
from .tables import Column, columns, named_rows
from .traits import flagged_rows
from .words import key_words, stems

_BETWEEN = re.compile(
    r"[^\W\d_]{0,6}\s(?:(?!and|und|et|y|over|aus|sur)[^\W\d_]{1,16}\s){0,4}", re.IGNORECASE
)
"""What may stand between the word and its number: `rating is`, `note est de`."""


def contradicted(said: Quantity, facts: StatedFacts, cited: Holding) -> bool:
    """Return whether a number is called the mean of a column whose mean is another."""
    if not cues.MEAN.search(facts.text) or noun_after(said, facts):
        return False
    if told := [h for h in cited.held if h.path and _is_told(h.key)]:
        return _is_called_mean(said, facts) and not _carries_some(told, said, facts, cited)
    said_stems = stems(facts.text)
    about = [
        column
        for rows in cited.tables
        for column in columns(rows)
        if column.cells[0].held.words & said_stems and not _is_mean(column)
    ]
    if not about:
        return False
    values = [d for column in about for d in _means(column, facts)]
    return not any(meets(derived, said) for derived in values)


def _is_called_mean(said: Quantity, facts: StatedFacts) -> bool:
    """`The average rating is 3`: it stands right behind the word, and nothing is compared."""
    text = facts.text[: said.start]
    cue = [match.end() for match in cues.MEAN.finditer(text)]
    return (
        bool(cue)
        and not said.dimension
        and not cues.DIFFERENCE.search(facts.text)
        and bool(_BETWEEN.fullmatch(text[cue[-1] :]))
    )


def _carries_some(told: Sequence[Held], said: Quantity, facts: StatedFacts, cited: Holding) -> bool:
    return any(carries(h, said, facts.text, cited.currencies) for h in told)


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
