"""States: whether a sentence gives one record what only another one is.

`VS-822 is completed` is wrong where VS-822 is requested and VS-810 completed; so is `VS-815 is
Pepper's visit` where VS-815 is Biscuit's. What may yet come, and what a later state implies, is
left to meaning.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from .clauses import denies, read_clauses
from .evidence import Row
from .facts import StatedFacts
from .flags import IS
from .ground import Holding
from .identifiers import Identifier, compact
from .labels import LabelColumn, content, is_word, label_columns, saying, subjects
from .mixing import speaks_of_others
from .opposites import concept_of
from .words import Token, folded_words, key_words, listed, stem

_POSSIBLE = listed(
    """will would shall can could may might must should wird werden kann können darf dürfen
    soll sollen muss müssen möchte sera seront serait va vont peut peuvent pourra doit devrait será
    serán sería van puede pueden podrá debe deben if once until unless when before after wenn falls
    sobald bis bevor nachdem si quand lorsque dès avant après cuando hasta antes cada"""
)
_BREAK = re.compile(
    r"[;:,.]\s|\b(?:and|und|et|y|but|aber|mais|pero|or|oder|ou|while|während|mientras|that|which|die|der|das|qui)\b",
    re.IGNORECASE,
)
_TELLS = IS | listed(
    """wurde wurden wurdest bleibt fue fueron queda quedó sigue reste restent stays been worden été
    sido"""
)
_BETWEEN = 4
"""Words that may stand between the verb and what it says of a record."""
_LATER = {
    "confirmed": frozenset({"shipped", "delivered", "complete", "returned", "cancelled"}),
    "approved": frozenset({"shipped", "delivered", "complete", "returned", "cancelled"}),
    "paid": frozenset({"shipped", "delivered", "complete", "returned"}),
    "shipped": frozenset({"delivered", "complete", "returned"}),
    "delivered": frozenset({"complete", "returned"}),
}
"""States that a record passes through before it stands as it does."""


def contradicted(facts: StatedFacts, cited: Holding) -> str:
    """Return the words that a sentence says of a record and that are another one's, or nothing."""
    if speaks_of_others(facts):
        return ""
    if denies(facts.text):
        return next((w for rows in cited.tables if (w := _denied(rows, facts))), "")
    if any(token.folded in _POSSIBLE for token in facts.tokens):
        return ""
    found = (_misplaced(rows, facts) for rows in cited.tables)
    return next((words for words in found if words), "")


def _denied(rows: Sequence[Row], facts: StatedFacts) -> str:
    """Return the state in which a record stands and in which a sentence says that it does not."""
    named = subjects(rows, facts)
    if len(named) != 1:
        return ""
    not_so = {m.name for clause in read_clauses(facts.text) for m in clause.words if m.sign < 0}
    for column in label_columns(rows):
        own = column.of(named[0])
        if column.tells_state and own and {stem(w) for w in content(own)} <= not_so:
            return own
    return ""


def _misplaced(rows: Sequence[Row], facts: StatedFacts) -> str:
    named = subjects(rows, facts)
    if len(named) != 1:
        return ""
    [one] = named
    for column in label_columns(rows):
        if column.tells_apart and not _is_said_to_be(one, facts):
            continue
        own = column.of(one) or _told_of(one, column.key)
        if not own or _says_some(own, facts):
            continue
        for label in sorted({value for _, value in column.cells} - {own}):
            if _is_claimed(label, own, one, facts) and not _stands_so(label, column, one):
                return label
    return ""


def _stands_so(label: str, column: LabelColumn, one: Row) -> bool:
    """Whether another record of the same identifier has a label: the one stood so later."""
    keys = {text for text in one.texts if any(map(str.isdigit, text)) and " " not in text}
    return any(
        value == label and row is not one and keys & {*row.texts} - {value}
        for row, value in column.cells
    )


def _told_of(row: Row, key: str) -> str:
    """Return what a record says in words where others have a label: `ordered, here on 9 June`."""
    return next((t.value for t in row.own_leaves if t.key == key and isinstance(t.value, str)), "")


def _is_said_to_be(row: Row, facts: StatedFacts) -> bool:
    """`LV-305 is …`: what follows tells which one it is."""
    return any(
        facts.text[i.end :].lstrip().split(" ", 1)[0].casefold() in IS for i in _keys_of(row, facts)
    )


def _keys_of(row: Row, facts: StatedFacts) -> list[Identifier]:
    keys = {compact(text) for text in row.texts}
    return [i for i in facts.identifiers if i.key in keys]


def _says_some(label: str, facts: StatedFacts) -> bool:
    return any(saying(word, facts) for word in content(label))


def _is_claimed(label: str, own: str, row: Row, facts: StatedFacts) -> bool:
    said = saying(label, facts)
    words = [t for t in said if t.folded not in content(own)]
    return (
        bool(words)
        and any(_is_told(t, facts) for t in words)
        and not _holds(row, words)
        and not _has_passed(label, own)
    )


def _is_told(token: Token, facts: StatedFacts) -> bool:
    """Whether a verb right before a word tells it of the record: `is already delivered`."""
    at = facts.tokens.index(token)
    verbs = [t for t in facts.tokens[max(0, at - _BETWEEN - 1) : at] if t.folded in _TELLS]
    if not verbs:
        return False
    return not _BREAK.search(facts.text[verbs[-1].end : token.start])


def _holds(row: Row, words: Sequence[Token]) -> bool:
    """Whether the record itself has the words, in a text or as the name of what it has or is."""
    fields = [leaf.key for leaf in row.leaves if leaf.value not in (None, False)]
    own = {word for text in row.texts for word in folded_words(text)}
    own |= {word for key in fields for word in key_words(key)}
    return any(is_word(word, token.folded) for token in words for word in own)


def _has_passed(label: str, own: str) -> bool:
    """Whether a record that stands as it does was once as the label says."""
    before = {c[0] for word in content(label) if (c := concept_of(word)) and c[1] > 0}
    now = {c[0] for word in content(own) if (c := concept_of(word)) and c[1] > 0}
    return any(now & _LATER.get(name, frozenset()) for name in before)
