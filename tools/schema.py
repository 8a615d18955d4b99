"""Pure functions on JSON Schemas: closing, defaults, and what a field allows, in words."""

from __future__ import annotations

import copy

from ..state.values import Json, JsonObject, canonical_json

_OPEN_WORLD = ("additionalProperties", "unevaluatedProperties", "patternProperties")
_COMPOSED = ("allOf", "anyOf", "oneOf", "$ref")


def closed(schema: JsonObject) -> JsonObject:
    """Refuse unknown fields, where the schema does not say what it thinks of them."""
    if any(key in schema for key in _OPEN_WORLD):
        return schema
    if any(key in schema for key in _COMPOSED):
        return {**schema, "unevaluatedProperties": False}
    return {"type": "object", **schema, "additionalProperties": False}


def follow(schema: Json, root: JsonObject) -> JsonObject:
    """Return the schema that a local `$ref` points to, or the schema itself."""
    for _ in range(8):
        reference = schema.get("$ref") if isinstance(schema, dict) else None
        if not isinstance(reference, str) or not reference.startswith("#/"):
            break
        target: Json = root
        for part in reference[2:].split("/"):
            target = target.get(part, {}) if isinstance(target, dict) else {}
        schema = target
    return schema if isinstance(schema, dict) else {}


def fill_defaults(schema: JsonObject, value: Json, *, root: JsonObject) -> Json:
    """Return `value` with the schema's defaults for absent fields, nested objects included."""
    schema = follow(schema, root)
    if isinstance(value, list) and isinstance(schema.get("items"), dict):
        return [fill_defaults(schema["items"], item, root=root) for item in value]
    if not isinstance(value, dict):
        return value
    filled = dict(value)
    for name, field in schema.get("properties", {}).items():
        if name in filled:
            filled[name] = fill_defaults(field, filled[name], root=root)
        elif isinstance(field, dict) and "default" in field:
            filled[name] = copy.deepcopy(field["default"])
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
    return " ".join([_kind(schema), " and ".join(_bounds(schema))]).strip()


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


_WORDS = {
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
}


def _bounds(schema: JsonObject) -> list[str]:
    return [words.format(schema[key]) for key, words in _WORDS.items() if key in schema]
