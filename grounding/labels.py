"""Labels: the columns of short texts that rows of evidence make, and what a sentence says of them.

A label tells rows apart (`pet: Biscuit`) or says how each stands (`status: confirmed`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from .clauses import read_clauses, yes_or_no
from .evidence import Row
from .facts import StatedFacts
from .identifiers import compact
from .language import is_function_word
from .opposites import concept_of
from .quantities import Quantity
from .relative import WEEKDAYS
from .tables import joined_words, rows_of_moment, said_words, sized_rows, stems_of
from .traits import Trait
from .words import Token, fold, key_words, listed, stem, tokens

_NEAR = 3
"""Words before a number among which the name of its field stands."""
_WORDS = 4
"""Words of the longest text that is a label rather than telling of something."""

STATE_FIELDS = listed(
    """status state stage phase priority estado etapa fase prioridad
    statut etat priorite zustand stand prioritat stufe result resultado resultat ergebnis"""
)
"""Fields that say how a record stands, however their values are written."""
EVENT_FIELDS = listed("event evento evenement ereignis")
"""Fields that say how a record stands, where their values are not names of their own."""
NUMBER_FIELDS = listed(
    """number no nr num numero nummer numeros id room zimmer chambre habitacion gate quai dock caja
    table tisch mesa seat platz place asiento line linea ligne"""
)
"""Fields whose number names their record."""
_MASKED = re.compile(r"[*•xX.\s-]+(\d{3,6})")
"""A number of which only the last digits are shown."""
_VERSION = re.compile(r"\d{1,4}(?:\.\d{1,4}){2,3}")


@dataclass(frozen=True, kw_only=True)
class LabelColumn:
    """One field of short texts, with the rows that have it."""

    key: str
    cells: tuple[tuple[Row, str], ...]

    @property
    def tells_apart(self) -> bool:
        """Whether it identifies its rows: each has a name or identifier of its own."""
        return self.names and self.is_distinct

    @property
    def is_distinct(self) -> bool:
        """Whether each of its rows has another value."""
        return len({fold(value) for _, value in self.cells}) == len(self.cells)

    @property
    def tells_state(self) -> bool:
        """Whether its name says that it tells how a record stands."""
        words = key_words(self.key)
        if EVENT_FIELDS.intersection(words):
            return not self.is_distinct or any(" " not in value for _, value in self.cells)
        return bool(STATE_FIELDS.intersection(words))

    @property
    def names(self) -> bool:
        """Whether its values name something, rather than saying how a record stands."""
        return not self.tells_state and all(
            value[:1].isupper() or any(map(str.isdigit, value)) for _, value in self.cells
        )

    def of(self, row: Row) -> str:
        """Return the label of a row, or an empty string."""
        return next((value for own, value in self.cells if own is row), "")

    def named(self, facts: StatedFacts) -> list[Row]:
        """Return the rows that a sentence names by a word which no other row has here.

        `Corva E 20` as a whole names that one, where another is called `Corva E 31`.
        """
        text = in_words(facts.text)
        whole = [row for row, value in self.cells if " " in value and in_words(value) in text]
        if self.is_distinct and whole:
            return whole
        said = said_words(facts)
        said |= joined_words([row for row, _ in self.cells], said)
        words = [frozenset(map(stem, content(value))) for _, value in self.cells]
        counts = Counter(word for own in words for word in own)
        return [
            row
            for (row, _), own in zip(self.cells, words, strict=True)
            if any(counts[word] == 1 and not word.isdecimal() for word in own & said)
        ]


def in_words(text: str) -> str:
    """Return a text as its folded words between spaces, in which words can be looked for."""
    return f" {' '.join(t.folded for t in tokens(text))} "


def label_columns(rows: Sequence[Row]) -> list[LabelColumn]:
    """Return the fields of short texts that at least two of the rows have."""
    cells: dict[str, list[tuple[Row, str]]] = {}
    for row in rows:
        for leaf in row.own_leaves:
            if isinstance(leaf.value, str) and _is_label(leaf.value):
                cells.setdefault(leaf.key, []).append((row, leaf.value))
    return [LabelColumn(key=k, cells=tuple(c)) for k, c in cells.items() if len(c) > 1]


def _is_label(text: str) -> bool:
    if _VERSION.fullmatch(text):
        return True
    return text[:1].isalpha() and len(text.split()) <= _WORDS and yes_or_no(text) is None


def saying(label: str, facts: StatedFacts) -> list[Token]:
    """Return the words by which a sentence says a label: its own, or others of its meaning."""
    found: list[Token] = []
    for word in content(label):
        said = [t for t in facts.tokens if is_word(word, t.folded)]
        if not said:
            return []
        found += said
    return found


def content(label: str) -> list[str]:
    """Return the folded words of a label that mean something."""
    words = [t.folded for t in tokens(label) if len(t.folded) > 1]
    return [w for w in words if not is_function_word(w)] or words


def is_word(word: str, said: str) -> bool:
    """Return whether two folded words are one, or say the same, be it in two languages."""
    concept, day = concept_of(word), WEEKDAYS.get(word)
    if day is not None and day == WEEKDAYS.get(said):
        return True
    return stem(word) == stem(said) or (concept is not None and concept == concept_of(said))


def subjects(rows: Sequence[Row], facts: StatedFacts) -> list[Row]:
    """Return the rows of which a sentence speaks: by their identifiers, else by their names."""
    keys = {i.key for i in facts.identifiers}
    naming = [c for c in label_columns(rows) if c.names]
    if keys:
        return [row for column in naming for row, value in column.cells if compact(value) in keys]
    for columns in ([c for c in naming if c.tells_apart], naming):
        found = [row for column in columns for row in column.named(facts)]
        if found:
            return [row for row in rows if any(row is own for own in found)]
    if of_moment := rows_of_moment(rows, facts):
        return of_moment
    kinds = [c for c in label_columns(rows) if c.is_distinct and not c.tells_state]
    named = (found for c in kinds if (found := c.named(facts)))
    return _numbered(rows, facts) or next(named, [])


def _numbered(rows: Sequence[Row], facts: StatedFacts) -> list[Row]:
    """Return the rows that a sentence names by a number of theirs alone: `room 14`, `in 4471`."""
    said = {q.text.strip() for q in facts.quantities if not q.dimension}
    numbers = [_own_numbers(row) for row in rows]
    alone = Counter(number for own in numbers for number in own)
    found = [
        row
        for row, own in zip(rows, numbers, strict=True)
        if any(alone[number] == 1 for number in own & said)
    ]
    return found or _at_number(rows, facts) or _one(sized_rows(rows, facts))


def _one(rows: list[Row]) -> list[Row]:
    return rows if len(rows) == 1 else []


def _at_number(rows: Sequence[Row], facts: StatedFacts) -> list[Row]:
    """Return the row that a sentence names by a field and its number: `in the hour from 7`."""
    for said in (q for q in facts.quantities if not q.dimension):
        before = [t for t in facts.tokens if t.end <= said.start][-_NEAR:]
        words = {stem(t.folded) for t in before}
        for key in {h.key for row in rows for h in row.held if h.words and h.words <= words}:
            own = [(row, h.quantity) for row in rows for h in row.held if h.key == key]
            values = [q.values[0] for _, q in own]
            if len(own) == len(rows) == len(set(values)) and all(q.end == 0 for _, q in own):
                return [row for row, q in own if q.values[0] == said.values[0]]
    return []


def is_field_number(said: Quantity, facts: StatedFacts, rows: Sequence[Row]) -> bool:
    """Return whether a number stands behind the name of a field that holds it: `plot 31`."""
    before = [t for t in facts.tokens if t.end <= said.start][-1:]
    words = frozenset(stem(t.folded) for t in before)
    return bool(words) and any(
        h.words == words and not h.quantity.end and said.values[0] in h.quantity.values
        for row in rows
        for h in row.held
    )


def _own_numbers(row: Row) -> frozenset[str]:
    """Return the numbers by which a record is known: in a field of that name, or a masked one's."""
    named = {
        str(leaf.value)
        for leaf in row.own_leaves
        if isinstance(leaf.value, Decimal) and NUMBER_FIELDS.intersection(key_words(leaf.key))
    }
    return frozenset(named | {m[1] for text in row.texts if (m := _MASKED.fullmatch(text))})


def label_traits(rows: Sequence[Row], facts: StatedFacts) -> Iterator[Trait]:
    """Yield the labels of rows that a sentence says, each as what is so of some of them."""
    stems = {m.name: m.sign for clause in read_clauses(facts.text) for m in clause.words}
    for column in label_columns(rows):
        if column.tells_apart:
            continue
        for label in {value for _, value in column.cells}:
            if words := saying(label, facts):
                denied = any(stems.get(stem(w.folded), 1) < 0 for w in words)
                yield Trait(
                    key=column.key,
                    so=[row for row, value in column.cells if fold(value) == fold(label)],
                    not_so=[
                        row
                        for row in rows
                        if any(leaf.key == column.key for leaf in row.own_leaves)
                        and fold(column.of(row)) != fold(label)
                    ],
                    sign=-1 if denied else 1,
                )


def most_named(rows: Sequence[Row], facts: StatedFacts, *, besides: str) -> list[Row]:
    """Return the rows that most words of a sentence name, those of one field left aside.

    None where it names all of them alike.
    """
    texts = [
        [leaf.value for leaf in row.leaves if isinstance(leaf.value, str) and leaf.key != besides]
        for row in rows
    ]
    own = [stems_of(found) for found in texts]
    common = frozenset[str].intersection(*own) if own else frozenset[str]()
    counts = [len((words - common) & said_words(facts)) for words in own]
    best = max(counts, default=0)
    named = [row for row, count in zip(rows, counts, strict=True) if best and count == best]
    return named if len(named) < len(rows) else []
