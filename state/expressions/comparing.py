"""Comparing: equality, order and membership, strict between kinds."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence, Set
from datetime import datetime
from typing import Any

from ...errors import ExpressionError
from . import dates, numbers
from .kinds import ValueKind, in_words, kind_of, list_of, text_of
from .limits import DATA_DEPTH, WORK_PER_OPERATION, Allowance

ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_DATED: frozenset[ValueKind] = frozenset({"date", "time"})
_TELLING: frozenset[ValueKind] = frozenset({"text", *_DATED})


_ORDERED: frozenset[ValueKind] = frozenset({"number", "boolean", *_TELLING})


def equal(allowance: Allowance, a: Any, b: Any) -> bool:
    """Whether two values are equal; null may be compared with anything.

    Raises:
        ExpressionError: They are of different kinds and so never equal.
    """
    first, second = kind_of(a), kind_of(b)
    if "null" in (first, second):
        return first == second
    if first in _DATED or second in _DATED:
        return dates.at_once(a, b)
    if first != second or first == "function":
        raise _incomparable(first, second)
    return same(allowance, a, b)


def _are_moments(a: Any, b: Any, kinds: Set[ValueKind]) -> bool:
    """Whether two values are compared by when they are, and not letter by letter."""
    if not kinds <= _TELLING:
        return False
    return bool(kinds & _DATED) or (
        # As texts, `2026-05-19T10:00` and `2026-05-19 11:00` are in no order that anybody means.
        dates.told(a) is not None and dates.told(b) is not None
    )


def same(allowance: Allowance, a: Any, b: Any, depth: int = 0) -> bool:
    """Whether two values are the same; different kinds are not.

    Raises:
        ExpressionError: They are nested too deep, or moments of which nobody can say.
    """
    kind, other = kind_of(a), kind_of(b)
    if depth > DATA_DEPTH:
        raise ExpressionError(f"The data is nested more than {DATA_DEPTH} deep.")
    if _are_moments(a, b, {kind, other}):
        return dates.at_once(a, b)
    if kind != other or kind == "function":
        return False
    if kind == "number":
        return numbers.number_of(a) == numbers.number_of(b)
    if kind == "text":
        allowance.spend(min(len(a), len(b)) // WORK_PER_OPERATION)
        return a == b
    if kind not in ("list", "object"):
        return a == b
    if len(a) != len(b):
        return False
    allowance.spend(4 * len(a))
    if kind == "list":
        return all(same(allowance, x, y, depth + 1) for x, y in zip(a, b, strict=True))
    return all(key in b and same(allowance, a[key], b[key], depth + 1) for key in a)


def ordered(allowance: Allowance, op: str, a: Any, b: Any) -> bool:
    """Whether `a < b`, `a <= b`, … holds, for two numbers, two texts or two dates.

    Raises:
        ExpressionError: They have no order.
    """
    first, second = kind_of(a), kind_of(b)
    if first == second == "number":
        return ORDERS[op](numbers.number_of(a), numbers.number_of(b))
    if first in _DATED or second in _DATED or _are_moments(a, b, {first, second}):
        return ORDERS[op](*dates.aligned(a, b))
    if first == second == "text":
        allowance.spend(min(len(a), len(b)) // WORK_PER_OPERATION)
        return ORDERS[op](a, b)
    raise _incomparable(first, second)


def _incomparable(first: ValueKind, second: ValueKind) -> ExpressionError:
    kinds = {first, second}
    if "null" in kinds:
        fix = "Use default(x, …) where a value may be null."
    elif kinds == {"text", "number"}:
        fix = "Use number(x) or text(x)."
    else:
        fix = "Compare two numbers, two texts or two dates."
    return ExpressionError(f"It compares {in_words(first)} with {in_words(second)}.", fix=fix)


def contains(allowance: Allowance, where: Any, what: Any) -> bool:
    """Whether a list has an item, a text has a part, or an object has a key."""
    kind = kind_of(where)
    if kind == "text":
        allowance.scan(where)
        return text_of(what) in where
    if kind == "object":
        return text_of(what) in where
    items = list_of(where)
    allowance.spend(3 * len(items))
    return any(same(allowance, item, what) for item in items)


def sort_keys(allowance: Allowance, values: Sequence[Any]) -> list[Any]:
    """Return keys that Python can sort, and take what sorting them will cost.

    Raises:
        ExpressionError: A value has no order, or two are of different kinds.
    """
    rows = [value if kind_of(value) == "list" else [value] for value in values]
    if (
        len({(kind_of(value) == "list", len(row)) for value, row in zip(values, rows, strict=True)})
        > 1
    ):
        raise _unsorted("lists that are not as long as each other, or no lists")
    allowance.spend(sum(map(_weight, values)) * max(1, len(rows).bit_length()) // 4)
    columns = [_column(allowance, column) for column in zip(*rows, strict=True)]
    return [tuple(column[at] for column in columns) for at in range(len(rows))]


def _column(allowance: Allowance, values: Sequence[Any]) -> Sequence[Any]:
    """Return what Python can sort for what stands at one place of all keys."""
    kinds: set[ValueKind] = {kind_of(value) for value in values}
    for kind in kinds - _ORDERED:
        raise ExpressionError(
            f"{in_words(kind).capitalize()} has no order.",
            fix="Sort by a field: sorted(items, key=lambda x: x.total).",
        )
    if kinds <= _TELLING:
        return _in_time(allowance, values)
    if len(kinds) > 1:
        raise _unsorted(f"values of different kinds: {', '.join(sorted(kinds))}")
    return [numbers.number_of(v) for v in values] if kinds == {"number"} else values


def _in_time(allowance: Allowance, values: Sequence[Any]) -> Sequence[Any]:
    """Return texts and dates as what they are sorted by: moments if all are, else texts."""
    allowance.spend(2 * len(values))
    moments = [dates.told(value) for value in values]
    if all(moment is not None for moment in moments):
        return dates.aligned(*values)
    if not all(isinstance(value, str) for value in values):
        raise _unsorted("dates and texts that are none")
    times = [v for v, moment in zip(values, moments, strict=True) if isinstance(moment, datetime)]
    if len(set(map(dates.spelling, times))) > 1:
        raise _unsorted("times that are spelled in several ways, and texts that are none")
    return values


def _unsorted(what: str) -> ExpressionError:
    return ExpressionError(
        f"It sorts by {what}.",
        fix="Sort by one kind; use default(x, …) where a value may be missing or null.",
    )


def _weight(value: Any) -> int:
    """Return about how many operations one comparison of this key takes."""
    if isinstance(value, str):
        return 1 + len(value) // WORK_PER_OPERATION
    return sum(map(_weight, value)) + 1 if isinstance(value, list) else 1


def fingerprint(allowance: Allowance, value: Any, depth: int = 0) -> Any:
    """Return a hashable value that two values share exactly if they are the same."""
    kind = kind_of(value)
    if depth > DATA_DEPTH:
        raise ExpressionError(f"The data is nested more than {DATA_DEPTH} deep.")
    if kind == "number":
        return kind, numbers.number_of(value)
    if kind in _TELLING and (moment := dates.told(value)) is not None:
        return "moment", moment
    if kind == "text":
        return kind, allowance.scan(value)
    if kind == "list":
        allowance.spend(3 * len(value))
        return kind, tuple(fingerprint(allowance, item, depth + 1) for item in value)
    if kind == "object":
        allowance.spend(3 * len(value))
        pairs = ((key, fingerprint(allowance, item, depth + 1)) for key, item in value.items())
        return kind, frozenset(pairs)
    return kind, value
