"""Polarity: whether a sentence denies what its evidence says, or says what that denies.

Read from negations and from opposites, clause by clause. A sentence with an exception or a
condition (`unless`, `only if`) is left to meaning: which side of it a negation belongs to is no
question of words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from . import flags
from .clauses import SpokenClause, clauses_of, field_clause, read_clauses
from .counting import counts_part
from .evidence import Row
from .facts import StatedFacts
from .ground import Holding
from .labels import subjects
from .tables import named_rows
from .words import listed, stem

_COMPARED = re.compile(
    r"\b(?:than|als|(?:más|menos|plus|moins)\b[^.;]{1,50}\bqu(?:e\b|[’']))", re.IGNORECASE
)
"""What sets one record against another speaks of both."""
_AT_THAT_TIME = re.compile(
    r"\b(?:(?:at|by) that (?:time|hour)|then|that early|that late|um diese (?:zeit|uhrzeit)"
    r"|dann noch|zu dieser zeit"
    r"|à cette heure(?:-là)?|à ce moment-là|a esa hora|en ese momento)\b",
    re.IGNORECASE,
)
_EXCEPTIONS = listed(
    """unless except only if until außer nur falls wenn sofern bis sauf seulement si hormis moins
    excepto salvo solo sólo sino hasta"""
)


def contradicted(facts: StatedFacts, cited: Holding) -> str:
    """Return the word whose polarity the evidence turns round, or an empty string."""
    if any(token.folded in _EXCEPTIONS for token in facts.tokens):
        return ""
    in_part = any(counts_part(q, facts) for q in facts.quantities)
    # `Two of them are not delivered`: of how many entries it is so is counted, not compared.
    rows = [] if in_part or _COMPARED.search(facts.text) else _spoken_rows(facts, cited)
    named = [c for row in rows for leaf in row.leaves if (c := field_clause(leaf))]
    held = _besides_others(rows, cited) if rows or in_part else cited.clauses
    for clause in read_clauses(facts.text):
        if word := _by_concept(clause, facts, named, held) or _by_word(clause, facts, named, held):
            return word
        if word := _by_flag(clause, facts, named or held):
            return word
    return flags.contradicted(facts, named or held)


def _spoken_rows(facts: StatedFacts, cited: Holding) -> list[Row]:
    """Return the rows that the sentence names, where it names some and not all of a table."""
    found: list[Row] = []
    for rows in cited.tables:
        # What a sentence says of a record may be a word of others: `Pepper's is not confirmed`.
        named = subjects(rows, facts) or named_rows(rows, facts)
        if named and len(named) < len(rows):
            found += named
    return found


def _besides_others(spoken: Sequence[Row], cited: Holding) -> list[SpokenClause]:
    """Return what is cited without the other rows of the tables that the sentence speaks of.

    Where it speaks of none, without any rows.
    """
    others = {
        id(leaf)
        for rows in cited.tables
        if not spoken or any(row is own for row in rows for own in spoken)
        for row in rows
        if not any(row is own for own in spoken)
        for leaf in row.leaves
    }
    found: list[SpokenClause] = []
    for item in cited.items:
        kept = [leaf for leaf in item.leaves if id(leaf) not in others]
        found += [c for leaf in kept if (c := field_clause(leaf))] if kept else clauses_of(item)
    return found


def _by_concept(
    clause: SpokenClause,
    facts: StatedFacts,
    named: Sequence[SpokenClause],
    held: Sequence[SpokenClause],
) -> str:
    """A concept that is only the other way round in what the sentence speaks of."""
    said_days = {(d.month, d.day) for d in facts.dates}
    for mention in clause.concepts:
        if mention.supposed:
            # `Once you have paid` says nothing of whether it was.
            continue
        if mention.name == "open" and (clause.hours or _AT_THAT_TIME.search(facts.text)):
            # `closes at 7 pm` and `open until 7 pm` are one.
            continue
        by_date = [c for c in held if said_days & c.dates]
        by_day = [c for c in held if clause.days and clause.days & c.days]
        scope = (
            _signs(mention.name, by_date)
            or _signs(mention.name, by_day)
            or _signs(mention.name, _by_field(clause, held))
            or _signs(mention.name, named)
            or _signs(mention.name, _closest(clause, held))
        )
        signs = scope or _signs(mention.name, held)
        if signs and mention.sign not in signs:
            return mention.name
    return ""


def _by_field(clause: SpokenClause, held: Sequence[SpokenClause]) -> list[SpokenClause]:
    """Return what the one field holds whose whole name is said: `medical_form: missing`."""
    named = [c for c in held if c.field and c.field <= clause.stems]
    return named if len({c.field for c in named}) == 1 else []


def _signs(concept: str, clauses: Sequence[SpokenClause]) -> set[int]:
    return {m.sign for c in clauses for m in c.concepts if m.name == concept}


def _closest(clause: SpokenClause, held: Sequence[SpokenClause]) -> list[SpokenClause]:
    """Return the clauses that share most of their words, where they share more than one."""
    about = clause.stems - clause.told
    scores = [len(about & other.stems) for other in held]
    best = max(scores, default=0)
    closest = [c for c, score in zip(held, scores, strict=True) if score == best]
    return closest if best > 1 or (best == 1 and len(closest) == 1) else []


def _by_flag(clause: SpokenClause, facts: StatedFacts, held: Sequence[SpokenClause]) -> str:
    """`parts_in_stock: false` says of `the parts are in stock` that it is not so."""
    signs: dict[frozenset[str], set[int]] = {}
    for field in held:
        if field.flag and len(field.stems) > 1 and field.stems <= clause.stems:
            signs.setdefault(field.stems, set()).add(field.flag)
    said = -1 if clause.denies != bool(flags.OFF.search(facts.text)) else 1
    return next((" ".join(sorted(stems)) for stems, both in signs.items() if said not in both), "")


def _by_word(
    clause: SpokenClause,
    facts: StatedFacts,
    named: Sequence[SpokenClause],
    held: Sequence[SpokenClause],
) -> str:
    """A word that is negated on one side only, in a clause that shares most of the words.

    What a field holds names things rather than saying that they are so: it can deny what a
    sentence says, and a sentence that denies it is no contradiction.
    """
    capitals = {stem(t.folded) for t in facts.tokens if t.text[0].isupper()}
    names = capitals if facts.language != "de" else set[str]()
    needed = max(2, (len(clause.stems) + 1) // 2)
    close = [c for c in held if len(clause.stems & c.stems) >= needed]
    for mention in clause.words:
        if mention.name in names:
            continue
        near = [c for c in (*close, *named) if not c.flag or len(c.stems) < 2]
        found = [(m.sign, c.of_field) for c in near for m in c.words if m.name == mention.name]
        signs = {sign for sign, of_field in found if sign < 0 or not of_field}
        if any(c.denies == clause.denies for c in close):
            continue
        if signs and mention.sign not in {sign for sign, _ in found}:
            return mention.name
    return ""
