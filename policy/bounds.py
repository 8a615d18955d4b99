"""Bounds: whether a call keeps within what a grant says of its arguments. Pure.

What cannot be read keeps within nothing: an absent argument, a number that people read in two ways,
a path that climbs out of where it begins.
"""

from __future__ import annotations

import re
from decimal import Decimal

from ..errors import DecisionError
from ..state.grant import ArgumentBound, BoundKind
from ..state.references import at_path
from ..state.values import Json, JsonObject, canonical_json
from .requests import plain_number

_CLIMBS = re.compile(r"(^|[/\\])\.\.([/\\]|$)|\\|%2e|%2f|%5c|[\x00-\x1f\x7f]", re.IGNORECASE)
"""Parts of a path or an address that lead elsewhere than its beginning says."""

_BARE_HOST = re.compile(r"[a-z][a-z0-9+.-]*://[^/]*", re.IGNORECASE)
"""An address without a path: `https://shop.example` begins `https://shop.example.evil.org` too."""


def keeps_within(bound: ArgumentBound, args: JsonObject) -> bool:
    """Say whether a call's argument is as a bound wants it."""
    try:
        value = at_path(args, bound.argument)
    except KeyError:
        return False
    match bound.kind:
        case "equal":
            return _is_same(value, bound.value)
        case "one_of":
            entries = value if isinstance(value, list) and value else [value]
            return any(_is_same(value, one) for one in bound.value) or all(
                any(_is_same(entry, one) for one in bound.value) for entry in entries
            )
        case "at_most":
            number = plain_number(value)
            return number is not None and abs(number) <= Decimal(str(bound.value))
        case "prefix":
            return (
                isinstance(value, str)
                and value.startswith(bound.value)
                and not _CLIMBS.search(value.removeprefix(bound.value))
                and not _CLIMBS.search(value)
            )


def _is_same(value: Json, wanted: Json) -> bool:
    if canonical_json(value) == canonical_json(wanted):
        return True
    numbers = [_number(value), _number(wanted)]
    return None not in numbers and numbers[0] == numbers[1]


def _number(value: Json) -> Decimal | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return Decimal(str(value)) if is_number else None


def read_bound(argument: str, kind: BoundKind, value: Json) -> ArgumentBound:
    """Return a bound.

    Raises:
        DecisionError: It could not hold, or would hold for more than it says; `where` names it.
    """
    where = f"{kind} {argument}".strip()
    if not argument:
        raise DecisionError("It names no argument.", where=where, fix="Write argument=value.")
    if kind == "one_of" and not (isinstance(value, list) and value):
        raise DecisionError("It lists no values.", where=where, fix="Give one value or more.")
    if kind == "at_most" and ((limit := plain_number(value)) is None or limit < 0):
        raise DecisionError("It is no number of 0 or more.", where=where, fix="Give a number.")
    if kind == "prefix":
        _check_prefix(value, where)
    return ArgumentBound(argument=argument, kind=kind, value=value)


def _check_prefix(value: Json, where: str) -> None:
    if not isinstance(value, str) or not value:
        raise DecisionError("It is no text.", where=where, fix="Give how the argument begins.")
    if _BARE_HOST.fullmatch(value):
        raise DecisionError(
            "Other hosts begin like this one.", where=where, fix=f"End the host: {value}/"
        )
    if _CLIMBS.search(value):
        raise DecisionError(
            "It leads elsewhere than it begins.", where=where, fix="Write the path in full."
        )
