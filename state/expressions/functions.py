"""Functions: every name that an expression may call, and how it may be called.

`x.lower()` is `lower(x)`: the names in `METHODS` may be written behind their first argument, as
in Python. Functions in `FORMS` decide by themselves which of their arguments are evaluated.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ..shapes import ShapeKind
from . import dates, lists, numbers, texts
from .comparing import contains
from .kinds import kind_of
from .limits import Allowance

Result = str
"""What a function returns, for the check against shapes: a kind, `list of text`, or a rule of
`inference`: `item` (of the first argument), `same` (as the first argument), `any`."""


Takes = ShapeKind | Literal["sized", "numbers", "truths", "ordered", "moment", "form"]
"""What an argument is: a kind, or what has a length, a list of numbers, of truths or of what has
an order, a date or a text that is one, the form of a date."""


@dataclass(frozen=True)
class Function:
    """A function and the arguments it takes."""

    call: Callable[..., Any]
    least: int
    """Positional arguments it needs."""
    most: int
    result: Result
    keywords: frozenset[str] = frozenset()
    takes: Takes = "any"
    """What its first argument is, for the check against shapes."""
    then: tuple[Takes, ...] = ()
    """What its further arguments are."""


def _number(_: Allowance, value: Any) -> numbers.Number:
    return numbers.parsed(value) if kind_of(value) == "text" else numbers.number_of(value)


def _whole(allowance: Allowance, value: Any) -> int:
    return numbers.truncated(_number(allowance, value))


def _of_number(function: Callable[[numbers.Number], Any]) -> Callable[..., Any]:
    return lambda _, value: function(numbers.number_of(value))


def _round(_: Allowance, value: Any, digits: Any = None) -> numbers.Number:
    places = None if digits is None else numbers.whole_of(digits)
    return numbers.rounded(numbers.number_of(value), places)


def _absolute(value: numbers.Number) -> numbers.Number:
    return value if value >= 0 else numbers.negate(value)


def _of_dates(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda _, *values: function(*values)


_KEY = frozenset({"key"})


def _of_moment(function: Callable[..., Any], then: Takes, result: Result = "date") -> Function:
    return Function(_of_dates(function), 2, 2, result, takes="moment", then=(then,))


FUNCTIONS: Mapping[str, Function] = {
    "sum": Function(lists.total, 1, 2, "number", takes="numbers", then=("number",)),
    "avg": Function(lists.average, 1, 1, "number", takes="numbers"),
    "min": Function(lists.least, 1, 20, "item", _KEY | {"default"}, takes="ordered"),
    "max": Function(lists.greatest, 1, 20, "item", _KEY | {"default"}, takes="ordered"),
    "len": Function(lists.count, 1, 1, "number", takes="sized"),
    "count": Function(lists.count, 1, 2, "number", takes="sized"),
    "round": Function(_round, 1, 2, "number", takes="number", then=("number",)),
    "floor": Function(_of_number(numbers.floor), 1, 1, "number", takes="number"),
    "ceil": Function(_of_number(numbers.ceil), 1, 1, "number", takes="number"),
    "abs": Function(_of_number(_absolute), 1, 1, "number", takes="number"),
    "number": Function(_number, 1, 1, "number"),
    "int": Function(_whole, 1, 1, "number"),
    "sorted": Function(lists.arranged, 1, 1, "same", _KEY | {"reverse"}, takes="ordered"),
    "reversed": Function(lists.reverse, 1, 1, "same", takes="list"),
    "unique": Function(lists.unique, 1, 1, "same", takes="list"),
    "list": Function(lists.copied, 1, 1, "same"),
    "group": Function(lists.group, 1, 2, "group", _KEY, takes="list"),
    "first": Function(lists.first, 1, 2, "item", takes="list"),
    "last": Function(lists.last, 1, 2, "item", takes="list"),
    "flatten": Function(lists.flatten, 1, 1, "any", takes="list"),
    "enumerate": Function(lists.numbered, 1, 2, "any", frozenset({"start"})),
    "zip": Function(lists.paired, 1, 5, "any"),
    "range": Function(lists.ranged, 1, 3, "list of number"),
    "map": Function(lists.mapped, 2, 2, "mapped"),
    "filter": Function(lists.filtered, 2, 2, "filtered"),
    "any": Function(lists.any_of, 1, 1, "boolean", takes="truths"),
    "all": Function(lists.all_of, 1, 1, "boolean", takes="truths"),
    "keys": Function(lists.keys, 1, 1, "list of text", takes="object"),
    "values": Function(lists.values, 1, 1, "any", takes="object"),
    "items": Function(lists.pairs, 1, 1, "any", takes="object"),
    "get": Function(lists.get, 2, 3, "any", takes="object"),
    "text": Function(texts.text, 1, 1, "text"),
    "join": Function(texts.join, 1, 2, "text"),
    "upper": Function(texts.upper, 1, 1, "text", takes="text"),
    "lower": Function(texts.lower, 1, 1, "text", takes="text"),
    "title": Function(texts.title, 1, 1, "text", takes="text"),
    "strip": Function(texts.strip, 1, 2, "text", takes="text", then=("text",)),
    "lstrip": Function(texts.strip_left, 1, 2, "text", takes="text", then=("text",)),
    "rstrip": Function(texts.strip_right, 1, 2, "text", takes="text", then=("text",)),
    "removeprefix": Function(texts.without_prefix, 2, 2, "text", takes="text", then=("text",)),
    "removesuffix": Function(texts.without_suffix, 2, 2, "text", takes="text", then=("text",)),
    "split": Function(texts.split, 1, 2, "list of text", takes="text", then=("text",)),
    "splitlines": Function(texts.lines, 1, 1, "list of text", takes="text"),
    "replace": Function(texts.replace, 3, 3, "text", takes="text", then=("text", "text")),
    "startswith": Function(texts.starts_with, 2, 2, "boolean", takes="text", then=("text",)),
    "endswith": Function(texts.ends_with, 2, 2, "boolean", takes="text", then=("text",)),
    "contains": Function(contains, 2, 2, "boolean"),
    "date": Function(_of_dates(dates.date_of), 1, 2, "date", takes="moment", then=("form",)),
    "datetime": Function(_of_dates(dates.time_of), 1, 2, "date", takes="moment", then=("form",)),
    "add_days": _of_moment(lambda d, n: dates.shifted(d, days=n), "number"),
    "add_months": _of_moment(dates.shifted_months, "number"),
    "add_minutes": _of_moment(lambda d, n: dates.shifted(d, minutes=n), "number"),
    "days_between": _of_moment(dates.days_between, "moment", "number"),
    "minutes_between": _of_moment(dates.minutes_between, "moment", "number"),
    "format_date": Function(texts.format_date, 2, 2, "text", takes="moment", then=("form",)),
}

ALIASES: Mapping[str, str] = {
    "str": "text",
    "float": "number",
    "Decimal": "number",
    "set": "unique",
    "mean": "avg",
    "average": "avg",
    "next": "first",
    "sort": "sorted",
    "reverse": "reversed",
    "group_by": "group",
    "strftime": "format_date",
    "isoformat": "text",
}
"""Other names that are written for the same functions."""

FORMS: Mapping[str, tuple[int, int]] = {
    "has": (1, 1),
    "default": (2, 2),
    "first_of": (1, 20),
    "attachment": (1, 1),
    "today": (0, 0),
    "now": (0, 0),
}
"""Forms, with the least and the most arguments."""

METHODS = frozenset(
    {
        *("lower", "upper", "title", "replace", "startswith", "endswith"),
        *("strip", "lstrip", "rstrip", "removeprefix", "removesuffix"),
        *("split", "splitlines", "join", "count"),
        *("get", "keys", "values", "items"),
        *("strftime", "isoformat"),
    }
)
"""Functions that may be written behind their first argument."""

NAMES = frozenset({*FUNCTIONS, *ALIASES, *FORMS})


def function(name: str) -> Function:
    """Return the function of that name, or of that other name."""
    return FUNCTIONS[ALIASES.get(name, name)]
