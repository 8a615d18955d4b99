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
from .traits import Trait
from .words import key_words, listed

_FULL = re.compile(
    r"\b(?:full(?:y booked)?|booked up|sold out|voll|ausgebucht|complets?|complètes?"
    r"|pleins?|llen[oa]s?|complet[oa]s?|agotad[oa]s?)\b",
    re.IGNORECASE,
)
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


def _is_full(row: Row) -> bool | None:
    places, taken = _number(row, _PLACES), _number(row, _TAKEN)
    return None if places is None or taken is None else taken >= places


def _number(row: Row, names: frozenset[str]) -> Decimal | None:
    found = [
        leaf.value
        for leaf in row.own_leaves
        if isinstance(leaf.value, Decimal) and names.intersection(key_words(leaf.key))
    ]
    return found[0] if len(found) == 1 else None
