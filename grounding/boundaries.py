"""Boundaries: whether a time of day is when something begins, or when it ends."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .facts import StatedFacts
from .ground import Holding
from .times import TimeOfDay, times
from .words import key_words, listed

_STARTS = listed("start begin starts begins beginn anfang inicio empieza debut commence")
_ENDS = listed("end ends ende fin finish termina hasta")
_ENDING = re.compile(
    r"\b(?:end\w*|until|till|finish\w*|over|free|after|from|by|clos\w+|ende\w*|bis|fertig|vorbei|frei|nach|ab"
    r"|schließ\w+|fin\w*|jusqu\w*|termin\w*|libres?|après|dès|ferm\w+|hasta|acab\w*|después|desde|cierr\w+|sal\w+"
    r"|last (?:entry|admission)|letzte[rn]? (?:einlass|eintritt)|derni(?:er accès|ère entrée)"
    r"|último acceso|última entrada)\b",
    re.IGNORECASE,
)


def is_end(fact: TimeOfDay, facts: StatedFacts, held: Holding) -> bool:
    """Return whether a sentence gives as its only time one at which something ends."""
    if len(facts.times) != 1 or _ENDING.search(facts.text):
        return False
    fields = list(_fields(held))
    ends = [clock for words, clock in fields if words & _ENDS]
    others = [clock for words, clock in fields if not words & _ENDS]
    begins = any(words & _STARTS for words, _ in fields)
    return begins and any(c.is_at(fact) for c in ends) and not any(c.is_at(fact) for c in others)


def speaks_of_end(text: str) -> bool:
    """Return whether a sentence says when something is over."""
    return bool(_ENDING.search(text))


def _fields(held: Holding) -> Iterator[tuple[frozenset[str], TimeOfDay]]:
    for item in held.items:
        for leaf in item.leaves:
            if isinstance(leaf.value, str) and len(leaf.value) < 40:
                words = frozenset(key_words(leaf.key))
                yield from ((words, clock) for clock in times(leaf.value))
        if not item.leaves:
            yield from ((frozenset[str](), clock) for clock in item.times)
