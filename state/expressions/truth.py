"""Truth: what a value says where a condition stands, and whether it holds something for `or`.

As in Python, null and what is empty is false, and a list, an object or a text that holds something
is true. Where Python's reading is a trap, there is an error in its place: 0 is an amount as often
as it is nothing, and a text "no" would be true.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from ...errors import ExpressionError
from ..shapes import NULL, TEXT, Shape
from .kinds import in_words, kind_of, mismatch

_COMPARED = "Compare it: x > 0, or x != null."
_SPELT = "Compare it: x == 'yes', or x != ''."
_SPELLS_NONE = re.compile(
    r"(?:false|no|n|none|null|nil|n/?a|nan|off|undefined|unknown|-+|0+(?:[.,]0+)?)?[.!]?", re.I
)
"""Texts that hold something and mean false or nothing."""


def truth_of(value: Any) -> bool:
    """Return what a value says as a condition.

    Raises:
        ExpressionError: It says neither true nor false: a number, a date, a text such as "no".
    """
    match kind_of(value):
        case "boolean":
            return value
        case "null":
            return False
        case "list" | "object":
            return bool(value)
        case "text":
            return _of_text(value)
        case _:
            raise mismatch("true or false", value, fix=_COMPARED)


def _of_text(value: str) -> bool:
    if value and _SPELLS_NONE.fullmatch(value.strip()):
        raise ExpressionError(f"The text {value!r} says neither true nor false.", fix=_SPELT)
    return bool(value)


def holds(value: Any) -> bool:
    """Whether a value is what `or` gives, rather than what stands behind it.

    Raises:
        ExpressionError: It is 0, which some would keep and some replace.
    """
    kind = kind_of(value)
    if kind == "number" and value == 0:
        raise mismatch("what holds something or nothing", value, fix=_OTHERWISE)
    return kind in ("date", "time") or bool(value)


_OTHERWISE = "Write default(x, y) to keep 0, or `x if x > 0 else y`."


def is_zero(value: Any) -> bool:
    """Whether a value is the number 0: behind `or` it says what 0 before it says."""
    return kind_of(value) == "number" and value == 0


def undecided(shape: Shape) -> tuple[str, str]:
    """Return why a value is no condition, whatever it is, and what mends it; else two blanks."""
    match shape.kind:
        case "any" | "boolean" | "list":
            return "", ""
        case "text" if shape.said:
            return "It is a model's own words, not true or false.", (
                "Have it give a truth, {allowed: boolean}, or compare it."
            )
        case "text" if shape.options and all(shape.options):
            options = ", ".join(shape.options)
            return f"It is one of {options}, never empty.", "Compare it: x == 'yes'."
        case "object" if _never_empty(shape):
            return "It is an object that is never empty.", "Name a field of it."
        case "text" | "object":
            return "", ""
        case kind:
            return f"It is {in_words(kind)}, not true or false.", _COMPARED


def unchosen(shape: Shape) -> tuple[str, str]:
    """Return why nobody could tell whether `or` gives a value, and what mends it."""
    if shape.kind != "number":
        return "", ""
    return "It is a number, and 0 is a value too.", _OTHERWISE


def _never_empty(shape: Shape) -> bool:
    return not shape.nullable and bool(shape.fields.keys() - shape.maybe)


def held(shape: Shape) -> Shape:
    """Return the shape of a value that holds something."""
    if shape is NULL or not shape.nullable:
        return shape
    return replace(shape, nullable=False)


def lacking(shape: Shape) -> Iterator[Shape]:
    """Yield the shape of a value that holds nothing, if it can be so."""
    if shape.kind == "text":
        yield replace(TEXT, nullable=shape.nullable)
    elif shape.kind != "object" or not shape.fields.keys() - shape.maybe:
        yield shape
    elif shape.nullable:
        yield NULL
