"""Operators: what the signs of the language do with values."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from ...errors import ExpressionError, MissingValueError
from . import comparing, dates, lists, numbers, texts
from .kinds import Built, in_words, kind_of, mismatch, text_of
from .limits import Allowance
from .outcome import as_text


def attribute(value: Any, name: str) -> Any:
    """Return `value.name`: a field of an object, or a part of a date."""
    if isinstance(value, date) and (part := dates.part(value, name)) is not None:
        return part
    return lists.field(value, name)


def item(value: Any, index: Any) -> Any:
    """Return `value[index]`; a negative index counts from the end."""
    if kind_of(value) == "object":
        return lists.field(value, text_of(index))
    if value is None:
        raise MissingValueError("There is no item of null.")
    if kind_of(value) not in ("list", "text"):
        raise mismatch("a list", value)
    place = numbers.whole_of(index)
    if not -len(value) <= place < len(value):
        raise MissingValueError(
            f"There is no item {place}; there are {len(value)}.",
            fix="Use default(x, …), or test len(x) > 0.",
        )
    return value[place]


def sliced(allowance: Allowance, value: Any, ends: Sequence[Any]) -> Any:
    """Return `value[start:stop:step]` of a list or a text."""
    places = [None if end is None else numbers.whole_of(end) for end in ends]
    if places[2] == 0:
        raise ExpressionError("The step of a slice is zero.")
    if kind_of(value) == "text":
        part = value[slice(*places)]
        allowance.write(len(part))
        return part
    if kind_of(value) != "list":
        raise mismatch("a list", value)
    part = Built(value[slice(*places)])
    allowance.spend(len(part))
    return part


def _add(allowance: Allowance, a: Any, b: Any) -> Any:
    kinds = {kind_of(a), kind_of(b)}
    if kinds == {"text"}:
        return texts.concatenated(allowance, [a, b])
    if kinds == {"list"}:
        allowance.spend(len(a) + len(b))
        return Built([*a, *b])
    if kinds == {"text", "number"}:
        raise ExpressionError(
            "It adds a text and a number.",
            fix="Write number(x), or an f-string such as f'{a} {b:.2f}'.",
        )
    return _arithmetic(numbers.add)(allowance, a, b)


def _arithmetic(operate: Callable[[Any, Any], Any]) -> Callable[[Allowance, Any, Any], Any]:
    def run(_: Allowance, a: Any, b: Any) -> Any:
        if isinstance(a, date) or isinstance(b, date):
            raise ExpressionError(
                "Dates are not added or subtracted with + and -.",
                fix="Use add_days(d, n), add_minutes(t, n) or days_between(a, b).",
            )
        return operate(numbers.number_of(a), numbers.number_of(b))

    return run


OPERATORS: dict[type[ast.operator], Callable[[Allowance, Any, Any], Any]] = {
    ast.Add: _add,
    ast.Sub: _arithmetic(numbers.subtract),
    ast.Mult: _arithmetic(numbers.multiply),
    ast.Div: _arithmetic(numbers.divide),
    ast.FloorDiv: _arithmetic(numbers.floor_divide),
    ast.Mod: _arithmetic(numbers.modulo),
    ast.Pow: _arithmetic(numbers.power),
}


def _ordering(op: str) -> Callable[[Allowance, Any, Any], bool]:
    return lambda allowance, a, b: comparing.ordered(allowance, op, a, b)


COMPARISONS: dict[type[ast.cmpop], Callable[[Allowance, Any, Any], bool]] = {
    ast.Eq: comparing.equal,
    ast.Is: comparing.equal,
    ast.NotEq: lambda allowance, a, b: not comparing.equal(allowance, a, b),
    ast.IsNot: lambda allowance, a, b: not comparing.equal(allowance, a, b),
    ast.Lt: _ordering("<"),
    ast.LtE: _ordering("<="),
    ast.Gt: _ordering(">"),
    ast.GtE: _ordering(">="),
    ast.In: lambda allowance, a, b: comparing.contains(allowance, b, a),
    ast.NotIn: lambda allowance, a, b: not comparing.contains(allowance, b, a),
}


def as_key(value: Any) -> str:
    """Return a key of an object; numbers and dates become text, as in JSON."""
    if kind_of(value) in ("text", "number", "date", "time"):
        return as_text(value)
    raise ExpressionError(f"{in_words(kind_of(value)).capitalize()} can be no key of an object.")


def unpack(names: Sequence[str], item: Any, bound: dict[str, Any]) -> None:
    """Bind the names of `for a, b in …` to the items of a pair."""
    if kind_of(item) != "list" or len(item) != len(names):
        raise ExpressionError(
            f"{len(names)} names are bound to {in_words(kind_of(item))}.",
            fix="Loop over x.items(), zip or enumerate, or bind one name.",
        )
    bound.update(zip(names, item, strict=True))
