"""In part: what a number may say of a list of which its writer saw only the beginning.

It may repeat what a field or a phrase says. How many entries there are, or what they come to, its
writer cannot know, and by coincidence a list of a thousand entries holds almost any number.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from . import cues
from .evidence import Held, Indexed, Row
from .facts import StatedFacts
from .ground import Holding
from .quantities import Quantity
from .words import folded_words, listed, stem

NOT_COUNTED = (
    "is counted or computed over a list that was seen only in part: say what single entries hold, "
    "or that nothing was counted"
)

_IDS = listed("id ids")
"""Words for what tells one entry from any other."""
_HOW_MANY = frozenset(stem(word) for word in listed("many viele combien cuantos cuantas"))
_OF_ALL = frozenset(
    stem(word)
    for word in listed(
        """count counts total totals number num size length len results found matches sum amount
        anzahl gesamt summe treffer menge nombre cantidad numero suma somme"""
    )
)
"""Words in the names of fields that tell of a whole list, whatever it lists."""


def is_told(
    said: Quantity,
    facts: StatedFacts,
    seen: Holding,
    holds: Callable[[Quantity, Holding], bool],
) -> bool:
    """Return whether evidence that was seen in part itself says a number, uncounted.

    Args:
        said: The number.
        facts: The sentence it stands in.
        seen: What was seen in part.
        holds: Whether a number stands in a holding as it is.
    """
    if not holds(said, seen):
        return False
    if said.dimension and not cues.SUM.search(facts.cue_text):
        return True
    return any(
        _says(held, item, said, facts)
        for item in seen.items
        for held in item.held
        if said.values[0] in held.quantity.values
    )


_NOT_ALL = re.compile(r"\b(?:(?:not|nicht|pas) \w+|no tod\w+)", re.IGNORECASE)


def spoken_of_all(facts: StatedFacts, cited: Holding) -> str:
    """Return the word by which a sentence speaks of a whole list that was seen only in part.

    What an entry that it names holds is no matter of the whole list.
    """
    if not cited.listings or cited.seen_whole.items:
        return ""
    said = cues.ALL_OF.search(_NOT_ALL.sub(" ", facts.text))
    named = any(_is_named(row, facts) for item in cited.items for row in item.rows)
    return said[0] if said and not named else ""


def _says(held: Held, item: Indexed, said: Quantity, facts: StatedFacts) -> bool:
    listed_in = any(isinstance(part, int) for part in held.path)
    if listed_in and _identifies(held, item, said, facts):
        return True
    if listed_in and not any(
        _is_named(row, facts) for row in item.rows if row.path == held.path[:-1]
    ):
        return False
    if not held.path or held.quantity.end:
        return bool(_beside(held.quantity, item.facts) & _beside(said, facts))
    words = frozenset(stem(t.folded) for t in facts.tokens)
    # A field beside the list, such as `count`, tells of all of it.
    return bool(held.words & (words if listed_in else words | _OF_ALL))


def _identifies(held: Held, item: Indexed, said: Quantity, facts: StatedFacts) -> bool:
    """Whether a number is an entry's own id, in a sentence about ids: it names that entry."""
    before = facts.asked or facts.text[: said.start]
    if not held.words & _IDS or not folded_words(before) & _IDS:
        return False
    if frozenset(stem(w) for w in folded_words(facts.cue_text)) & (_OF_ALL | _HOW_MANY):
        return False
    number = held.quantity.text
    return any(leaf.path == held.path and str(leaf.value) == number for leaf in item.leaves)


def _beside(quantity: Quantity, facts: StatedFacts) -> frozenset[tuple[str, str]]:
    """Return the words right before and right after a number, with the side they stand on."""
    before = [t for t in facts.tokens if t.end <= quantity.start][-1:]
    after = [t for t in facts.tokens if t.start >= quantity.end][:1]
    sides = (("before", before), ("after", after))
    return frozenset(
        (side, stem(t.folded)) for side, near in sides for t in near if len(t.text) > 2
    )


def _is_named(row: Row, facts: StatedFacts) -> bool:
    """Whether a sentence names an entry by more than a word that many entries share."""
    said = facts.text.casefold()
    return any(
        text.casefold() in said
        for text in row.texts
        if len(text) > 1 and any(c.isdigit() or c.isupper() for c in text)
    )
