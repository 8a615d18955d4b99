"""Records: the fields, rows and lists of evidence that is JSON.

A field's name tells what its number counts (`length_m`), a currency stands beside or above the
amounts it is for, and rows of a list can be counted, summed and compared.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import islice
from typing import Any

from ..state.json_text import json_in
from ..state.relevance import sentences
from .dates import MONTHS
from .embedded import tables_in
from .relative import weekday_of
from .units import currency_of
from .words import key_words, stem, tokens

_CURRENCY_KEYS = {"currency", "moneda", "devise", "wahrung", "divisa", "monnaie", "ccy", "cur"}

_LABELLED = re.compile(r"([^\W\d_][\w ]{0,30}):\s(.{1,200})")
_ITEM = re.compile(r"([^\W\d_][^:.;]{0,40}):\s([^:]{1,60})")
_COMMA = re.compile(r"-?(?:\d{1,9}|\d{1,3}(?:\.\d{3}){1,3}),\d{1,2}")
_POINT = re.compile(r"-?\d{1,3}(?:,\d{3}){1,3}\.\d{1,2}")
_FEWEST_ITEMS = 3
_COMMON_FIELDS = 2
_LONGEST_HEADER = 400

MOST_LEAVES = 4000
"""Fields of one piece of evidence that are read."""


@dataclass(frozen=True, kw_only=True)
class Leaf:
    """A field with its value: where it stands, and the currency in force there."""

    path: tuple[str | int, ...]
    value: str | Decimal | bool | None
    currency: str = ""

    @property
    def key(self) -> str:
        """The nearest name on its path."""
        return next((part for part in reversed(self.path) if isinstance(part, str)), "")


@dataclass(frozen=True, kw_only=True)
class Listing:
    """A list in a record, and how many entries it has."""

    path: tuple[str | int, ...]
    length: int
    words: frozenset[str] = field(default_factory=frozenset[str])
    """Stems of the names on its path and of its entries' fields."""


@dataclass(frozen=True, kw_only=True)
class Records:
    """The leaves and lists of one JSON value."""

    leaves: list[Leaf]
    listings: list[Listing]
    cut: bool


def parse(text: str) -> Records | None:
    """Return the records of a text that is JSON, else None."""
    try:
        return _parsed(text)
    except RecursionError:
        # Nested deeper than anybody reads: it is taken for prose.
        return None


def _parsed(text: str) -> Records | None:
    if text.lstrip()[:1] in ("{", "["):
        value = _entries(_json(text))
    else:
        # What heads a column is a field's name, however it is written.
        value = _separated(text) or _itemised(text)
    if value is None:
        return None
    leaves: list[Leaf] = []
    for leaf in _leaves(value, (), ""):
        if len(leaves) == MOST_LEAVES:
            return Records(leaves=leaves, listings=list(_listings(value, ())), cut=True)
        leaves.append(leaf)
    return Records(leaves=leaves, listings=list(_listings(value, ())), cut=False)


def embedded(text: str) -> Records | None:
    """Return the records of the tables that stand in a text, or None where there are none."""
    tables = tables_in(text)
    if not tables:
        return None
    value = {f"table {at}": _cells(table) for at, table in enumerate(tables)}
    leaves = list(islice(_leaves(value, (), ""), MOST_LEAVES))
    return Records(leaves=leaves, listings=list(_listings(value, ())), cut=False)


def _cells(table: list[dict[str, str]]) -> list[dict[str, Any]]:
    return [{name: _with_comma(cell) for name, cell in row.items()} for row in table]


def lists_below_each_other(text: str) -> list[Listing]:
    """Return the lists among outputs of which each has its line: they can be counted, as such.

    All else of several outputs together is prose: no field of one is compared with one of another.
    """
    found: list[Listing] = []
    for at, line in enumerate(text.splitlines()[:MOST_LEAVES]):
        listed = _json(line) if line[:1] + line[-1:] == "[]" else None
        if isinstance(listed, list):
            found += islice(_listings(listed, (at,)), 1)
    return found


def _json(text: str) -> Any:
    try:
        return json_in(text, exact=True)
    except ValueError:
        return None


def _separated(text: str) -> list[dict[str, Any]] | None:
    """Read lines of separated values under a line of names; None where it is prose."""
    lines = [line for line in text.strip().splitlines()[:MOST_LEAVES] if line.strip()]
    mark = next((m for m in (",", ";", "\t", "|") if m in (lines[0] if lines else "")), "")
    if len(lines) < 2 or not mark or len(lines[0]) > _LONGEST_HEADER:
        return None
    if mark == "|":
        lines = [line.strip().strip("|") for line in lines]
    table = list(csv.reader(lines, delimiter=mark))
    names = [name.strip() for name in table[0]]
    width = len(names)
    body = [row for row in table[1:] if not set("".join(row).strip()) <= set("-:| ")]
    if (
        width < 2
        or not all(len(row) == width for row in body)
        or any(" " in n.strip() and len(n) > 40 for n in names)
    ):
        return None
    # Where a comma divides nothing, it stands before decimals: `48,00`.
    read = _value if mark == "," else _with_comma
    return [dict(zip(names, (read(v) for v in row), strict=True)) for row in body]


def _itemised(text: str) -> list[dict[str, Any]] | None:
    """Read `Belt: ordered. Battery: not available.`; None where it is prose of another kind.

    Days stay prose: what a place does on which of them is told clause by clause.
    """
    parts = sentences(text)[:MOST_LEAVES]
    items = [_ITEM.fullmatch(part) for part in parts]
    if len(parts) < _FEWEST_ITEMS or not all(items):
        return None
    found = [(m[1], m[2].rstrip(".")) for m in items if m]
    named = [token for name, _ in found for token in tokens(name)]
    if any(t.folded in MONTHS or weekday_of(t) is not None for t in named):
        return None
    return [{"name": name, "text": _value(value)} for name, value in found]


def _entries(value: Any) -> Any:
    """Turn an object whose keys are names (`{"Good Night": …}`) into a list of named records."""
    if isinstance(value, list):
        return [_entries(inner) for inner in value[:MOST_LEAVES]]
    if not isinstance(value, dict):
        return value
    inner = {key: _entries(v) for key, v in value.items()}
    names = len(inner) > 1 and (
        all(" " in k.strip() or k[:1].isupper() for k in inner) or _are_alike([*inner.values()])
    )
    if names and all(isinstance(v, dict) for v in inner.values()):
        # A record may have a name of its own beside the identifier that it stands under.
        field = "id" if any("name" in v for v in inner.values()) else "name"
        return [{field: key} | v for key, v in inner.items()]
    if names and all(isinstance(v, str) for v in inner.values()):
        return [{"name": key} | _labelled(v) for key, v in inner.items()]
    return inner


def _are_alike(values: list[Any]) -> bool:
    """Whether all are objects with several fields in common: records that stand under names."""
    if not all(isinstance(value, dict) for value in values):
        return False
    return len(set[str].intersection(*(set(value) for value in values))) >= _COMMON_FIELDS


def _labelled(text: str) -> dict[str, Any]:
    """Read `Rating: 4.7` and further lines of that form; other text is one value."""
    lines = [_LABELLED.fullmatch(line.strip()) for line in text[:2000].splitlines()]
    fields = {m[1]: _value(m[2]) for m in lines if m}
    return fields | {"text": text} if fields else {"text": text}


def _with_comma(text: str) -> str | Decimal:
    plain = text.strip()
    if _COMMA.fullmatch(plain):
        plain = plain.replace(".", "").replace(",", ".")
    elif _POINT.fullmatch(plain):
        plain = plain.replace(",", "")
    return _value(plain)


def _value(text: str) -> str | Decimal:
    plain = text.strip()
    return Decimal(plain) if re.fullmatch(r"-?\d{1,18}(?:\.\d{1,9})?", plain) else plain


def _leaves(value: Any, path: tuple[str | int, ...], currency: str) -> Iterator[Leaf]:
    if isinstance(value, dict):
        currency = _currency(value) or currency
        for key, inner in value.items():
            yield from _leaves(inner, (*path, str(key)), currency)
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            yield from _leaves(inner, (*path, at), currency)
    else:
        yield Leaf(path=path, value=value, currency=currency)


def _currency(value: dict[str, Any]) -> str:
    for key, inner in value.items():
        if isinstance(inner, str) and _CURRENCY_KEYS.intersection(key_words(key)):
            return currency_of(inner) or ""
    return ""


def _listings(value: Any, path: tuple[str | int, ...]) -> Iterator[Listing]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _listings(inner, (*path, str(key)))
    elif isinstance(value, list):
        records = bool(value) and all(isinstance(inner, dict) for inner in value)
        words = {w for part in path if isinstance(part, str) for w in key_words(part)}
        if records:
            words |= {w for key in value[0] for w in key_words(key)}
        yield Listing(
            path=path,
            length=len(value),
            words=frozenset(stem(w) for w in words),
        )
        for at, inner in enumerate(value[:MOST_LEAVES]):
            yield from _listings(inner, (*path, at))
