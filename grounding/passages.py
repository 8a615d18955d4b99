"""Passages: whether a measure of prose is said of something else than the sentence of it tells.

`Full salary is paid for 18 weeks` is wrong where the text grants 18 weeks of leave, and the full
salary for the first 12 of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .evidence import Held, Indexed
from .facts import StatedFacts
from .ground import Holding
from .language import is_function_word
from .matching import carries
from .quantities import Quantity
from .units import unit_of
from .words import stem, tokens

_END = re.compile(r"(?<=[.;!?])\s|\n")
_PART = re.compile(r"(?<=[.;:!?,])\s|\n")
_MORE = 2
"""Words that the passage with another measure must share beyond those of the one that has it."""


@dataclass(frozen=True, kw_only=True)
class _Passage:
    stems: frozenset[str]
    held: list[Held]


def is_of_another(fact: Quantity, facts: StatedFacts, cited: Holding) -> bool:
    """Return whether only passages hold a measure that speak of less than another one does."""
    if not fact.dimension or any(item.leaves for item in cited.items):
        return False
    if any(item.facts.language != facts.language for item in cited.items):
        return False
    said = _content(facts.text)
    others = [q for q in facts.quantities if q is not fact]
    if _is_of_another_part(fact, facts, cited, said, others):
        return True
    passages = [p for item in cited.items for p in _passages(item, _END)]
    holders = [p for p in passages if _holds(p, fact, facts)]
    rivals = [
        p
        for p in passages
        if not _holds(p, fact, facts) and any(_is_alike(h, fact) for h in p.held)
    ]
    if not holders or not rivals:
        return False
    own = frozenset[str]().union(*(p.stems & said for p in holders))
    return any(
        own < (rival.stems & said)
        and len((rival.stems & said) - own) >= _MORE
        and not any(_holds(rival, q, facts) for q in others)
        for rival in rivals
    )


def _is_of_another_part(
    fact: Quantity,
    facts: StatedFacts,
    cited: Holding,
    said: frozenset[str],
    others: Sequence[Quantity],
) -> bool:
    """`A cat pays 32 euros`, where `a dog pays 32 euros a trip, a cat 18`.

    All that the other part says is said, and the part that holds the measure says more.
    """
    for item in cited.asserted.items:
        parts = [*_passages(item, _PART)]
        holders = [p for p in parts if _holds(p, fact, facts)]
        if not holders or any(p.stems <= said for p in holders):
            continue
        if any(
            part.stems
            and part.stems <= said
            and not any(part.stems & holder.stems for holder in holders)
            and not any(_holds(part, q, facts) for q in (fact, *others))
            and any(_is_alike(h, fact) for h in part.held)
            for part in parts
        ):
            return True
    return False


def _passages(item: Indexed, end: re.Pattern[str]) -> Iterator[_Passage]:
    start = 0
    for last in [*(m.end() for m in end.finditer(item.text)), len(item.text)]:
        held = [h for h in item.held if not h.path and start <= h.quantity.start < last]
        if held:
            yield _Passage(stems=_content(item.text[start:last]), held=held)
        start = last


def _content(text: str) -> frozenset[str]:
    return frozenset(
        stem(t.folded)
        for t in tokens(text)
        if len(t.folded) > 3
        and t.folded.isalpha()
        and not is_function_word(t.folded)
        and unit_of(t.text) is None
    )


def _holds(passage: _Passage, fact: Quantity, facts: StatedFacts) -> bool:
    return any(carries(h, fact, facts.text) for h in passage.held)


def _is_alike(held: Held, fact: Quantity) -> bool:
    return held.quantity.dimension == fact.dimension
