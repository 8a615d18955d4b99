"""Shapes: what a tool's output looks like, without what it says.

A planner reads a shape as one short line, and the check of a plan compares paths with it. A shape
comes from a declared schema, else from outputs that were seen. Seen names of fields may be
anybody's words, so a name that is no plain word is not shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from itertools import islice
from typing import Any, Literal

from .values import Json, JsonObject

ShapeKind = Literal["any", "text", "number", "boolean", "null", "date", "list", "object"]

MAX_SHOWN = 600
"""Characters of a shape in a prompt: there is one for each tool."""

_LEVELS = 6
_FIELDS = 40
_ITEMS = 50
"""Items of a list that are looked at: its first ones."""
_OPTIONS = 6
_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,39}", re.ASCII)


@dataclass(frozen=True)
class Shape:
    """What is known of a value before it is there."""

    kind: ShapeKind = "any"
    item: Shape | None = None
    """For a list: its items. For an object: fields whose names are not known."""
    fields: Mapping[str, Shape] = field(default_factory=dict[str, "Shape"])
    maybe: frozenset[str] = frozenset()
    """Fields that may be absent."""
    open: bool = True
    """For an object: whether it may have other fields."""
    nullable: bool = False
    options: tuple[str, ...] = ()
    """For a text: all that it can be, if that is known."""
    form: Literal["", "date", "date-time"] = ""
    """For a text: what it spells, if that is declared."""
    said: bool = False
    """For a text: whether a model or a person says it in words of their own."""

    @property
    def plain(self) -> ShapeKind:
        """Its kind as JSON has it: a date is written as a text."""
        return "text" if self.kind == "date" else self.kind

    def __str__(self) -> str:
        return _shown(self, MAX_SHOWN)


ANY = Shape()
TEXT, NUMBER, BOOLEAN = Shape("text"), Shape("number"), Shape("boolean")
NULL = Shape("null", nullable=True)


def list_of(item: Shape) -> Shape:
    """Return the shape of a list of such items."""
    return Shape("list", item=item)


def shape_of(schema: JsonObject | None) -> Shape:
    """Return the shape that a JSON schema declares."""
    return _SchemaReader(schema or {}).shape(schema, _LEVELS)


_TYPES: Mapping[str, Shape] = {
    "string": TEXT,
    "number": NUMBER,
    "integer": NUMBER,
    "boolean": BOOLEAN,
    "null": NULL,
}
_SCHEMAS = 5_000
"""Parts of a schema that are read: definitions that name each other would have no end."""
_TURNS = 3
"""Times that a definition is read within itself."""
_HOP = 0.25
"""Of a level that a reference or an alternative takes."""


class _SchemaReader:
    """Reads one schema, of which a foreign server may be the author."""

    def __init__(self, root: JsonObject) -> None:
        self._root = root
        self._left = _SCHEMAS
        self._within: list[str] = []

    def shape(self, schema: Any, levels: float) -> Shape:
        """Return the shape of a part, read so many levels deep."""
        self._left -= 1
        if not isinstance(schema, dict) or levels < 0 or self._left < 0:
            return ANY
        if "$ref" in schema:
            return self._referred(str(schema["$ref"]), levels - _HOP)
        for key in ("anyOf", "oneOf"):
            if isinstance(schema.get(key), list):
                return merged(self.shape(part, levels - _HOP) for part in schema[key])
        if isinstance(schema.get("allOf"), list):
            return self._all(schema, levels - _HOP)
        if isinstance(schema.get("enum"), list):
            return _of_options(schema["enum"])
        if "const" in schema:
            return _of_options([schema["const"]])
        types = schema.get("type", "object" if "properties" in schema else None)
        if isinstance(types, list):
            return merged(self.shape({**schema, "type": one}, levels) for one in types)
        match types:
            case "array":
                return self._array(schema, levels - 1)
            case "object":
                return self._object(schema, levels - 1)
            case "string" if (form := schema.get("format")) in ("date", "date-time"):
                return Shape("text", form=form)
            case _:
                return _TYPES.get(str(types), ANY)

    def _referred(self, ref: str, levels: float) -> Shape:
        if self._within.count(ref) == _TURNS:
            return ANY
        self._within.append(ref)
        shape = self.shape(self._resolved(ref), levels)
        self._within.pop()
        return shape

    def _resolved(self, ref: str) -> Any:
        current: Any = self._root
        for part in ref.removeprefix("#/").split("/"):
            current = current.get(part) if isinstance(current, dict) else None
        return current

    def _all(self, schema: JsonObject, levels: float) -> Shape:
        """Put together what must hold all at once: fields side by side, or the first that says."""
        own = {key: part for key, part in schema.items() if key != "allOf"}
        parts = [self.shape(part, levels) for part in (*schema["allOf"], own)]
        told = [part for part in parts if part.kind != "any"]
        if not told or any(part.kind != "object" for part in told):
            return told[0] if told else ANY
        sure = {name for part in told for name in part.fields.keys() - part.maybe}
        fields = {name: shape for part in told for name, shape in part.fields.items()}
        return Shape(
            "object",
            item=next((part.item for part in told if part.item is not None), None),
            fields=fields,
            maybe=frozenset(fields.keys() - sure),
            open=all(part.open for part in told),
        )

    def _array(self, schema: JsonObject, levels: float) -> Shape:
        if schema.get("maxItems") == 0:
            return Shape("list")
        parts = schema.get("prefixItems")
        places = parts if isinstance(parts, list) else []
        rest = [schema.get("items")] if "items" in schema or not places else []
        return list_of(merged(self.shape(part, levels) for part in (*places, *rest)))

    def _object(self, schema: JsonObject, levels: float) -> Shape:
        properties, other = schema.get("properties"), schema.get("additionalProperties", True)
        known = properties if isinstance(properties, dict) else {}
        required = schema.get("required", [])
        return Shape(
            "object",
            item=self.shape(other, levels) if isinstance(other, dict) else None,
            fields={name: self.shape(part, levels) for name, part in known.items()},
            maybe=frozenset(known) - frozenset(required if isinstance(required, list) else ()),
            open=other is not False,
        )


def _of_options(options: list[Json]) -> Shape:
    shape = merged(shape_of_value(option) for option in options[:_ITEMS])
    if shape.kind == "text" and len(options) <= _ITEMS:
        return replace(shape, options=tuple(o for o in options if isinstance(o, str)))
    return shape


def schema_of(shape: Shape) -> JsonObject:
    """Return a JSON schema from which `shape_of` reads this shape."""
    match shape.kind:
        case "any":
            return {}
        case "list":
            items = {"maxItems": 0} if shape.item is None else {"items": schema_of(shape.item)}
            schema: JsonObject = {"type": "array", **items}
        case "object":
            schema = {
                "type": "object",
                "properties": {name: schema_of(part) for name, part in shape.fields.items()},
                "required": [name for name in shape.fields if name not in shape.maybe],
                "additionalProperties": schema_of(shape.item) if shape.item else shape.open,
            }
        case _:
            schema = {"type": _TYPE_NAMES[shape.kind]}
            if shape.form:
                schema["format"] = shape.form
            if shape.options:
                schema = {"enum": [*shape.options, *([None] if shape.nullable else [])]}
    if shape.nullable and shape.kind != "null" and "type" in schema:
        schema["type"] = [schema["type"], "null"]
    return schema


_TYPE_NAMES: Mapping[ShapeKind, str] = {
    "text": "string",
    "date": "string",
    "number": "number",
    "boolean": "boolean",
    "null": "null",
}


def at_path(shape: Shape, path: str) -> Shape:
    """Return the shape at a dot-separated path.

    Raises:
        KeyError: Nothing can be there; the message says what there is.
    """
    for part in path.split(".") if path else ():
        shape = _below(shape, part)
    return shape


def _below(shape: Shape, part: str) -> Shape:
    if shape.kind == "any" or (shape.kind == "object" and part in shape.fields):
        return shape.fields.get(part, ANY)
    if shape.kind == "list":
        if not part.removeprefix("-").isdecimal():
            raise KeyError(f"a list has no field {part!r}, use a number or an expression")
        return shape.item or ANY
    if shape.kind == "object" and (shape.item is not None or not shape.fields):
        return shape.item or ANY
    if shape.kind == "object":
        near = get_close_matches(part, shape.fields, n=2) or list(shape.fields)[:20]
        raise KeyError(f"there is no {part!r}, but {', '.join(near)}")
    raise KeyError(f"{shape.kind} has no field {part!r}")


def in_own_words(shape: Shape) -> Shape:
    """Return the shape of what a model or a person gives: its texts are words of their own."""
    if shape.kind == "text":
        return replace(shape, said=not shape.options)
    return replace(
        shape,
        item=shape.item and in_own_words(shape.item),
        fields={name: in_own_words(part) for name, part in shape.fields.items()},
    )


def shape_of_value(value: Json) -> Shape:
    """Return the shape of one value that was seen."""
    return _of_value(value, 0)


def _of_value(value: Json, depth: int) -> Shape:
    if depth > _LEVELS:
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
            # An empty list says nothing of its items, so it goes with a list of anything.
            seen = [_of_value(item, depth + 1) for item in islice(value, _ITEMS)]
            return list_of(merged(seen)) if seen else Shape("list")
        case dict():
            return _of_fields(value, depth)
        case _:
            return ANY


def _of_fields(value: JsonObject, depth: int) -> Shape:
    fields = {k: _of_value(v, depth + 1) for k, v in islice(value.items(), _FIELDS)}
    if len(value) > _FIELDS:
        return Shape("object", item=merged(fields.values()))
    return Shape("object", fields=fields)


def merged(shapes: Iterable[Shape]) -> Shape:
    """Return a shape that fits whatever one of these fits."""
    found: Shape | None = None
    for shape in shapes:
        found = shape if found is None else _merge(found, shape)
    return found or ANY


def _merge(a: Shape, b: Shape) -> Shape:
    if a == b:
        return a
    if a.kind == "null" or b.kind == "null":
        known = b if a.kind == "null" else a
        return ANY if known.kind == "any" else replace(known, nullable=True)
    nullable = a.nullable or b.nullable
    if a.kind != b.kind or a.kind == "any":
        return ANY
    items = [shape for shape in (a.item, b.item) if shape is not None]
    item = merged(items) if items else None
    if a.kind == "list":
        return Shape("list", item=item, nullable=nullable)
    if a.kind != "object":
        options = (*a.options, *b.options) if a.options and b.options else ()
        return Shape(
            a.kind,
            nullable=nullable,
            options=tuple(dict.fromkeys(options)),
            said=a.said or b.said,
        )
    return _merge_objects(a, b, item, nullable=nullable)


def _merge_objects(a: Shape, b: Shape, item: Shape | None, *, nullable: bool) -> Shape:
    names = [*a.fields, *(name for name in b.fields if name not in a.fields)]
    return Shape(
        "object",
        item=item,
        fields={n: merged(s.fields[n] for s in (a, b) if n in s.fields) for n in names},
        maybe=a.maybe | b.maybe | (a.fields.keys() ^ b.fields.keys()),
        open=a.open or b.open,
        nullable=nullable,
    )


def _shown(shape: Shape, room: int) -> str:
    """Write a shape in about `room` characters: what does not fit is `…`."""
    text = _one_kind(shape, room)
    return f"{text} or null" if shape.nullable and shape.kind != "null" else text


def _one_kind(shape: Shape, room: int) -> str:
    if room < len("boolean") or shape.kind == "any":
        return "any" if shape.kind == "any" else "…"
    if shape.kind == "list":
        return f"[{_shown(shape.item or ANY, room - 2)}]"
    if shape.kind == "object":
        return _object(shape, room - 2)
    shown = [option for option in shape.options if _PLAIN_NAME.fullmatch(option)]
    if 0 < len(shown) <= _OPTIONS and len(shown) == len(shape.options):
        return " | ".join(f'"{option}"' for option in shown)
    return f"{shape.kind} {shape.form}" if shape.form else shape.kind


def _object(shape: Shape, room: int) -> str:
    if not shape.fields and shape.item is None:
        return "object"
    parts: list[str] = []
    for name, inner in shape.fields.items():
        if not _PLAIN_NAME.fullmatch(name):
            continue
        head = f"{name}{'?' if name in shape.maybe else ''}: "
        if room < len(head) + 12:
            break
        parts.append(head + _shown(inner, room - len(head)))
        room -= len(parts[-1]) + 2
    if shape.item is not None:
        parts.append(f"any name: {_shown(shape.item, room)}")
    elif len(parts) < len(shape.fields):
        parts.append("…")
    return f"{{{', '.join(parts)}}}"
