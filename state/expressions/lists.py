"""Lists and objects: the functions over them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any

from ...errors import ExpressionError, MissingValueError
from . import numbers
from .comparing import fingerprint, same, sort_keys
from .kinds import Built, BuiltObject, kind_of, list_of, mismatch, object_of, text_of
from .limits import RANGE, Allowance
from .truth import truth_of

KeyFunction = Callable[[Any], Any]


def taken(allowance: Allowance, value: Any) -> list[Any]:
    """Return a list and take an operation for each item."""
    items = list_of(value)
    allowance.spend(len(items) + 1)
    return items


def _key(key: Any) -> KeyFunction:
    """Return the function for a `key`: a lambda, or the name of a field."""
    if key is None:
        return lambda item: item
    if callable(key):
        return key
    name = text_of(key)
    return lambda item: field(item, name)


def field(value: Any, name: str) -> Any:
    """Return a field of an object.

    Raises:
        MissingValueError: It has no such field.
    """
    if kind_of(value) == "object":
        try:
            return value[name]
        except KeyError:
            known = ", ".join(islice(value, 12))
            raise MissingValueError(
                f"There is no field {name!r}; there are {known or 'none'}.",
                fix="Use has(x) or default(x, …) for a field that may be absent.",
            ) from None
    if value is None:
        raise MissingValueError(f"There is no field {name!r} of null.")
    if kind_of(value) == "list":
        raise ExpressionError(
            f"A list has no field {name!r}.",
            fix=f"Take an item, x[0].{name}, or all: [i.{name} for i in x].",
        )
    raise mismatch("an object", value)


def count(allowance: Allowance, value: Any, wanted: Any = None) -> int:
    """Return the length of a list, a text or an object; or how often an item occurs."""
    kind = kind_of(value)
    if wanted is not None:
        if kind == "text":
            return allowance.scan(value).count(text_of(wanted))
        return sum(same(allowance, item, wanted) for item in taken(allowance, value))
    if kind not in ("list", "text", "object"):
        raise mismatch("a list", value)
    return len(value)


def total(allowance: Allowance, value: Any, start: Any = 0) -> numbers.Number:
    """Return the exact sum of a list of numbers."""
    items = taken(allowance, value)
    allowance.spend(len(items))
    return numbers.total(items, numbers.number_of(start))


def average(allowance: Allowance, value: Any) -> numbers.Number:
    """Return the mean of a list of numbers."""
    items = taken(allowance, value)
    if not items:
        raise _empty("avg")
    return numbers.divide(total(allowance, items), len(items))


_NOTHING: Any = object()


def _best(
    choose: Callable[..., Any],
) -> Callable[..., Any]:
    def run(allowance: Allowance, *values: Any, key: Any = None, default: Any = _NOTHING) -> Any:
        items = taken(allowance, values[0]) if len(values) == 1 else list(values)
        if not items:
            if default is _NOTHING:
                raise _empty(choose.__name__)
            return default
        by = list(map(_key(key), items))
        keys = sort_keys(allowance, by)
        return items[choose(range(len(items)), key=keys.__getitem__)]

    return run


least = _best(min)
greatest = _best(max)


def _empty(name: str) -> MissingValueError:
    return MissingValueError(
        f"{name} of an empty list.", fix=f"Use default({name}(…), …) where it may be empty."
    )


def arranged(allowance: Allowance, value: Any, *, key: Any = None, reverse: Any = False) -> Built:
    """Return the list sorted; equal items keep their order."""
    items = taken(allowance, value)
    by = list(map(_key(key), items))
    keys = sort_keys(allowance, by)
    order = sorted(range(len(items)), key=keys.__getitem__, reverse=truth_of(reverse))
    return Built(items[index] for index in order)


def reverse(allowance: Allowance, value: Any) -> Built:
    """Return the list from its end to its beginning."""
    return Built(reversed(taken(allowance, value)))


def unique(allowance: Allowance, value: Any) -> Built:
    """Return the list without repetition, in the order of first occurrence."""
    found: dict[Any, Any] = {}
    allowance.spend(2 * len(list_of(value)))
    for item in taken(allowance, value):
        found.setdefault(fingerprint(allowance, item), item)
    return Built(found.values())


def group(allowance: Allowance, value: Any, key: Any = None) -> Built:
    """Return a list of {key, items}, one for each value of `key`, in order of occurrence."""
    by, groups = _key(key), dict[Any, BuiltObject]()
    allowance.spend(2 * len(list_of(value)))
    for item in taken(allowance, value):
        own = by(item)
        found = groups.setdefault(fingerprint(allowance, own), BuiltObject(key=own, items=Built()))
        found["items"].append(item)
    return Built(groups.values())


def first(allowance: Allowance, value: Any, default: Any = _NOTHING) -> Any:
    """Return the first item of a list."""
    return _end(allowance, value, 0, default)


def last(allowance: Allowance, value: Any, default: Any = _NOTHING) -> Any:
    """Return the last item of a list."""
    return _end(allowance, value, -1, default)


def _end(allowance: Allowance, value: Any, index: int, default: Any) -> Any:
    items = value if kind_of(value) == "list" else taken(allowance, value)
    if items:
        return items[index]
    if default is _NOTHING:
        raise MissingValueError("The list is empty.", fix="Use default(first(…), …).")
    return default


def flatten(allowance: Allowance, value: Any) -> Built:
    """Put the lists in a list together, one level; what is no list stays as it is."""
    found = Built()
    for item in taken(allowance, value):
        found.extend(taken(allowance, item) if kind_of(item) == "list" else (item,))
    return found


def _as_lists(allowance: Allowance, tuples: Iterable[Iterable[Any]]) -> Built:
    found = Built(Built(items) for items in tuples)
    allowance.spend(2 * len(found))
    return found


def numbered(allowance: Allowance, value: Any, start: Any = 0) -> Built:
    """Return a list of [number, item]."""
    begin = numbers.whole_of(start)
    return _as_lists(allowance, enumerate(taken(allowance, value), begin))


def paired(allowance: Allowance, *values: Any) -> Built:
    """Return a list of [item of the first, item of the second, …], as long as the shortest."""
    lists = [taken(allowance, value) for value in values]
    return _as_lists(allowance, zip(*lists, strict=False))


def ranged(allowance: Allowance, *bounds: Any) -> Built:
    """Return whole numbers: up to one, from one to another, or with a step."""
    numbers_ = [numbers.whole_of(bound) for bound in bounds]
    if len(numbers_) == 3 and not numbers_[2]:
        raise ExpressionError("The step of a range is zero.")
    found = range(*numbers_)
    # `len` of a range fails beyond the machine's integers; its last index is compared instead.
    if found[RANGE:]:
        raise ExpressionError(f"A range has at most {RANGE:,} numbers.")
    allowance.spend(len(found) + 1)
    return Built(found)


def mapped(allowance: Allowance, function: Any, value: Any) -> Built:
    """Return what a lambda makes of each item."""
    if not callable(function):
        raise mismatch("a lambda", function)
    return Built(function(item) for item in taken(allowance, value))


def filtered(allowance: Allowance, function: Any, value: Any) -> Built:
    """Return the items for which a lambda is true."""
    if not callable(function):
        raise mismatch("a lambda", function)
    return Built(item for item in taken(allowance, value) if truth_of(function(item)))


def any_of(allowance: Allowance, value: Any) -> bool:
    """Whether one item is true."""
    return True in [truth_of(item) for item in taken(allowance, value)]


def all_of(allowance: Allowance, value: Any) -> bool:
    """Whether every item is true."""
    return False not in [truth_of(item) for item in taken(allowance, value)]


def keys(allowance: Allowance, value: Any) -> Built:
    """Return the keys of an object."""
    return Built(taken(allowance, object_of(value)))


def values(allowance: Allowance, value: Any) -> Built:
    """Return the values of an object."""
    allowance.spend(len(object_of(value)) + 1)
    return Built(value.values())


def pairs(allowance: Allowance, value: Any) -> Built:
    """Return [key, value] for each field of an object."""
    allowance.spend(len(object_of(value)) + 1)
    return _as_lists(allowance, value.items())


def get(_: Allowance, value: Any, name: Any, default: Any = None) -> Any:
    """Return a field of an object, or something else where it is absent."""
    return object_of(value).get(text_of(name), default)


def copied(allowance: Allowance, value: Any) -> Built:
    """Return the list itself; what Python needs `list()` for is a list already."""
    return Built(taken(allowance, value))
