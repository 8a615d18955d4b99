"""JSON Schemas of others: bounded, never fetched, and matched in bounded time.

A schema comes from a planner's model or a foreign server. It may point anywhere (`$ref`), hold any
pattern, and refer to itself; so it is admitted before it is used, and using it is counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import SchemaError, ValidationError, best_match
from referencing import Registry, Resource
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012, EMPTY_REGISTRY

from .patterns import PatternRefusedError, searcher
from .schema_rules import BoundedValidator, TooMuchWorkError, at_most_steps
from .values import Json, JsonObject

MAX_SCHEMA_BYTES = 100_000
MAX_SCHEMA_DEPTH = 48
MAX_CHAIN = 32
"""Most schemas that may apply to one value one inside the other (`$ref`, `anyOf`, …)."""
MAX_STEPS = 500_000
"""Most keywords evaluated for one value: a second or two of work."""

_HOLDS = frozenset(
    """additionalItems additionalProperties allOf anyOf contains contentSchema else if items not
    oneOf prefixItems propertyNames then unevaluatedItems unevaluatedProperties
    """.split()  # noqa: SIM905 - a word list reads better as text
)
"""Keywords whose value is a schema, or a list of schemas."""
_NAMED = frozenset({"properties", "patternProperties", "$defs", "definitions", "dependentSchemas"})
_IN_PLACE = frozenset({"allOf", "anyOf", "oneOf", "not", "if", "then", "else"})
_REFERENCES = ("$ref", "$dynamicRef")


class SchemaRefusedError(ValueError):
    """A schema that is not used; the message says why."""


def validator_for(schema: Json, kind: Any = BoundedValidator, **options: Any) -> Any:
    """Return a validator that retrieves nothing."""
    return kind(schema, registry=EMPTY_REGISTRY, **options)


def first_error(validator: Any, value: Json, *, steps: int = MAX_STEPS) -> ValidationError | None:
    """Return the error that says best why a value does not fit, or `None`.

    Raises:
        TooMuchWorkError: Deciding takes more than `steps`, or nests too deeply.
    """
    try:
        with at_most_steps(steps):
            return cast("ValidationError | None", best_match(validator.iter_errors(value)))
    except RecursionError:
        raise TooMuchWorkError from None


def check_schema(schema: Json, *, limit: int = MAX_SCHEMA_BYTES) -> None:
    """Admit a schema, or say why it is not used.

    Args:
        schema: The schema.
        limit: Most bytes of it. Deciding takes about ten milliseconds a kilobyte at worst.

    Raises:
        SchemaRefusedError: It is too large or too deep, not valid, points outside itself or to
            nothing, applies to the same value without end, or has a pattern that is not linear.
    """
    if not isinstance(schema, dict | bool):
        raise SchemaRefusedError(f"A schema is an object, this is a {type(schema).__name__}.")
    _check_size(schema, limit)
    _check_form(schema)
    resource: Any = Resource.from_contents(schema, default_specification=DRAFT202012)
    resolver = Registry().with_resource("", resource).resolver()
    parts = _schemas(schema, resolver)
    for part in parts:
        _check_part(part, root=part is schema)
    _check_together(parts)
    _check_chains(parts, resolver)


def _check_form(schema: Any, name: str = "This") -> None:
    """Refuse what the draft does not allow."""
    try:
        # Without formats: its check of `regex` would compile any pattern in a backtracking engine.
        Draft202012Validator.check_schema(schema, format_checker=FormatChecker(formats=()))
    except RecursionError:
        raise SchemaRefusedError("It is nested too deeply.") from None
    except SchemaError as error:
        at = ".".join(str(part) for part in error.absolute_path)
        raise SchemaRefusedError(
            f"{name} is not a valid JSON Schema: {f'{at}: ' if at else ''}{error.message[:300]}"
        ) from None


def _check_size(schema: Json, limit: int) -> None:
    waiting: list[tuple[Any, int]] = [(schema, 0)]
    size = 0
    while waiting:
        value, depth = waiting.pop()
        if depth > MAX_SCHEMA_DEPTH:
            raise SchemaRefusedError(f"It is nested deeper than {MAX_SCHEMA_DEPTH} levels.")
        size += 2 + (len(value) if isinstance(value, str) else 0)
        inner = list(value.values()) if isinstance(value, dict) else value
        if isinstance(value, dict):
            size += sum(len(str(key)) + 3 for key in value)
        # Before it is opened: a list of a million numbers says by its length that it is too large.
        if size + 2 * (len(inner) if isinstance(inner, list) else 0) > limit:
            raise SchemaRefusedError(f"It is larger than {limit:,} bytes.")
        if isinstance(inner, list):
            waiting += [(item, depth + 1) for item in inner]


def _schemas(schema: Json, resolver: Any) -> list[JsonObject]:
    """Return every object that stands where a schema stands, or that a reference makes one."""
    found: dict[int, JsonObject] = {}
    _find(schema, found)
    unread = list(found.values())
    while unread:
        part = unread.pop()
        for reference in _references(part):
            target = _target(reference, resolver)
            if id(target) not in found:
                # It stands where the draft checks nothing: among properties, or in a title.
                _check_form(target, f"What {reference[:200]!r} points to")
                unread += _find(target, found)
    return list(found.values())


def _find(schema: Any, found: dict[int, JsonObject]) -> list[JsonObject]:
    """Add what stands where a schema stands; return what is new."""
    new: list[JsonObject] = []
    waiting: list[Any] = [schema]
    while waiting:
        part = waiting.pop()
        if isinstance(part, list):
            waiting += part
        elif isinstance(part, dict) and id(part) not in found:
            found[id(part)] = part
            new.append(part)
            waiting += [part[key] for key in _HOLDS & part.keys()]
            for key in _NAMED & part.keys():
                waiting += part[key].values() if isinstance(part[key], dict) else ()
    return new


def _references(schema: JsonObject) -> list[str]:
    return [schema[key] for key in _REFERENCES if isinstance(schema.get(key), str)]


def _check_part(schema: JsonObject, *, root: bool) -> None:
    if "$id" in schema and not root:
        raise SchemaRefusedError("A part of it has an `$id` of its own.")
    for pattern in _patterns(schema):
        try:
            searcher(pattern)
        except PatternRefusedError as error:
            raise SchemaRefusedError(str(error)) from None


def _check_together(parts: list[JsonObject]) -> None:
    # What counts as evaluated is looked for in all that applies beside `unevaluatedProperties`,
    # `anyOf` and `$ref` included, by jsonschema itself and with a backtracking engine.
    keywords = {keyword for part in parts for keyword in part}
    if {"patternProperties", "unevaluatedProperties"} <= keywords:
        raise SchemaRefusedError("It combines patternProperties with unevaluatedProperties.")


def _patterns(schema: JsonObject) -> list[str]:
    named = schema.get("patternProperties")
    own = schema.get("pattern")
    return [*(named if isinstance(named, dict) else ()), *([own] if isinstance(own, str) else ())]


def _target(reference: str, resolver: Any) -> Any:
    if not reference.startswith("#"):
        raise SchemaRefusedError(
            f"It points to {reference[:200]!r}, outside itself; nothing is fetched."
        )
    try:
        return resolver.lookup(reference).contents
    except (Unresolvable, ValueError, TypeError, KeyError) as error:
        raise SchemaRefusedError(
            f"It points to {reference[:200]!r}, where there is nothing ({type(error).__name__})."
        ) from None


def _check_chains(parts: list[JsonObject], resolver: Any) -> None:
    """Refuse schemas that apply to one value without end, or in very long chains."""
    longest: dict[int, int] = {}
    open_: set[int] = set()

    def length(schema: Any, depth: int) -> int:
        if not isinstance(schema, dict):
            return 0
        if id(schema) in open_ or depth > MAX_CHAIN:
            raise SchemaRefusedError("It refers to itself without end, or through too many steps.")
        if id(schema) not in longest:
            open_.add(id(schema))
            inner = [length(each, depth + 1) for each in _in_place(schema, resolver)]
            open_.discard(id(schema))
            longest[id(schema)] = 1 + max(inner, default=0)
        if longest[id(schema)] + depth > MAX_CHAIN:
            raise SchemaRefusedError("It refers to itself without end, or through too many steps.")
        return longest[id(schema)]

    for part in parts:
        length(part, 0)


def _in_place(schema: JsonObject, resolver: Any) -> Iterator[Any]:
    """Yield the schemas that apply to the same value as this one."""
    for key in _IN_PLACE & schema.keys():
        value = schema[key]
        yield from value if isinstance(value, list) else [value]
    for reference in _references(schema):
        yield _target(reference, resolver)
    dependent = schema.get("dependentSchemas")
    yield from dependent.values() if isinstance(dependent, dict) else ()
