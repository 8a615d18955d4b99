"""Frequency: words that say how often something happens, as the time from one to the next."""

from __future__ import annotations

import re
from decimal import Decimal

from .ground import Holding
from .quantities import Quantity
from .words import fold

_OFTEN = {
    ("month", Decimal(1)): "monthly monatlich mensuel mensuelle mensual",
    ("month", Decimal(3)): "quarterly vierteljährlich quartalsweise trimestriel trimestral",
    ("month", Decimal(6)): "semiannual biannual halbjährlich semestriel semestral",
    ("month", Decimal(12)): "yearly annual annually jährlich annuel annuelle anual",
    ("time", Decimal(604800)): "weekly wöchentlich hebdomadaire semanal",
    ("time", Decimal(1209600)): "fortnightly biweekly zweiwöchentlich bimensuel quincenal",
}
_WORDS = {fold(word): often for often, words in _OFTEN.items() for word in words.split()}
_EVERY = re.compile(r"\b(?:every|each|alle|tous les|toutes les|cada)\s$", re.IGNORECASE)


def recurs(said: Quantity, text: str, held: Holding) -> bool:
    """Return whether `every three months` is how often the evidence says: `quarterly`."""
    if not _EVERY.search(text[max(0, said.start - 12) : said.start]):
        return False
    known = {_WORDS[word] for word in held.words if word in _WORDS}
    return any((said.dimension, value) in known for value in said.base)
