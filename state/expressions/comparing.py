"""Comparing: equality, order and membership, strict between kinds."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from datetime import date
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


def equal(allowance: Allowance, a: Any, b: Any) -> bool:
    """Whether two values are equal; null may be compared with anything.

    Raises:
        ExpressionError: They are of different kinds and so never equal.
    """
    first, second = kind_of(a), kind_of(b)
    if "null" in (first, second):
        return first == second
    if first in _DATED or second in _DATED:
        return operator.eq(*dates.aligned(a, b))
    if first != second or first == "function":
        raise _incomparable(first, second)
    if first == "text" and dates.spelled_apart(a, b):
        return operator.eq(*dates.aligned(a, b))
    return same(allowance, a, b)


def same(allowance: Allowance, a: Any, b: Any, depth: int = 0) -> bool:
    """Whether two values are the same; different kinds are not."""
    kind = kind_of(a)
    if depth > DATA_DEPTH:
        raise ExpressionError(f"The data is nested more than {DATA_DEPTH} deep.")
    if kind != kind_of(b) or kind == "function":
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
    if first == second == "text":
        allowance.spend(min(len(a), len(b)) // WORK_PER_OPERATION)
        # `2026-05-19T10:00` and `2026-05-19 11:00` are in no order as texts that anybody means.
        return ORDERS[op](*(dates.aligned(a, b) if dates.spelled_apart(a, b) else (a, b)))
    if first in _DATED or second in _DATED:
        return ORDERS[op](*dates.aligned(a, b))
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
    keys = [_sort_key(value) for value in values]
    kinds = {kind for kind, _ in keys}
    if len(kinds) > 1:
        raise ExpressionError(
            f"It sorts by values of different kinds: {', '.join(sorted(map(str, kinds)))}.",
            fix="Sort by one kind; use default(x, …) where a value may be missing or null.",
        )
    allowance.spend(sum(map(_weight, values)) * max(1, len(keys).bit_length()) // 4)
    return [key for _, key in keys]


def _weight(value: Any) -> int:
    """Return about how many operations one comparison of this key takes."""
    if isinstance(value, str):
        return 1 + len(value) // WORK_PER_OPERATION
    return sum(map(_weight, value)) + 1 if isinstance(value, list) else 1


def _sort_key(value: Any, depth: int = 0) -> tuple[Any, Any]:
    kind = kind_of(value)
    if kind == "number":
        return kind, numbers.number_of(value)
    if kind in ("text", "boolean", "date"):
        return kind, value
    if kind == "time":
        return f"{kind}{' with zone' if value.utcoffset() is not None else ''}", value
    if kind == "list" and depth == 0:
        parts = [_sort_key(item, 1) for item in value]
        return tuple(kind for kind, _ in parts), tuple(key for _, key in parts)
    raise ExpressionError(
        f"{in_words(kind).capitalize()} has no order.",
        fix="Sort by a field: sorted(items, key=lambda x: x.total).",
    )


def fingerprint(allowance: Allowance, value: Any, depth: int = 0) -> Any:
    """Return a hashable value that two values share exactly if they are the same."""
    kind = kind_of(value)
    if depth > DATA_DEPTH:
        raise ExpressionError(f"The data is nested more than {DATA_DEPTH} deep.")
    if kind == "number":
        return kind, numbers.number_of(value)
    if kind == "text":
        return kind, allowance.scan(value)
    if kind == "list":
        allowance.spend(3 * len(value))
        return kind, tuple(fingerprint(allowance, item, depth + 1) for item in value)
    if kind == "object":
        allowance.spend(3 * len(value))
        pairs = ((key, fingerprint(allowance, item, depth + 1)) for key, item in value.items())
        return kind, frozenset(pairs)
    return kind, value.isoformat() if isinstance(value, date) else value
