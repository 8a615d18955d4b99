"""JSON that stands in a text from outside: what a tool returned, a file holds or a person typed."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from .values import Json

MAX_DEPTH = 64
"""Levels of lists and objects; as many as a tool's output may have."""


def json_in(text: str, *, exact: bool = False, strict: bool = False) -> Json:
    """Read a text as one JSON value.

    Args:
        text: The text.
        exact: Whether numbers become `Decimal`.
        strict: Whether NaN and the infinities, which JSON has not, are refused.

    Raises:
        ValueError: It is no JSON, or it is nested deeper than `MAX_DEPTH`: whoever walks through
            the value need not expect that.
    """
    number: Callable[[str], Any] | None = Decimal if exact else None
    refuse = _refuse if strict else None
    try:
        value = json.loads(text, parse_float=number, parse_int=number, parse_constant=refuse)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except ArithmeticError:
        raise ValueError("it holds a number that cannot be read") from None
    if text.count("[") + text.count("{") > MAX_DEPTH and _is_deep(value):
        raise ValueError(f"it is nested deeper than {MAX_DEPTH} levels")
    return value


def _is_deep(value: Json) -> bool:
    level: list[Json] = [value]
    for _ in range(MAX_DEPTH):
        level = [inner for outer in level for inner in _inside(outer)]
        if not level:
            return False
    return True


def _inside(value: Json) -> list[Json]:
    match value:
        case dict():
            return [inner for inner in value.values() if isinstance(inner, dict | list)]
        case list():
            return [inner for inner in value if isinstance(inner, dict | list)]
        case _:
            return []


def _refuse(constant: str) -> Json:
    raise ValueError(f"JSON has no {constant}")
