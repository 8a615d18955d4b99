"""Attributes: whether a sentence gives one record the name, place or weekday of another one.

`The choir rehearses in T 12` is wrong where T 12 is the room of another course, and the choir has
a room of its own. No verb need say so: what names something is said of whatever stands beside it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from .clauses import denies
from .dates import MONTHS
from .evidence import Row
from .facts import StatedFacts
from .ground import Holding
from .labels import LabelColumn, content, label_columns, saying, subjects
from .mixing import speaks_of_others
from .relative import WEEKDAYS
from .tables import rows_of_moment
from .words import fold

_APART = re.compile(
    r"[;:,]\s|\b(?:and|und|et|y|e|but|aber|mais|pero|or|oder|ou|like|wie|comme|como|after|before|nach"
    r"|vor|après|avant|después|antes|while|während|also|auch|aussi|también)\b",
    re.IGNORECASE,
)


def contradicted(facts: StatedFacts, cited: Holding) -> str:
    """Return the name that a sentence gives to a record and that another one has, or nothing."""
    if speaks_of_others(facts) or denies(facts.text):
        return ""
    found = (_misplaced(rows, facts) for rows in cited.tables)
    return next((name for name in found if name), "")


def _misplaced(rows: Sequence[Row], facts: StatedFacts) -> str:
    columns = [c for c in label_columns(rows) if c.names or (_has_digits(c) and not c.tells_state)]
    kinds = [c for c in label_columns(rows) if c.is_distinct and not c.tells_state]
    found = [_subject(columns, rows, facts), *(_by_kind(c, facts) for c in kinds)]
    return next((name for n, one in found if (name := _given(n, one, columns, facts))), "")


def _by_kind(column: LabelColumn, facts: StatedFacts) -> tuple[LabelColumn, Row | None]:
    """Return the one row that a sentence names by what it is, with that field."""
    named = column.named(facts)
    return column, named[0] if len(named) == 1 else None


def _given(
    naming: LabelColumn | None, one: Row | None, columns: Sequence[LabelColumn], facts: StatedFacts
) -> str:
    """Return the name that a sentence gives to its record and that another one has."""
    if one is None:
        return ""
    for column in columns:
        own, said = column.of(one), _said_of(column, facts)
        if column is naming or not own or not said or _APART.search(facts.text):
            continue
        if not any(_is_of(one, label) for label in said):
            return said[0]
    return ""


def _subject(
    columns: Sequence[LabelColumn], rows: Sequence[Row], facts: StatedFacts
) -> tuple[LabelColumn | None, Row | None]:
    """Return the one row that a sentence is about, by its identifier or its first naming field."""
    for column in columns:
        named = column.named(facts) if column.tells_apart else []
        if named:
            return column, named[0] if len(named) == 1 else None
    found = (subjects(rows, facts) if facts.identifiers else []) or rows_of_moment(rows, facts)
    return None, found[0] if len(found) == 1 else None


def _has_digits(column: LabelColumn) -> bool:
    """Whether some of its values tell one thing from another by a number: `room 204`."""
    return any(any(map(str.isdigit, value)) for _, value in column.cells)


def _said_of(column: LabelColumn, facts: StatedFacts) -> list[str]:
    """Return the values of a column that a sentence says; one with digits as it is written."""
    return [
        label
        for label in sorted({value for _, value in column.cells})
        if (
            fold(label) in fold(facts.text)
            if any(c.isdigit() for c in label)
            else column.names
            and content(label)
            and (saying(label, facts) or _surname_said(label, facts))
        )
    ]


def _surname_said(label: str, facts: StatedFacts) -> bool:
    """Whether a sentence names a person by the last of several names, as it is written."""
    names = label.split()
    if not names[1:] or not all(word[:1].isupper() for word in names):
        return False
    is_day = fold(names[-1]) in MONTHS or fold(names[-1]) in WEEKDAYS
    return not is_day and any(t.text == names[-1] for t in facts.tokens)


def _is_of(row: Row, label: str) -> bool:
    """Whether the record has a name too, in whatever field."""
    return any(fold(label) in fold(text) or fold(text) in fold(label) for text in row.texts)
