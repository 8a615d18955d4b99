"""Opposites: words of four languages that say that something is so, and those that it is not."""

from __future__ import annotations

from functools import lru_cache

from .lexicon.reading import lexicon
from .words import listed

_BY_WORD = {
    word: (concept, sign)
    for concept, sides in lexicon("opposites").items()
    for side, sign in (("so", 1), ("not_so", -1))
    for word in listed(sides.get(side, ""))
}
_BY_FIELD = {
    word: (concept, 1)
    for concept, sides in lexicon("opposites").items()
    for word in listed(sides.get("field", ""))
}
"""Nouns that say so only as the name of a yes-or-no field: `insurance: true`."""
_INFLECTED = ("s", "e", "es", "en", "er", "em", "a", "o", "as", "os")


@lru_cache(maxsize=8192)
def concept_of(folded: str) -> tuple[str, int] | None:
    """Return the concept that a folded word names, and 1 for its being so or -1 for not."""
    if found := _BY_WORD.get(folded):
        return found
    for ending in _INFLECTED:
        if folded.endswith(ending) and (found := _BY_WORD.get(folded[: -len(ending)])):
            return found
    return None


def concept_of_field(folded: str) -> tuple[str, int] | None:
    """Return the concept that a word of a yes-or-no field's name names."""
    return _BY_FIELD.get(folded) or concept_of(folded)
