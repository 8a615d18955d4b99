"""Evidence, read once: its facts, rows, lists and words, ready to be asked by every sentence."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import TypeAlias

from .dates import WrittenDate, dates
from .facts import StatedFacts, read
from .identifiers import addresses, compact, host, identifiers
from .names import name_key
from .quantities import MOST, Quantity
from .records import Leaf, Listing, Records, embedded, lists_below_each_other, parse
from .relative import Weekday
from .times import TimeOfDay
from .units import unit_of_field
from .words import folded_words, key_words, listed, stem, tokens

_DESCRIBING = listed(
    """text description concept concepto memo purpose reason betreff zweck verwendungszweck
    beschreibung grund libelle motif acte motivo descripcion detail details note"""
)
"""Fields that begin with a capital whatever they tell."""
_LABEL = 4
"""Words of the longest text value that is a name or title."""

_NAME = 60
"""Characters of the longest text value that may say of what kind a record is."""

LONGEST = 50_000
"""Characters of one piece of evidence that are read; what is cut is said in the reason."""

Path: TypeAlias = tuple[str | int, ...]


@dataclass(frozen=True, kw_only=True)
class Held:
    """A quantity that evidence holds, with what its place tells about it."""

    quantity: Quantity
    source: str
    path: Path = ()
    """Where it stands in JSON; empty in prose."""
    key: str = ""
    currency: str = ""
    """The currency in force there, for a number whose field may be an amount."""
    in_name: bool = False
    """Whether it stands inside a text that begins with a word: `Kabel 250` measures nothing."""

    @cached_property
    def words(self) -> frozenset[str]:
        """Stems of its field's name."""
        return frozenset(stem(w) for w in key_words(self.key))


@dataclass(frozen=True, kw_only=True)
class Row:
    """A record: a JSON object with its own quantities, dates and words."""

    path: Path
    source: str
    words: frozenset[str]
    """Folded tokens of its text values."""
    flags: dict[str, bool]
    """Its yes-or-no fields, by name."""
    labels: frozenset[tuple[str, str]]
    """Its short text fields, by name: `sender`, `me`."""
    held: list[Held]
    dates: list[WrittenDate]
    times: list[TimeOfDay]
    leaves: tuple[Leaf, ...]
    """Its fields, those nested in it included."""

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """Its text values."""
        return tuple(leaf.value for leaf in self.leaves if isinstance(leaf.value, str))

    @property
    def own_leaves(self) -> Iterator[Leaf]:
        """Its fields that stand in no object of their own."""
        size = len(self.path) + 1
        return (leaf for leaf in self.leaves if len(leaf.path) == size)


@dataclass(frozen=True, kw_only=True)
class Indexed:
    """One piece of evidence, read once."""

    id: str
    source: str
    text: str
    """Its text, as far as it was read."""
    cut: int
    """Characters that were not read."""
    facts: StatedFacts
    held: list[Held]
    rows: list[Row]
    listings: list[Listing]
    words: frozenset[str]
    """Folded tokens of source and text."""
    leaves: list[Leaf]
    in_part: bool = False
    """Who wrote about it saw only a part of it: what it counts or adds up over it is wrong."""
    is_input: bool = False
    """It is what a model's words were made from; who writes about it has seen those."""

    @cached_property
    def stems(self) -> frozenset[str]:
        """Stems of its words."""
        return frozenset(stem(w) for w in self.words if len(w) >= 3)

    @cached_property
    def keys(self) -> frozenset[str]:
        """Identifiers and addresses, in the form that is compared."""
        found = [*self.facts.identifiers, *self.facts.addresses]
        parts = {p for i in found for t in [i.text] for p in map(compact, t.split("-")) if p}
        return frozenset(i.key for i in found) | parts

    @cached_property
    def hosts(self) -> frozenset[str]:
        """Hosts that its addresses are at."""
        return frozenset(host(i.key) for i in self.facts.addresses)

    @cached_property
    def digits(self) -> frozenset[str]:
        """Runs of digits inside identifiers and long numbers."""
        runs = {
            "".join(c for c in i.key if c.isdigit())
            for i in (*self.facts.identifiers, *self.facts.addresses)
        }
        return frozenset(r for r in runs if len(r) >= 2)

    @cached_property
    def value_names(self) -> frozenset[str]:
        """Capitalised words of its text values, as names are compared; none of prose."""
        own = [leaf for leaf in self.leaves if not _DESCRIBING.intersection(key_words(leaf.key))]
        values = [leaf.value for leaf in own if isinstance(leaf.value, str)]
        # A first word has its capital from its place, unless the value is a label.
        words = [
            t
            for found in map(tokens, values)
            for at, t in enumerate(found)
            if t.text[0].isupper() and (at or len(found) <= _LABEL)
        ]
        return frozenset(name_key(t.folded) for t in words if len(t.text) > 2)

    @property
    def dates(self) -> list[WrittenDate]:
        """Its dates."""
        return self.facts.dates

    @property
    def times(self) -> list[TimeOfDay]:
        """Its times of day."""
        return self.facts.times

    @property
    def weekdays(self) -> list[Weekday]:
        """Its weekdays by name."""
        return self.facts.weekdays


def index(name: str, source: str, text: str) -> Indexed:
    """Read one piece of evidence, up to `LONGEST` characters of it."""
    # A long JSON text still parses whole, and its fields are bounded by number; a cut one is prose.
    records = parse(text) if len(text) <= 4 * LONGEST else None
    if records is not None:
        return _index_records(name, source, text, records)
    kept = text[:LONGEST]
    facts = read(f"{kept}\n{source}" if source else kept)
    held = [Held(quantity=q, source=name) for q in facts.quantities]
    inside = _inside(name, kept)
    return Indexed(
        id=name,
        source=source,
        text=kept,
        cut=len(text) - len(kept) or _unread(facts),
        facts=facts,
        held=[*held, *(h for row in inside.rows for h in row.held)] if inside else held,
        rows=inside.rows if inside else [],
        listings=lists_below_each_other(kept) + (inside.listings if inside else []),
        words=frozenset(t.folded for t in facts.tokens),
        leaves=[],
    )


def _inside(name: str, text: str) -> Indexed | None:
    """Read the tables that stand in a text."""
    records = embedded(text)
    return _index_records(name, "", "", records) if records else None


def _index_records(name: str, source: str, text: str, records: Records) -> Indexed:
    lines, starts, leaves, length = [""], [0], list[Leaf](), 1
    for leaf in records.leaves:
        if isinstance(leaf.value, str) and length < LONGEST:
            lines.append(leaf.value)
            starts.append(length)
            leaves.append(leaf)
            length += len(leaf.value) + 1
    behind = "\n".join([source, *_facts_in_names(records)])
    facts = read("\n".join([*lines, behind])[: LONGEST + len(behind)])
    placed = _PlacedFacts(facts, starts, leaves, length)
    numbers = [h for leaf in records.leaves if (h := _number(leaf, name))]
    held = [*numbers, *(placed.held(q, name) for q in facts.quantities)]
    keys = {w for leaf in records.leaves for w in key_words(leaf.key)}
    return Indexed(
        id=name,
        source=source,
        text=text[: 4 * LONGEST],
        cut=int(records.cut) or max(0, length - LONGEST) or _unread(facts),
        facts=facts,
        held=held,
        rows=_rows(records, held, placed, name),
        listings=records.listings,
        words=frozenset(t.folded for t in facts.tokens) | keys,
        leaves=records.leaves,
    )


def _facts_in_names(records: Records) -> Iterator[str]:
    """Yield the addresses, identifiers and days that stand as fields' names: `{"a@b.com": "r"}`.

    Numbers do not count: that a field is called `line_2` says nothing of two.
    """
    for name in dict.fromkeys(part for leaf in records.leaves for part in leaf.path):
        if isinstance(name, str):
            yield from (i.text for i in (*addresses(name), *identifiers(name)))
            yield from (name[d.start : d.end] for d in dates(name, "en") if d.day)


def _unread(facts: StatedFacts) -> int:
    """Return whether a text has more numbers than are read, as a count of what was cut."""
    return int(len(facts.quantities) >= MOST)


class _PlacedFacts:
    """Which field each fact of the joined text values came from."""

    def __init__(
        self, facts: StatedFacts, starts: list[int], leaves: list[Leaf], length: int
    ) -> None:
        self._starts = starts
        self._length = length
        self._leaves = leaves
        self.dates: dict[Path, list[WrittenDate]] = {}
        self.times: dict[Path, list[TimeOfDay]] = {}
        for written in facts.dates:
            if leaf := self.leaf(written.start):
                self.dates.setdefault(_row_path(leaf.path), []).append(written)
        for clock in facts.times:
            if leaf := self.leaf(clock.start):
                self.times.setdefault(_row_path(leaf.path), []).append(clock)

    def leaf(self, start: int) -> Leaf | None:
        """Return the field that a place of the joined text belongs to."""
        if start >= self._length:
            # The source stands behind the last field, and is of none.
            return None
        at = bisect_right(self._starts, start) - 2
        return self._leaves[at] if 0 <= at < len(self._leaves) else None

    def held(self, quantity: Quantity, name: str) -> Held:
        """Return a quantity of a text value with its field."""
        leaf = self.leaf(quantity.start)
        if leaf is None:
            return Held(quantity=quantity, source=name)
        in_name = isinstance(leaf.value, str) and leaf.value[:1].isalpha()
        return Held(quantity=quantity, source=name, path=leaf.path, key=leaf.key, in_name=in_name)


def _number(leaf: Leaf, name: str) -> Held | None:
    if not isinstance(leaf.value, Decimal):
        return None
    value = leaf.value
    quantity = Quantity(
        text=format(value, "f") if abs(value.adjusted()) < 40 else str(value),
        start=0,
        end=0,
        values=(abs(value),),
        unit=unit_of_field(leaf.key),
        negative=value < 0,
    )
    return Held(
        quantity=quantity, source=name, path=leaf.path, key=leaf.key, currency=leaf.currency
    )


def _rows(records: Records, held: list[Held], placed: _PlacedFacts, name: str) -> list[Row]:
    by_row: dict[Path, list[Leaf]] = {}
    for leaf in records.leaves:
        by_row.setdefault(_row_path(leaf.path), []).append(leaf)
    quantities: dict[Path, list[Held]] = {}
    for item in held:
        quantities.setdefault(_row_path(item.path), []).append(item)
    return [
        Row(
            path=path,
            source=name,
            words=frozenset[str]().union(
                *(folded_words(leaf.value) for leaf in leaves if isinstance(leaf.value, str))
            ),
            flags={leaf.key: leaf.value for leaf in leaves if isinstance(leaf.value, bool)},
            labels=frozenset(
                (leaf.key, leaf.value)
                for leaf in leaves
                if isinstance(leaf.value, str) and len(leaf.value) <= _NAME
            ),
            held=quantities.get(path, []),
            dates=placed.dates.get(path, []),
            times=placed.times.get(path, []),
            leaves=tuple(leaves),
        )
        for path, leaves in by_row.items()
    ]


def _row_path(path: Path) -> Path:
    """Return the path of the list entry that a field stands in, or () for the whole record."""
    for at in range(len(path) - 1, -1, -1):
        if isinstance(path[at], int):
            return path[: at + 1]
    return ()
