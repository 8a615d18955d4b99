"""Pure functions on JSON Schemas: closing, defaults, and what a field allows, in words."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, cast
from urllib.parse import unquote

from ..state.values import Json, JsonObject, canonical_json

_OPEN_WORLD = ("additionalProperties", "unevaluatedProperties", "patternProperties")
_COMPOSED = ("allOf", "anyOf", "oneOf", "$ref")
_LITERAL = frozenset({"const", "enum", "default", "examples"})


def closed(schema: JsonObject) -> JsonObject:
    """Refuse unknown fields, where the schema does not say what it thinks of them."""
    if any(key in schema for key in _OPEN_WORLD):
        return schema
    if any(key in schema for key in _COMPOSED):
        return {**schema, "unevaluatedProperties": False}
    return {"type": "object", **schema, "additionalProperties": False}


Fits = Callable[[Json, Json], bool]
"""Whether a value fits a part of a schema."""


def with_defaults_allowed(schema: JsonObject, fits: Fits) -> JsonObject:
    """Allow each field its own default, and null where the schema calls it `nullable`.

    Many public schemas have a default that they would refuse (`category: str = None`). It is what
    absence means, so it is filled in for everybody to see, and must be taken when it comes back.
    """

    def widen(name: str, part: Json) -> Json:
        if name == "properties" and isinstance(part, dict):
            return {key: field(value) for key, value in part.items()}
        return walk(part)

    def walk(part: Json) -> Json:
        if isinstance(part, list):
            return [walk(item) for item in part]
        if not isinstance(part, dict):
            return part
        return {k: v if k in _LITERAL else widen(k, v) for k, v in part.items()}

    def field(part: Json) -> Json:
        widened = walk(part)
        if not isinstance(part, dict):
            return widened
        also = [{"const": part["default"]}] if not _takes_default(part, fits) else []
        also += [{"type": "null"}] if part.get("nullable") is True else []
        kept = {"default": part["default"]} if "default" in part else {}
        return {"anyOf": [widened, *also], **kept} if also else widened

    return cast("JsonObject", walk(schema))


def _takes_default(field: JsonObject, fits: Fits) -> bool:
    return "default" not in field or fits(field, field["default"])


def follow(schema: Json, root: JsonObject) -> JsonObject:
    """Return the schema that a local `$ref` points to, or the schema itself."""
    for _ in range(8):
        reference = schema.get("$ref") if isinstance(schema, dict) else None
        if not isinstance(reference, str) or not reference.startswith("#"):
            break
        target: Json = root
        for part in unquote(reference[1:]).split("/")[1:]:
            key = part.replace("~1", "/").replace("~0", "~")
            target = target.get(key, {}) if isinstance(target, dict) else {}
        schema = target
    return schema if isinstance(schema, dict) else {}


def fill_defaults(schema: JsonObject, value: Json, fits: Fits | None) -> Any:
    """Return `value` with the schema's defaults for absent fields, nested ones included.

    Args:
        schema: The schema; references are looked up in it.
        value: Arguments.
        fits: Decides between alternatives (`anyOf`); `None` leaves them alone.
    """
    return _Filling(schema, fits).fill(schema, value)


class _Filling:
    def __init__(self, root: JsonObject, fits: Fits | None) -> None:
        self._root = root
        self._fits = fits

    def fill(self, schema: Json, value: Json) -> Json:
        if not isinstance(value, dict | list):
            return value
        schema = follow(schema, self._root)
        for part in schema.get("allOf", ()):
            value = self.fill(part, value)
        value = self._fill_alternative(schema, value)
        return self._object(schema, value) if isinstance(value, dict) else self._list(schema, value)

    def _fill_alternative(self, schema: JsonObject, value: Json) -> Json:
        if self._fits is None:
            return value
        options = [*schema.get("anyOf", ()), *schema.get("oneOf", ())]
        # Defaults are for what is absent, so an alternative that takes the value filled in but not
        # as it is has a field that is both required and given a default.
        filled = ((option, self.fill(option, value)) for option in options)
        return next((made for option, made in filled if self._fits(option, made)), value)

    def _list(self, schema: JsonObject, value: list[Json]) -> list[Json]:
        first = schema.get("prefixItems", [])
        rest = schema.get("items", True)
        return [self.fill(first[i] if i < len(first) else rest, v) for i, v in enumerate(value)]

    def _object(self, schema: JsonObject, value: JsonObject) -> JsonObject:
        fields, others = schema.get("properties", {}), schema.get("additionalProperties")
        filled = {key: self.fill(fields.get(key, others), item) for key, item in value.items()}
        for name, field in fields.items():
            if name not in filled and isinstance(field, dict) and "default" in field:
                filled[name] = self.fill(field, copy.deepcopy(field["default"]))
        return filled


def tidy(schema: Json) -> Json:
    """Return a generated schema without `title`s and with every object closed.

    Titles cost prompt tokens and say what the names say. A nested model would drop a field that it
    does not know, and what was approved would not be what runs.
    """
    if isinstance(schema, list):
        return [tidy(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    tidied = {
        key: _tidy_each(item) if key in ("properties", "$defs") else tidy(item)
        for key, item in schema.items()
        if not (key == "title" and isinstance(item, str))
    }
    if "properties" in tidied:
        tidied.setdefault("additionalProperties", False)
    return tidied


def _tidy_each(named: JsonObject) -> JsonObject:
    # Here keys are names of the user's choosing: a field may well be called `title`.
    return {name: tidy(schema) for name, schema in named.items()}


_WORDS = frozenset({"title", "description", "$comment", "examples"})
_BY_NAME = frozenset(
    {"properties", "patternProperties", "$defs", "definitions", "dependentSchemas"}
)
_NAME_CHARACTERS = 64
"""Of what stands for something; longer texts say something."""


def without_words(schema: JsonObject) -> JsonObject:
    """Return a schema without what only its readers are told in it; it allows the same."""
    return cast("JsonObject", _without_words(schema))


def _without_words(part: Json) -> Json:
    if isinstance(part, list):
        return [_without_words(item) for item in part]
    if not isinstance(part, dict):
        return part
    return {key: _wordless(key, value) for key, value in part.items() if key not in _WORDS}


def _wordless(key: str, value: Json) -> Json:
    if key in _LITERAL:
        return value
    if key in _BY_NAME and isinstance(value, dict):
        return {name: _without_words(each) for name, each in value.items()}
    return _without_words(value)


def says_something(part: Json) -> bool:
    """Whether a name, an option or a default in a schema may be a sentence."""
    if isinstance(part, dict):
        return any(says_something(key) or says_something(value) for key, value in part.items())
    if isinstance(part, list):
        return any(says_something(item) for item in part)
    return isinstance(part, str) and (len(part) > _NAME_CHARACTERS or len(part.split()) > 1)


def allowed(schema: Json) -> str:
    """Say what a schema allows, for a model or a person to act on."""
    if not isinstance(schema, dict) or not schema:
        return "a value"
    if "const" in schema:
        return canonical_json(schema["const"])
    if "enum" in schema:
        return "one of " + ", ".join(canonical_json(item) for item in schema["enum"][:20])
    for key in ("anyOf", "oneOf"):
        if key in schema:
            return " or ".join(allowed(option) for option in schema[key])
    said = [_kind(schema), " and ".join(bounds(schema))]
    if "contains" in schema:
        said.append(f"with {allowed(schema['contains'])} in it")
    if "not" in schema:
        said.append(f"but not {allowed(schema['not'])}")
    return " ".join(filter(None, said)) or "a value"


_KINDS = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
}


def _kind(schema: JsonObject) -> str:
    types = schema.get("type", "")
    named = [types] if isinstance(types, str) else types
    kind = " or ".join(_KINDS.get(name, "a value") for name in named)
    return f"{kind} in the form {schema['format']}" if "format" in schema else kind


BOUNDS = {
    "minimum": "at least {}",
    "exclusiveMinimum": "greater than {}",
    "maximum": "at most {}",
    "exclusiveMaximum": "less than {}",
    "multipleOf": "in multiples of {}",
    "minLength": "of at least {} characters",
    "maxLength": "of at most {} characters",
    "pattern": "matching {}",
    "minItems": "of at least {} items",
    "maxItems": "of at most {} items",
    "uniqueItems": "without duplicates",
    "minProperties": "of at least {} fields",
    "maxProperties": "of at most {} fields",
}


def bounds(schema: JsonObject) -> list[str]:
    """Return the bounds that a schema sets, in words."""
    return [words.format(schema[key]) for key, words in BOUNDS.items() if key in schema]
