"""Overdue: whether a sentence calls late what is, by its day and today.

Nothing says that a loan is overdue where `due: 2026-03-10` stands; it follows when that day is
past, unless its record says that it was paid or brought back.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from .clauses import denies, field_clause
from .evidence import Row
from .facts import StatedFacts
from .ground import Holding
from .labels import subjects
from .mixing import speaks_of_others
from .quantities import Quantity
from .tables import is_among
from .traits import Trait
from .words import key_words, listed

_OVERDUE = re.compile(
    r"\b(?:overdue|past due|past (?:its|their) due dates?|überfällig\w*|(?:ist|sind) verspätet"
    r"|en retard|vencid[oa]s?|atrasad[oa]s?|con retraso)\b",
    re.IGNORECASE,
)
_DUE = listed(
    """due deadline duedate return_by pay_by fällig faellig fälligkeit faelligkeit rückgabe bis
    frist échéance echeance vencimiento vence plazo límite limite devolver devolución"""
)
_SETTLED = frozenset({"paid", "returned", "complete", "collected", "received", "cancelled"})
"""Concepts by which a record says that nothing is awaited any more."""


def contradicted(facts: StatedFacts, cited: Holding, today: date) -> str:
    """Return the word by which one record is said to be late that is not, or the other way."""
    match = _OVERDUE.search(facts.text)
    return match[0] if match and _is_right(facts, cited, today) is False else ""


def is_so(facts: StatedFacts, cited: Holding, today: date) -> bool:
    """Return whether one record is said to be late, or not to be, and is so by its day."""
    return bool(_OVERDUE.search(facts.text)) and _is_right(facts, cited, today) is True


def _is_right(facts: StatedFacts, cited: Holding, today: date) -> bool | None:
    """Return whether what is said of one record's lateness is so; None where no day tells."""
    if speaks_of_others(facts):
        return None
    for rows in _lists(cited):
        trait = _trait(rows, facts, today)
        named = subjects(rows, facts) if len(rows) > 1 else rows
        if trait and len(named) == 1 and is_among(named[0], [*trait.so, *trait.not_so]):
            return is_among(named[0], trait.meant)
    return None


def counts(said: Quantity, facts: StatedFacts, cited: Holding, today: date) -> bool | None:
    """Return whether a number is how many are late; None where none are known to be or not."""
    if not _OVERDUE.search(facts.text[said.end :]):
        return None
    found = [t for rows in cited.tables if (t := _trait(rows, facts, today))]
    if not found:
        return None
    return any(said.values[0] == len(trait.meant) for trait in found)


def _lists(cited: Holding) -> list[Sequence[Row]]:
    """Return the tables, and each record that stands in none."""
    listed = {id(row) for rows in cited.tables for row in rows}
    return [*cited.tables, *([row] for row in cited.rows if id(row) not in listed)]


def _trait(rows: Sequence[Row], facts: StatedFacts, today: date) -> Trait | None:
    days = [(row, day) for row in rows if (day := _due(row))]
    if not days:
        return None
    late = [row for row, day in days if day < today and not _is_settled(row)]
    return Trait(
        key="overdue",
        so=late,
        not_so=[row for row, _ in days if not is_among(row, late)],
        sign=-1 if denies(facts.text) else 1,
    )


def _due(row: Row) -> date | None:
    """Return the one day by which a record is due."""
    found = [
        leaf.value[:10]
        for leaf in row.own_leaves
        if isinstance(leaf.value, str) and _DUE.intersection(key_words(leaf.key))
    ]
    try:
        return date.fromisoformat(found[0]) if len(found) == 1 else None
    except ValueError:
        return None


def _is_settled(row: Row) -> bool:
    clauses = [c for leaf in row.own_leaves if (c := field_clause(leaf))]
    return any(m.name in _SETTLED and m.sign > 0 for c in clauses for m in c.concepts)
