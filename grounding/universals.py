"""Universals: whether what a sentence says of all entries of a list, or of none, is so."""

from __future__ import annotations

import re
from collections.abc import Sequence

from .evidence import Row
from .facts import StatedFacts
from .ground import Holding
from .lexicon.reading import any_of, lexicon
from .mixing import speaks_of_others
from .tables import named_rows
from .traits import Trait, traits

_WORDS = lexicon("comparisons")
_EACH = re.compile(rf"\b(?:{any_of(_WORDS['each'])})\b", re.IGNORECASE)
_NOT_EACH = re.compile(rf"\b(?:{any_of(_WORDS['not_each'])})", re.IGNORECASE)


def contradicted(facts: StatedFacts, cited: Holding) -> str:
    """Return the word by which all entries are said to be what only some are, or nothing."""
    match = _EACH.search(facts.text)
    if match is None or _NOT_EACH.search(facts.text) or speaks_of_others(facts):
        return ""
    if any(q.start <= match.end() + 1 <= q.end for q in facts.quantities):
        # `All three` is counted.
        return ""
    found = [t for rows in cited.tables for t in traits(rows, facts) if _speaks_of_all(rows, facts)]
    return match[0] if found and not any(map(_is_of_all, found)) else ""


def _speaks_of_all(rows: Sequence[Row], facts: StatedFacts) -> bool:
    named = named_rows(rows, facts)
    return not named or len(named) == len(rows)


def _is_of_all(trait: Trait) -> bool:
    return len(trait.meant) == len(trait.so) + len(trait.not_so)
