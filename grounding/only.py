"""Only: whether what a sentence says of one entry of a list alone is so of that entry alone."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .evidence import Row
from .facts import StatedFacts
from .ground import Holding
from .labels import label_traits, most_named
from .lexicon.reading import any_of, lexicon
from .tables import named_rows
from .traits import traits

_WORDS = lexicon("comparisons")
_ONE = re.compile(rf"\b(?:{any_of(_WORDS['only_one'])})\b", re.IGNORECASE)
_ONLY = re.compile(rf"\b(?:{any_of(_WORDS['only'])})\b", re.IGNORECASE)
_OF_RULES = re.compile(rf"\b(?:{any_of(_WORDS['only_of_rules'])})\b", re.IGNORECASE)


def contradicted(facts: StatedFacts, cited: Holding) -> str:
    """Return the word by which one entry is set apart from others that are like it, or nothing."""
    if _OF_RULES.search(facts.text):
        return ""
    if match := _ONE.search(facts.text):
        sizes = [len(meant) for _, meant in _meant(facts, cited)]
        return match[0] if sizes and 1 not in sizes else ""
    if match := says_only(facts):
        pairs = [(n, m) for rows, m in _meant(facts, cited) if (n := _named(rows, facts))]
        pairs += _of_label(facts, cited)
        return match if pairs and not any(_same(n, m) for n, m in pairs) else ""
    return ""


def says_only(facts: StatedFacts) -> str:
    """Return the word by which a sentence sets something apart from all others, or nothing."""
    match = _ONLY.search(facts.text)
    return match[0] if match and not _OF_RULES.search(facts.text) else ""


def _meant(facts: StatedFacts, cited: Holding) -> Iterator[tuple[list[Row], list[Row]]]:
    """Yield each table with the rows of which it is so as the sentence says."""
    for rows in cited.tables:
        yield from ((rows, trait.meant) for trait in traits(rows, facts))


def _of_label(facts: StatedFacts, cited: Holding) -> list[tuple[list[Row], list[Row]]]:
    """Return the rows that are named, with those that have a label which the sentence says."""
    found = [(rows, t) for rows in cited.tables for t in label_traits(rows, facts)]
    return [(n, t.meant) for rows, t in found if (n := most_named(rows, facts, besides=t.key))]


def _named(rows: list[Row], facts: StatedFacts) -> list[Row]:
    named = named_rows(rows, facts)
    return named if len(named) < len(rows) else []


def _same(one: list[Row], other: list[Row]) -> bool:
    return {id(row) for row in one} == {id(row) for row in other}
