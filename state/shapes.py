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

_DEPTH = 6
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
    return _of_schema(schema, schema or {}, 0)


_TYPES: Mapping[str, Shape] = {
    "string": TEXT,
    "number": NUMBER,
    "integer": NUMBER,
    "boolean": BOOLEAN,
    "null": NULL,
}


def _of_schema(schema: Any, root: JsonObject, depth: int) -> Shape:
    if not isinstance(schema, dict) or depth > _DEPTH:
        return ANY
    if "$ref" in schema:
        return _of_schema(_resolved(str(schema["$ref"]), root), root, depth + 1)
    for key in ("anyOf", "oneOf"):
        if isinstance(schema.get(key), list):
            return merged(_of_schema(part, root, depth + 1) for part in schema[key])
    if isinstance(schema.get("enum"), list):
        return _of_options(schema["enum"])
    if "const" in schema:
        return _of_options([schema["const"]])
    types = schema.get("type", "object" if "properties" in schema else None)
    if isinstance(types, list):
        return merged(_of_schema({**schema, "type": one}, root, depth) for one in types)
    match types:
        case "array":
            return list_of(_of_schema(schema.get("items"), root, depth + 1))
        case "object":
            return _of_object(schema, root, depth)
        case _:
            return _TYPES.get(str(types), ANY)


def _resolved(ref: str, root: JsonObject) -> Any:
    current: Any = root
    for part in ref.removeprefix("#/").split("/"):
        current = current.get(part) if isinstance(current, dict) else None
    return current


def _of_options(options: list[Json]) -> Shape:
    shape = merged(shape_of_value(option) for option in options[:_ITEMS])
    if shape.kind == "text" and len(options) <= _ITEMS:
        return replace(shape, options=tuple(o for o in options if isinstance(o, str)))
    return shape


def _of_object(schema: JsonObject, root: JsonObject, depth: int) -> Shape:
    properties, other = schema.get("properties"), schema.get("additionalProperties", True)
    known = properties if isinstance(properties, dict) else {}
    required = schema.get("required", [])
    return Shape(
        "object",
        item=_of_schema(other, root, depth + 1) if isinstance(other, dict) else None,
        fields={name: _of_schema(part, root, depth + 1) for name, part in known.items()},
        maybe=frozenset(known) - frozenset(required if isinstance(required, list) else ()),
        open=other is not False,
    )


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


def shape_of_value(value: Json) -> Shape:
    """Return the shape of one value that was seen."""
    return _of_value(value, 0)


def _of_value(value: Json, depth: int) -> Shape:
    if depth > _DEPTH:
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
            seen = [_of_value(item, depth + 1) for item in islice(value, _ITEMS)]
            return list_of(merged(seen) if seen else ANY)
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
    item = merged(shape for shape in (a.item, b.item) if shape is not None)
    if a.kind == "list":
        return Shape("list", item=item, nullable=nullable)
    if a.kind != "object":
        options = (*a.options, *b.options) if a.options and b.options else ()
        return Shape(a.kind, nullable=nullable, options=tuple(dict.fromkeys(options)))
    return _merge_objects(a, b, item if a.item or b.item else None, nullable=nullable)


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
    return shape.kind


def _object(shape: Shape, room: int) -> str:
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
