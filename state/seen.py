"""Seen shapes: what a tool's outputs looked like, learned without anything that they said.

The names of fields are learned too, and a name can be anybody's words: a map has customers or
channels for names, and a page may call a field whatever it likes. So a name is learned only if it
is a plain word in an object that is no map, and `agreed` and `bare` leave out what may be shown to
some and not to others.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from itertools import islice

from .shapes import ANY, BOOLEAN, NULL, NUMBER, TEXT, Shape, merged, schema_of
from .values import Json, JsonObject

MAX_FIELDS = 40
"""Fields of one object; with more it is a map."""

MAX_BYTES = 8_000
"""Of a shape's schema, as it is stored; what is too large loses its innermost parts."""

_NODES = 2_000
"""Values of one output that are looked at, its first ones."""
_ITEMS = 50
_DEPTH = 6
_PLAIN = re.compile(r"[A-Za-z_]{1,30}[0-9]{0,2}", re.ASCII)


def seen_in(output: Json) -> Shape:
    """Return what can be learned from one output."""
    return _fitting(_Walk().shape(output, 0))


class _Walk:
    """One walk over an output, which ends after so many values."""

    def __init__(self) -> None:
        self._left = _NODES

    def shape(self, value: Json, depth: int) -> Shape:
        self._left -= 1
        if depth > _DEPTH or self._left < 0:
            return ANY
        match value:
            case None:
                return NULL
            case bool():
                return BOOLEAN
            case int() | float():
                return NUMBER
            case str():
                return TEXT
            case list():
                return self._list(value, depth)
            case dict():
                return self._object(value, depth)
            case _:
                return ANY

    def _list(self, value: list[Json], depth: int) -> Shape:
        item: Shape | None = None
        for one in islice(value, _ITEMS):
            # An item that is looked at in part would make what the others say uncertain.
            if item is not None and self._left < _NODES // 10:
                break
            seen = self.shape(one, depth + 1)
            item = seen if item is None else merged([item, seen])
        return Shape("list", item=item)

    def _object(self, value: JsonObject, depth: int) -> Shape:
        parts = islice(value.items(), MAX_FIELDS + 1)
        return _object_of({name: self.shape(part, depth + 1) for name, part in parts})


def _object_of(parts: Mapping[str, Shape]) -> Shape:
    plain = {name: part for name, part in parts.items() if _PLAIN.fullmatch(name)}
    if len(parts) > MAX_FIELDS or (parts and not plain) or _is_map(list(parts.values())):
        return Shape("object", item=merged(parts.values()))
    # Of a name that is left out nothing is known but that there is one.
    return Shape("object", fields=plain, item=None if len(plain) == len(parts) else ANY)


def _is_map(parts: Sequence[Shape]) -> bool:
    """Whether values are so alike, and so much, that their names are more likely data."""
    first = parts[0] if parts else ANY
    grown = first.kind == "object" or (first.kind == "list" and first.item not in (None, ANY))
    return len(parts) > 1 and grown and all(part == first for part in parts)


def joined(known: Shape | None, new: Shape) -> Shape:
    """Return what is known of a tool's outputs after another one was seen."""
    return _fitting(_without_maps(merged([new] if known is None else [known, new])))


def _without_maps(shape: Shape) -> Shape:
    """Take for maps what has had other names each time, for values that are alike."""
    fields = {name: _without_maps(part) for name, part in shape.fields.items()}
    item = None if shape.item is None else _without_maps(shape.item)
    own = replace(shape, fields=fields, item=item)
    parts = [*fields.values(), *([] if item is None else [item])]
    other_each_time = len(parts) > 1 and fields.keys() == shape.maybe
    alike = len({part.kind for part in parts} - {"null", "any"}) <= 1
    if len(fields) > MAX_FIELDS or (other_each_time and alike):
        return Shape("object", item=_without_maps(merged(parts)), nullable=shape.nullable)
    return own


def agreed(shapes: Collection[Shape]) -> Shape:
    """Return what at least two of these say, each learned from somebody else's calls.

    A name that only one of them has may be about that one person.
    """
    first = next(iter(shapes), ANY)
    if any(shape.kind != first.kind for shape in shapes):
        return ANY
    if len(shapes) < 2:
        return bare(first)
    nullable = any(shape.nullable for shape in shapes)
    items = [shape.item for shape in shapes if shape.item is not None]
    names = list(dict.fromkeys(name for shape in shapes for name in shape.fields))
    of_name = {name: [s.fields[name] for s in shapes if name in s.fields] for name in names}
    fields = {name: agreed(parts) for name, parts in of_name.items() if len(parts) > 1}
    if len(fields) < len(names):
        items.append(ANY)
    maybe = {
        n for n in fields if len(of_name[n]) < len(shapes) or any(n in s.maybe for s in shapes)
    }
    return Shape(
        first.kind,
        item=agreed(items) if items else None,
        fields=fields,
        maybe=frozenset(maybe),
        nullable=nullable,
    )


def widened(declared: Shape, seen: Shape) -> Shape:
    """Return a declared shape as far as outputs agree with it; no seen name gets into it."""
    if seen.kind == "null":
        return replace(declared, nullable=True)
    if declared.kind != seen.kind:
        return ANY
    nullable = declared.nullable or seen.nullable
    item = declared.item
    if item is not None and seen.item is not None:
        item = widened(item, seen.item)
    if declared.kind != "object":
        return replace(declared, item=item, nullable=nullable, options=())
    others = seen.fields.keys() - declared.fields.keys()
    fields = {
        name: widened(part, seen.fields[name]) if name in seen.fields else part
        for name, part in declared.fields.items()
    }
    if item is None and declared.fields and (others or seen.item):
        item = ANY
    return replace(declared, item=item, fields=fields, nullable=nullable)


def refined(declared: Shape, seen: Shape) -> Shape:
    """Return a declared shape with what was seen where the declaration leaves it open."""
    if declared == ANY or (seen.kind == "object" == declared.kind and not _says(declared)):
        return replace(seen, nullable=seen.nullable or declared.nullable)
    if declared.kind != seen.kind:
        return declared
    item = declared.item
    if item is not None:
        inner = merged([*([] if seen.item is None else [seen.item]), *seen.fields.values()])
        item = refined(item, inner)
    fields = {
        name: refined(part, seen.fields[name]) if name in seen.fields else part
        for name, part in declared.fields.items()
    }
    return replace(declared, item=item, fields=fields)


def _says(shape: Shape) -> bool:
    return bool(shape.fields) or shape.item not in (None, ANY) or not shape.open


def bare(shape: Shape) -> Shape:
    """Return a shape without any name: what is a list, an object, a text or a number."""
    if shape.kind == "object":
        return Shape("object", nullable=shape.nullable)
    if shape.kind == "list" and shape.item is not None:
        return Shape("list", item=bare(shape.item), nullable=shape.nullable)
    return replace(shape, options=())


def _fitting(shape: Shape) -> Shape:
    for depth in range(_DEPTH, 0, -1):
        cut = _cut(shape, depth)
        if len(json.dumps(schema_of(cut))) <= MAX_BYTES:
            return cut
    return bare(shape)


def _cut(shape: Shape, depth: int) -> Shape:
    if shape.kind not in ("list", "object"):
        return shape
    if depth == 0:
        return bare(shape)
    return replace(
        shape,
        item=None if shape.item is None else _cut(shape.item, depth - 1),
        fields={name: _cut(part, depth - 1) for name, part in shape.fields.items()},
    )
