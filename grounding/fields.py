"""Fields: whether a fact stands in another field of a record than the one a sentence speaks of.

`Delivered on the 14th` is wrong where `sent` is the 14th and `delivered` the 17th; so is `the visit
is on the 2nd` where it was booked on that day and is on another.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import TypeAlias

from . import cues
from .clauses import denies
from .dates import WrittenDate, dates
from .evidence import Row
from .facts import StatedFacts
from .ground import Holding
from .lexicon.reading import lexicon
from .matching import carries
from .mixing import speaks_of_others
from .quantities import Quantity
from .records import Leaf
from .relative import RelativeDays
from .times import TimeOfDay, times
from .units import unit_of
from .words import key_words, listed, stem, tokens

Placed: TypeAlias = Quantity | WrittenDate | RelativeDays | TimeOfDay

_CONCEPTS = {name: listed(words) for name, words in lexicon("fields").items()}
_PREFIX = 5
"""Letters of the shortest word of the lists that stands for all that begin with it."""
_WHEN = listed("date datum fecha day tag jour dia when wann quand cuando termin appointment at")
"""Names of fields that say when something is, whatever it is."""
_BREAK = re.compile(
    r"(?<!\d)[.,;:!?]|[,;:!?](?!\d)|\b(?:and|und|et|y|but|aber|mais|pero|plus|sowie|with|mit|avec|con)\b",
    re.IGNORECASE,
)
_IS = r"\b(?:is|are|ist|sind|est|sont|es|son|está|están)\s"
_STANDS = re.compile(
    rf"{_IS}(?:[^\W\d_]{{1,24}}\s)?(?:on|am|le|el)?\s?(?:[^\W\d_]{{1,24}},?\s)?$", re.IGNORECASE
)
_IS_FOR = re.compile(
    rf"{_IS}(?:[^\W\d_]{{1,24}}\s){{1,3}}(?:for|für|pour|para)\s(?:the\s|den\s|le\s|el\s)?$",
    re.IGNORECASE,
)
_TO_PAY = listed("pay pagar abonar payer régler bezahlen zahlen begleichen")
_PAST = re.compile(
    r"\b(?:was|were|has been|have been|had been|arrived|left|came|ended|began|wurden?|worden|kam"
    r"|traf|a été|ont été|est (?:arrivé|parti)e?|fue|fueron|ha sido|han sido|llegó|salió"
    r"|se \w+ó)\b",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?:19|20)\d\d")
_LONGEST = 40
"""Characters of a text value that is a date or time."""
_BEFORE = 40
"""Characters before a fact in which the verb stands that says when something is."""


def contradicted(
    facts: StatedFacts, stated: Sequence[Placed], cited: Holding, context: Holding
) -> str:
    """Return a fact that only another field of its record holds, or an empty string.

    Args:
        facts: The sentence's.
        stated: Its numbers, days and times.
        cited: What it cites.
        context: What needs no citation, and may hold a fact too.
    """
    if speaks_of_others(facts) or denies(facts.text):
        return ""
    if cues.SUM.search(facts.text):
        return ""
    for fact in (f for f in stated if not _YEAR.fullmatch(f.text.strip())):
        found = [row for row in cited.rows if any(_holds(row, fact, facts)(f) for f in row.leaves)]
        if len(found) == 1 and not _stands_in(fact, facts, cited, context):
            [row] = found
            if _is_misplaced(fact, facts, row):
                return fact.text.strip()
    return ""


def _stands_in(fact: Placed, facts: StatedFacts, cited: Holding, context: Holding) -> bool:
    """Whether prose that is cited holds it, or what needs no citation."""
    prose = Holding(tuple(item for item in cited.items if not item.leaves)) + context
    match fact:
        case Quantity():
            return any(carries(h, fact, facts.text) for h in prose.held)
        case TimeOfDay():
            return any(t.is_at(fact) for t in prose.times)
        case RelativeDays():
            return any(map(fact.is_of, prose.dates))
        case _:
            return any(d.day and fact.matches(d) for d in prose.dates)


def _is_misplaced(fact: Placed, facts: StatedFacts, row: Row) -> bool:
    holds = _holds(row, fact, facts)
    holders = [leaf for leaf in row.leaves if holds(leaf)]
    parents = {leaf.path[:-1] for leaf in holders}
    others = [
        leaf
        for leaf in row.leaves
        if leaf.path[:-1] in parents and not holds(leaf) and _is_alike(leaf, row, fact)
    ]
    telling = _telling([*holders, *others])
    if _says_when(fact, facts, holders, others, telling):
        return True
    said = _stems(facts.text)
    if _is_only_planned(fact, facts, holders, others):
        return True
    if any(_is_spoken_of(leaf, others, telling, said) for leaf in holders):
        return False
    clause = _stems(_clause(fact, facts.text))
    named = [leaf for leaf in others if _is_named(leaf, telling, clause, whole=True)]
    if any(map(_is_when, holders)):
        # `Booked for the 2nd` says when it is, `done on the 2nd` when it was done.
        named = [leaf for leaf in named if not _is_of(leaf, "asked")]
    return len(named) == 1 and not _is_said(named[0], row, facts, fact)


def _says_when(
    fact: Placed,
    facts: StatedFacts,
    holders: Sequence[Leaf],
    others: Sequence[Leaf],
    telling: Counter[str],
) -> bool:
    """`The visit is on the 2nd` says neither when it was booked nor when it was asked for."""
    if isinstance(fact, Quantity | TimeOfDay) or not others:
        return False
    if not all(_is_of(leaf, "asked") for leaf in holders):
        return False
    if all(_is_of(leaf, "asked") for leaf in others):
        return False
    before = facts.text[max(0, fact.start - _BEFORE) : fact.start]
    lead = re.match(r"(?:le|el|am)\s", fact.text, re.IGNORECASE)
    before += lead[0] if lead else ""
    if _IS_FOR.search(before):
        return True
    named = any(_is_named(leaf, telling, _stems(facts.text)) for leaf in holders)
    return bool(_STANDS.search(before)) and not named


def _is_only_planned(
    fact: Placed, facts: StatedFacts, holders: Sequence[Leaf], others: Sequence[Leaf]
) -> bool:
    """`It was delivered on the 12th` is wrong where that was planned, and the 15th came of it."""
    if isinstance(fact, Quantity) or not all(_is_of(leaf, "planned") for leaf in holders):
        return False
    said = {c for word in _stems(_clause(fact, facts.text)) for c in _concepts(word)}
    if "planned" in said or not _PAST.search(facts.text):
        return False
    of_what = {c for leaf in holders for word in key_words(leaf.key) for c in _concepts(word)}
    return any(
        not _is_of(leaf, "planned") and any(_is_of(leaf, c) for c in said & of_what)
        for leaf in others
    )


def _is_spoken_of(
    leaf: Leaf, others: Sequence[Leaf], telling: Counter[str], said: frozenset[str]
) -> bool:
    """Whether a sentence names a field, or it may be meant where nothing is named."""
    own = frozenset(key_words(leaf.key))
    if _is_named(leaf, telling, said):
        return True
    if _is_when(leaf):
        return False
    # `seats` is named by `25 seats`, and `seats_used` by `25 seats are used`.
    longer = [o for o in others if own < frozenset(key_words(o.key))]
    stems = {stem(word) for word in said}
    return all(stem(word) in stems for word in own) and not any(
        _is_named(o, telling, said) for o in longer
    )


def _is_when(leaf: Leaf) -> bool:
    return bool(_WHEN.intersection(key_words(leaf.key)))


def _is_of(leaf: Leaf, concept: str) -> bool:
    return any(concept in _concepts(word) for word in key_words(leaf.key))


def _telling(leaves: Sequence[Leaf]) -> Counter[str]:
    """Return how many of some fields have a word: what several have tells none apart."""
    return Counter(word for leaf in leaves for word in frozenset(key_words(leaf.key)))


def _is_named(
    leaf: Leaf, telling: Counter[str], said: frozenset[str], *, whole: bool = False
) -> bool:
    """Whether a sentence says a word of a field's name that its neighbours have not.

    Args:
        leaf: The field.
        telling: How many of the fields have a word.
        said: The sentence's words.
        whole: Whether it must say each such word: `returned` is not `deposit_returned_on`.
    """
    own = [w for w in key_words(leaf.key) if len(w) > 2 and telling[w] == 1 and not unit_of(w)]
    concepts = {c for word in said for c in _concepts(word)}
    stems = {stem(word) for word in said}
    found = [stem(word) in stems or bool(_concepts(word) & concepts) for word in own]
    return bool(found) and (all(found) if whole else any(found))


@lru_cache(maxsize=8192)
def _concepts(word: str) -> frozenset[str]:
    return frozenset(
        name
        for name, words in _CONCEPTS.items()
        if word in words or any(word[:n] in words for n in range(_PREFIX, len(word)))
    )


def _stems(text: str) -> frozenset[str]:
    """Return the words of a text; what is to be paid is not what was."""
    return frozenset(token.folded for token in tokens(text)) - _TO_PAY


def _clause(fact: Placed, text: str) -> str:
    """Return the clause that a fact stands in."""
    breaks = list(_BREAK.finditer(text))
    first = max((m.end() for m in breaks if m.end() <= fact.start), default=0)
    last = min((m.start() for m in breaks if m.start() >= fact.end), default=len(text))
    return text[first:last]


def _is_said(leaf: Leaf, row: Row, facts: StatedFacts, fact: Placed) -> bool:
    """Whether a sentence says what a field holds, or the field holds nothing."""
    if isinstance(leaf.value, Decimal):
        own = [h for h in row.held if h.path == leaf.path]
        others = [q for q in facts.quantities if q is not fact]
        return not leaf.value or any(carries(h, q, facts.text) for h in own for q in others)
    if isinstance(fact, TimeOfDay):
        return any(_holds(row, t, facts)(leaf) for t in facts.times)
    return any(_holds(row, d, facts)(leaf) for d in facts.dates if d.day)


def _holds(row: Row, fact: Placed, facts: StatedFacts) -> Callable[[Leaf], bool]:
    """Return whether a field of a record holds a fact."""
    match fact:
        case Quantity():
            paths = {h.path for h in row.held if h.path and carries(h, fact, facts.text)}
            return lambda leaf: leaf.path in paths and not _is_name(leaf)
        case TimeOfDay():
            return lambda leaf: any(t.is_at(fact) for t in times(_short(leaf)))
        case RelativeDays():
            return lambda leaf: any(map(fact.is_of, _days(leaf)))
        case _:
            return lambda leaf: any(d.day and fact.matches(d) for d in _days(leaf))


def _is_name(leaf: Leaf) -> bool:
    """Whether a text only has a number in its name: `Corva E 20`, and no `20 €`."""
    return isinstance(leaf.value, str) and leaf.value[:1].isalpha()


def _is_alike(leaf: Leaf, row: Row, fact: Placed) -> bool:
    """Whether a field holds something of a fact's kind."""
    match fact:
        case Quantity():
            own = [h.quantity.dimension for h in row.held if h.path == leaf.path]
            if not isinstance(leaf.value, Decimal):
                return False
            if fact.dimension == "percent" and leaf.value > 1 and "percent" not in own:
                # How many there are is no share of them.
                return False
            # Less than one of a currency is a share: `discount: 0.15`.
            is_share = fact.dimension.startswith("money:") and 0 < leaf.value < 1
            return not is_share and any(
                not fact.dimension or d in ("", fact.dimension) for d in own
            )
        case TimeOfDay():
            return bool(times(_short(leaf)))
        case _:
            return bool(_days(leaf))


def _days(leaf: Leaf) -> list[WrittenDate]:
    return [d for d in dates(_short(leaf), "en") if d.day]


def _short(leaf: Leaf) -> str:
    return leaf.value if isinstance(leaf.value, str) and len(leaf.value) <= _LONGEST else ""
