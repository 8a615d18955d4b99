"""Fullness: whether a class, a trip or a course has places left, from how many are taken.

Nothing says that one is full where `places: 12` stands beside `booked: 12`; it follows.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

from .clauses import denies
from .evidence import Row
from .facts import StatedFacts
from .ground import Holding
from .labels import subjects
from .mixing import speaks_of_others
from .quantities import Quantity
from .traits import Trait
from .words import key_words, listed

_FULL = re.compile(
    r"\b(?:full(?:y booked)?|booked up|sold out|voll|ausgebucht|complets?|complètes?"
    r"|pleins?|llen[oa]s?|complet[oa]s?|agotad[oa]s?)\b",
    re.IGNORECASE,
)
LEFT = re.compile(
    r"\b(?:left|free|available|open|remain\w*|frei\w*|verfügbar\w*|übrig|libres?|disponibles?|rest(?:e|ent|ant\w*)"
    r"|quedan?|quedamos|sobran?)\b",
    re.IGNORECASE,
)
"""Words by which a sentence speaks of the places that nobody has taken."""
_PLACES = listed(
    """capacity places seats spots slots max maximum plaetze platze kapazitat places capacite
    plazas capacidad cupo aforo"""
)
_TAKEN = listed(
    """booked taken enrolled registered used occupied sold belegt gebucht angemeldet besetzt
    inscrits reserves occupees prises inscritos reservadas ocupadas ocupado"""
)


def full_trait(rows: Sequence[Row], facts: StatedFacts) -> list[Trait]:
    """Return which rows are full and which are not, where a sentence speaks of that."""
    match = _FULL.search(facts.text)
    known = [(row, full) for row in rows if (full := _is_full(row)) is not None] if match else []
    if match is None or not known:
        return []
    return [
        Trait(
            key="full",
            so=[row for row, full in known if full],
            not_so=[row for row, full in known if not full],
            sign=-1 if denies(facts.text) else 1,
        )
    ]


def contradicted(facts: StatedFacts, cited: Holding) -> str:
    """Return the word by which one record is said to be full that is not, or the other way."""
    match = _FULL.search(facts.text)
    if match is None or speaks_of_others(facts):
        return ""
    for rows in cited.tables:
        named = subjects(rows, facts)
        for trait in full_trait(rows, facts):
            told = [row for row in (*trait.so, *trait.not_so) if any(row is n for n in named)]
            if len(named) == len(told) == 1 and not any(told[0] is row for row in trait.meant):
                return match[0]
    return ""


def wrong_number_left(said: Quantity, facts: StatedFacts, cited: Holding) -> bool:
    """Return whether a sentence says that so many places are left which are places, or taken.

    `12 places are left` is wrong where 12 of the 20 are booked.
    """
    if said.dimension or not LEFT.search(facts.text) or speaks_of_others(facts):
        return False
    named = [row for rows in cited.tables for row in subjects(rows, facts)] or cited.rows
    known = {id(row): (row, left) for row in named if (left := places_left(row)) is not None}
    if len(known) != 1:
        return False
    [(row, left)] = known.values()
    numbers = [q.values[0] for q in facts.quantities if not q.dimension]
    return len(numbers) == 1 and said.values[0] != left and said.values[0] in _numbers(row)


def places_left(row: Row) -> Decimal | None:
    """Return how many places of a record nobody has taken."""
    places, taken = _number(row, _PLACES), _number(row, _TAKEN)
    return None if places is None or taken is None else places - taken


def _numbers(row: Row) -> set[Decimal]:
    return {leaf.value for leaf in row.own_leaves if isinstance(leaf.value, Decimal)}


def _is_full(row: Row) -> bool | None:
    left = places_left(row)
    return None if left is None else left <= 0


def _number(row: Row, names: frozenset[str]) -> Decimal | None:
    found = [
        leaf.value
        for leaf in row.own_leaves
        if isinstance(leaf.value, Decimal) and names.intersection(key_words(leaf.key))
    ]
    return found[0] if len(found) == 1 else None
