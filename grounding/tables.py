"""Tables: the columns that rows of evidence make, and which rows a sentence speaks of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations

from .dates import WrittenDate
from .evidence import Held, Indexed, Path, Row
from .facts import StatedFacts
from .lexicon.reading import lexicon
from .matching import is_amount
from .names import starts_sentence
from .quantities import Quantity
from .relative import WEEKDAYS, Weekday
from .words import Token, fold, key_words, listed, stem, tokens

_NUMBER_FIELDS = listed(
    "quantity qty count units number menge anzahl stuck quantite nombre unites cantidad unidades"
)

_FUNCTION = listed(lexicon("names")["function"])

_JOINT = 3
_LEAST_AMOUNT = 10
_NO_AMOUNTS = listed(
    """lat lon latitude longitude temp temperature temperatur note score percent share rating
    bewertung puntuacion valoracion taux tasa quote version"""
)
_SHORTEST_COMPOUND = 5
"""Letters of the shortest word that two were joined to."""

MOST_ROWS = 400
"""Rows of a table that are compared."""


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A quantity of a row, signed and in its dimension's base unit."""

    row: Row
    held: Held
    value: Decimal
    dimension: str


@dataclass(frozen=True, kw_only=True)
class Column:
    """One field of several rows."""

    key: str
    cells: tuple[Cell, ...]

    def cells_of(self, rows: Sequence[Row]) -> list[Cell]:
        """Return what some rows hold in it, in their order."""
        return [cell for row in rows for cell in self.cells if cell.row is row]

    def values_of(self, rows: Sequence[Row]) -> list[Decimal]:
        """Return the values of some rows in it, in their order."""
        return [cell.value for cell in self.cells_of(rows)]

    @property
    def dimension(self) -> str:
        """What its numbers count."""
        return self.cells[0].dimension


def dimension_of(held: Held) -> str:
    """Return what a held number counts, an amount's currency from what is in force there."""
    if not held.quantity.dimension and is_amount(held):
        return f"money:{held.currency or '*'}"
    value = held.quantity.values[0]
    broken = value != int(value) or int(value.as_tuple().exponent) < 0
    if not held.quantity.dimension and held.currency and value >= 1 and broken:
        # A broken number where a currency is in force is an amount, whatever its field is called.
        return f"money:{held.currency}"
    if is_undeclared(held):
        return "money:*"
    return held.quantity.dimension


def is_undeclared(held: Held) -> bool:
    """`parts: 118.4` of a bill that names no currency may be one, or a number as it stands."""
    value = held.quantity.values[0]
    return (
        not (held.quantity.dimension or held.currency or held.quantity.end)
        and bool(held.path)
        and value >= _LEAST_AMOUNT
        and -2 <= int(value.as_tuple().exponent) < 0
        and not _NO_AMOUNTS.intersection(key_words(held.key))
    )


def holds_numbers(key: str) -> bool:
    """Return whether a field such as `quantity` says how many: its sum is a number of things."""
    return bool(_NUMBER_FIELDS.intersection(key_words(key)))


def signed(held: Held) -> Decimal:
    """Return a held quantity's value in the base unit with its sign."""
    value = held.quantity.value
    return -value if held.quantity.negative else value


def tables_of(items: Sequence[Indexed]) -> list[list[Row]]:
    """Return the rows that belong together: entries of one list, or results of one tool."""
    groups: dict[tuple[object, ...], list[Row]] = {}
    tools = {item.id: _tool(item) for item in items}
    for row in (row for item in items for row in item.rows):
        if row.path and isinstance(row.path[-1], int):
            groups.setdefault((row.source, row.path[:-1]), []).append(row)
        elif not row.path:
            groups.setdefault((tools[row.source], "results"), []).append(row)
    found = [rows[:MOST_ROWS] for rows in groups.values() if len(rows) > 1]
    return found + _alike(list(groups.values()))


def _alike(groups: list[list[Row]]) -> list[list[Row]]:
    """Rows of several lists that have a number, or two texts, in common make a table together."""
    by_key: dict[object, list[list[Row]]] = {}
    for rows in groups:
        for key in {h.key for row in rows for h in row.held if h.path}:
            by_key.setdefault(key, []).append(rows)
        texts = frozenset[str]().union(*(frozenset(key for key, _ in row.labels) for row in rows))
        for pair in combinations(sorted(texts), 2):
            by_key.setdefault(pair, []).append(rows)
    joined = [
        [row for rows in several for row in rows] for several in by_key.values() if several[1:]
    ]
    unique = {tuple(id(row) for row in rows): rows for rows in joined}
    return [rows[:MOST_ROWS] for rows in unique.values()]


def _tool(item: Indexed) -> str:
    return item.source.split(" ", 1)[0].split("{", 1)[0]


def columns(rows: Sequence[Row]) -> list[Column]:
    """Return the numeric fields that at least two of the rows have."""
    cells: dict[tuple[str, str], list[Cell]] = {}
    for row in rows:
        for held in row.held:
            dimension = dimension_of(held)
            cell = Cell(row=row, held=held, value=signed(held), dimension=dimension)
            cells.setdefault((_field(held.path, row.path), dimension), []).append(cell)
    return [Column(key=key, cells=tuple(c)) for (key, _), c in cells.items() if len(c) > 1]


def _field(path: Path, row: Path) -> str:
    return ".".join(str(part) for part in path[len(row) :])


def distinctive(rows: Sequence[Row]) -> list[frozenset[str]]:
    """Return each row's word stems that not all rows have."""
    sets = [frozenset(stem(w) for w in row.words if len(w) >= 2) for row in rows]
    common = frozenset.intersection(*sets) if sets else frozenset[str]()
    return [s - common for s in sets]


def said_words(facts: StatedFacts) -> frozenset[str]:
    """Return the stems by which a sentence may name a row.

    The words of a date, time or measure name none, nor do those that stand in any text: `your` is
    in many remarks. One with a capital of its own may: `Ribera Sur`.
    """
    measured = [q for q in facts.quantities if q.dimension]
    # `Mittag` is noon, and may be the name of a course.
    timed = [t for t in facts.times if not t.text.isalpha()]
    spans = [(f.start, f.end) for f in (*facts.dates, *timed, *measured)]
    return frozenset(
        stem(t.folded)
        for t in facts.tokens
        if len(t.folded) >= 2
        and (t.folded not in _FUNCTION or _is_capital(t, facts))
        and not any(first <= t.start < last for first, last in spans)
    )


def _is_capital(token: Token, facts: StatedFacts) -> bool:
    return token.text[0].isupper() and not starts_sentence(facts.text, token)


def spoken_words(rows: Sequence[Row], said: frozenset[str]) -> list[frozenset[str]]:
    """Return for each row the words by which a sentence names it."""
    said |= joined_words(rows, said)
    return [
        frozenset(w for w in own & said if len(w) >= 3 or w.isdecimal())
        for own in distinctive(rows)
    ]


def joined_words(rows: Sequence[Row], said: frozenset[str]) -> frozenset[str]:
    """Return what a row is called within a word that says of what kind it is too.

    `Biotonne` names the entry `Bio` of the list `tonnen`.
    """
    kinds = {
        stem(word)
        for row in rows
        for part in row.path
        if isinstance(part, str)
        for word in key_words(part)
    }
    long = [w for w in said if len(w) > _SHORTEST_COMPOUND]
    if not kinds or not long:
        return frozenset()
    own = frozenset[str]().union(*distinctive(rows))
    return frozenset(
        word
        for word in own
        if len(word) >= 3
        for compound in long
        if compound.startswith(word)
        # What stands between both is an ending that stemming took, or joins them: `Restmüll-s-`.
        and any(
            compound.endswith(kind) and 0 <= len(compound) - len(word) - len(kind) <= _JOINT
            for kind in kinds
        )
    )


def named_rows(rows: Sequence[Row], facts: StatedFacts) -> list[Row]:
    """Return the rows that a sentence names, by a word, an identifier, a date or a number."""
    words = spoken_words(rows, said_words(facts))
    return [row for row, own in zip(rows, words, strict=True) if own or is_dated(row, facts.dates)]


def is_dated(row: Row, said: Sequence[WrittenDate]) -> bool:
    """A day names a row; a month one that is of that month as a whole: `2026-04` with its use."""
    return any(
        date.matches(own) and (date.day is None) == (own.day is None)
        for date in said
        for own in row.dates
    )


def is_of_weekday(row: Row, said: Sequence[Weekday]) -> bool:
    """Return whether a row is of a weekday, by its name or by a date with a year."""
    days = {weekday.day for weekday in said}
    own = [day for written in row.dates if written.year for day in written.readings(frozenset())]
    return any(day.weekday() in days for day in own) or any(
        WEEKDAYS.get(fold(text)) in days for text in row.texts
    )


def rows_of_moment(rows: Sequence[Row], facts: StatedFacts, *, besides: object = None) -> list[Row]:
    """Return the rows that a sentence names by their day, weekday and time of day.

    None where it names all, or says nothing of the kind; `besides` is no word of a name.
    """
    rules: list[Callable[[Row], bool]] = []
    said = [d for d in facts.dates if d is not besides]
    clocks = [t for t in facts.times if t is not besides]
    if said:
        rules.append(lambda row: is_dated(row, said))
    elif facts.weekdays:
        rules.append(lambda row: is_of_weekday(row, facts.weekdays))
    if clocks:
        rules.append(lambda row: any(t.is_at(clock) for t in row.times for clock in clocks))
    found = [row for row in rows if all(rule(row) for rule in rules)] if rules else []
    return found if len(found) < len(rows) else []


def sized_rows(rows: Sequence[Row], facts: StatedFacts) -> list[Row]:
    """Return the rows in whose name a measure stands that is said, and that no other has."""
    found: list[Row] = []
    for said in (q for q in facts.quantities if q.dimension):
        alike = [row for row in rows if any(_is_sized(held, said) for held in row.held)]
        found += alike if len(alike) == 1 else []
    return found


def _is_sized(held: Held, said: Quantity) -> bool:
    of_kind = held.in_name and held.quantity.dimension == said.dimension
    return of_kind and bool(set(held.quantity.base) & set(said.base))


def is_among(row: Row, rows: Sequence[Row]) -> bool:
    """Return whether a row is one of several: the very one, as two may hold the same."""
    return any(row is other for other in rows)


def stems_of(texts: Iterable[str]) -> frozenset[str]:
    """Return the stems of the words of several texts."""
    return frozenset(stem(t.folded) for text in texts for t in tokens(text))
