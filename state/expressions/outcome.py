"""Outcome: what an expression worked out, as plain JSON of a bounded size."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

from ...errors import ExpressionError
from ..values import Json, canonical_json
from . import numbers
from .kinds import Built, BuiltObject, kind_of
from .limits import DATA_DEPTH, RESULT_SIZE, TEXT_SIZE


class _Meter:
    """Counts about the bytes of a result, and stops where they are too many."""

    __slots__ = ("_left", "_size")

    def __init__(self, size: int) -> None:
        self._size = self._left = size

    def count(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            raise ExpressionError(
                f"The result is larger than {self._size:,} bytes.",
                fix="Select the fields and items that are needed.",
            )


def to_json(value: Any, *, size: int = RESULT_SIZE) -> Json:
    """Return a value as plain JSON; data that was passed on is shared, not copied.

    Raises:
        ExpressionError: It is too large, nested too deep, or a number that JSON can't hold.
    """
    return _converted(value, _Meter(size), 0)


def as_text(value: Any) -> str:
    """Write a value as text: a text as it is, a number plainly, the rest as JSON."""
    match kind_of(value):
        case "text":
            return value
        case "number":
            return numbers.shown(numbers.number_of(value))
        case "date" | "time":
            return value.isoformat()
        case _:
            try:
                return canonical_json(to_json(value, size=TEXT_SIZE))
            except ValueError as error:
                raise ExpressionError("It holds a number that is not finite.") from error


def _converted(value: Any, meter: _Meter, depth: int) -> Json:
    if depth > DATA_DEPTH:
        raise ExpressionError(f"The data is nested more than {DATA_DEPTH} deep.")
    kind = type(value)
    if kind is Built:
        meter.count(2)
        return [_converted(item, meter, depth + 1) for item in value]
    if kind is BuiltObject:
        meter.count(2 + sum(map(len, value)))
        return {key: _converted(item, meter, depth + 1) for key, item in value.items()}
    if kind is Decimal:
        meter.count(8)
        return _finite(numbers.to_json(value))
    if kind_of(value) in ("date", "time"):
        meter.count(24)
        return value.isoformat()
    _measure(value, meter, depth)
    return value


def _measure(value: Any, meter: _Meter, depth: int) -> None:
    """Count data that was passed on; it is not looked at further once it is too much."""
    if depth > DATA_DEPTH:
        raise ExpressionError(f"The data is nested more than {DATA_DEPTH} deep.")
    kind = type(value)
    if kind is str:
        meter.count(len(value) + 2)
    elif kind is dict:
        meter.count(4 * len(value) + sum(map(len, value)) + 2)
        for item in value.values():
            _measure(item, meter, depth + 1)
    elif kind is list:
        meter.count(len(value) + 2)
        for item in value:
            _measure(item, meter, depth + 1)
    elif kind_of(value) == "function":
        raise ExpressionError("A lambda is no value.", fix="Call a function with it.")
    else:
        meter.count(6)
        _finite(value)


def _finite(value: float) -> float:
    if isinstance(value, float) and not math.isfinite(value):
        raise ExpressionError("It is no finite number.")
    return value
