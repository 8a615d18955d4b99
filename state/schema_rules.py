"""How a value is held to each keyword of a schema: exactly, and in a counted number of steps.

jsonschema's own rules count nothing. Some compare each item with each other one, some search with
a backtracking engine; those are replaced or charged for here.
"""

from __future__ import annotations

import json
import reprlib
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

from .patterns import searcher
from .values import Json, JsonObject

_SEARCHED_PER_STEP = 2000
"""Characters that a linear search passes in the time of a step."""
_STEPS_PER_ERROR = 4
_WRITTEN_PER_STEP = 200
"""Characters of a message that are written in the time of a step."""
_COMPARED_PER_STEP = 200
"""Items of a list that Python compares with one in the time of a step."""

_SHOWN = reprlib.Repr()
"""Writes as much of a value as a message has room for."""
_SHOWN.maxstring = 200
_SHOWN_VALUES = 30


class TooMuchWorkError(Exception):
    """Checking a value takes more steps than are allowed."""


@dataclass
class _StepsLeft:
    left: int
    enums: dict[int, tuple[Json, frozenset[Any]]] = field(default_factory=dict)
    """By the list's identity: the list, which keeps the identity its own, and what it allows."""


_current: ContextVar[_StepsLeft | None] = ContextVar("work_of_a_check", default=None)


@contextmanager
def at_most_steps(steps: int) -> Generator[None]:
    """Bound the keywords that are evaluated inside. What goes beyond raises `TooMuchWorkError`."""
    token = _current.set(_StepsLeft(steps))
    try:
        yield
    finally:
        _current.reset(token)


def _take(steps: int) -> None:
    work = _current.get()
    if work is not None:
        work.left -= steps
        if work.left < 0:
            raise TooMuchWorkError


KeywordRule = Callable[[Any, Any, Any, Any], Iterator[ValidationError] | None]
"""How jsonschema checks one keyword: validator, what the keyword says, instance, schema."""


def _counted(rule: KeywordRule) -> KeywordRule:
    def check(validator: Any, value: Any, instance: Any, schema: Any) -> Any:
        _take(1)
        for error in rule(validator, value, instance, schema) or ():
            # jsonschema writes the whole value into each of them, one for each alternative.
            _take(_STEPS_PER_ERROR + len(error.message) // _WRITTEN_PER_STEP)
            yield error

    return check


def _finds(pattern: str, text: str) -> bool:
    _take(len(text) // _SEARCHED_PER_STEP)
    return searcher(pattern)(text)


def _pattern(validator: Any, pattern: str, instance: Any, _schema: Any) -> Any:
    if validator.is_type(instance, "string") and not _finds(pattern, instance):
        yield ValidationError(f"{instance[:200]!r} does not match {pattern!r}")


def _pattern_properties(validator: Any, patterns: JsonObject, instance: Any, _schema: Any) -> Any:
    if not validator.is_type(instance, "object"):
        return
    for pattern, schema in patterns.items():
        _take(len(instance) // 4)
        for key, value in instance.items():
            if _finds(pattern, key):
                yield from validator.descend(value, schema, path=key, schema_path=pattern)


def _additional_properties(validator: Any, allowed: Json, instance: Any, schema: Any) -> Any:
    if not validator.is_type(instance, "object"):
        return
    known, patterns = schema.get("properties", {}), schema.get("patternProperties", ())
    _take(len(patterns) * len(instance) // 4)
    extras = [k for k in instance if k not in known and not any(_finds(p, k) for p in patterns)]
    if validator.is_type(allowed, "object"):
        for key in extras:
            yield from validator.descend(instance[key], allowed, path=key)
    elif not allowed and extras:
        shown = ", ".join(repr(key[:80]) for key in extras[:5])
        yield ValidationError(f"Additional properties are not allowed ({shown})")


def _unique_items(validator: Any, unique: bool, instance: Any, _schema: Any) -> Any:
    if unique and validator.is_type(instance, "array"):
        # jsonschema's own comparison is quadratic for lists of objects.
        seen = {json.dumps(item, sort_keys=True) for item in instance}
        if len(seen) != len(instance):
            yield ValidationError("The list has items that are not unique")


def _enum(_validator: Any, allowed: list[Json], instance: Any, _schema: Any) -> Any:
    if _compared(instance) not in _allowed(allowed):
        more = ", …" if len(allowed) > _SHOWN_VALUES else ""
        shown = ", ".join(map(_SHOWN.repr, allowed[:_SHOWN_VALUES])) + more
        yield ValidationError(f"{_SHOWN.repr(instance)} is not one of [{shown}]")


def _allowed(values: list[Json]) -> frozenset[Any]:
    # Asked for each item of a long list, a long enumeration is looked up, not gone through.
    work = _current.get()
    if work is None:
        return frozenset(map(_compared, values))
    if id(values) not in work.enums:
        work.enums[id(values)] = values, frozenset(map(_compared, values))
    return work.enums[id(values)][1]


def _compared(value: Any) -> Any:
    """Return a value in a form whose equality is that of JSON: 1 is 1.0, and true is not 1."""
    _take(1)
    if isinstance(value, dict):
        return dict, frozenset((key, _compared(inner)) for key, inner in value.items())
    if isinstance(value, list):
        return list, tuple(map(_compared, value))
    return isinstance(value, bool), value


def _multiple_of(validator: Any, unit: float, instance: Any, _schema: Any) -> Any:
    # As they are written: 19.99 is a multiple of 0.01, which binary fractions deny.
    if validator.is_type(instance, "number") and not _is_multiple(instance, unit):
        yield ValidationError(f"{instance!r} is not a multiple of {unit}")


def _is_multiple(number: float, unit: float) -> bool:
    try:
        return (_exact(number) / _exact(unit)).denominator == 1
    except ValueError:
        return False  # Not a number, or one without an end.


def _exact(number: float) -> Fraction:
    return Fraction(number if isinstance(number, int) else repr(number))


def _charged_by_square(rule: KeywordRule) -> KeywordRule:
    """Charge for a rule that looks up each item of a value in a list of as many."""

    def check(validator: Any, value: Any, instance: Any, schema: Any) -> Any:
        if isinstance(instance, list | dict):
            _take(len(instance) ** 2 // _COMPARED_PER_STEP)
        return rule(validator, value, instance, schema)

    return check


_OF_DRAFT: dict[str, KeywordRule] = dict(Draft202012Validator.VALIDATORS)

_RULES: dict[str, KeywordRule] = {
    **_OF_DRAFT,
    "additionalProperties": _additional_properties,
    "enum": _enum,
    "multipleOf": _multiple_of,
    "pattern": _pattern,
    "patternProperties": _pattern_properties,
    "unevaluatedItems": _charged_by_square(_OF_DRAFT["unevaluatedItems"]),
    "unevaluatedProperties": _charged_by_square(_OF_DRAFT["unevaluatedProperties"]),
    "uniqueItems": _unique_items,
}

BoundedValidator: Any = extend(
    Draft202012Validator, validators={keyword: _counted(rule) for keyword, rule in _RULES.items()}
)
"""Draft 2020-12 with linear patterns, exact multiples, and counted steps."""
