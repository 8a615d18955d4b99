"""Kinds: the values of the language, and what an error calls them.

Values are plain JSON, and while an expression runs also decimals and dates. A list or an object
that the expression itself made is a `Built` or a `BuiltObject`: only these can hold decimals and
dates, so data that was merely passed on is never copied.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

from ...errors import ExpressionError

ValueKind = Literal[
    "text", "number", "boolean", "null", "list", "object", "date", "time", "function"
]


class Built(list[Any]):
    """A list that the expression made."""


class BuiltObject(dict[str, Any]):
    """An object that the expression made."""


_KINDS: dict[type, ValueKind] = {
    str: "text",
    bool: "boolean",
    int: "number",
    float: "number",
    Decimal: "number",
    type(None): "null",
    list: "list",
    Built: "list",
    dict: "object",
    BuiltObject: "object",
    date: "date",
    datetime: "time",
}

_WORDS: dict[ValueKind, str] = {
    "text": "a text",
    "number": "a number",
    "boolean": "true or false",
    "null": "null",
    "list": "a list",
    "object": "an object",
    "date": "a date",
    "time": "a time",
    "function": "a lambda",
}


def kind_of(value: Any) -> ValueKind:
    """Return the kind of a value."""
    return _KINDS.get(type(value), "function")


def in_words(kind: ValueKind) -> str:
    """Return a kind as a sentence names it: `a text`."""
    return _WORDS[kind]


def mismatch(wanted: str, value: Any, *, fix: str = "") -> ExpressionError:
    """Return the error for a value of the wrong kind."""
    return ExpressionError(f"It needs {wanted}, not {in_words(kind_of(value))}.", fix=fix)


def text_of(value: Any) -> str:
    """Return a text as it is; anything else is an error."""
    if type(value) is not str:
        raise mismatch("a text", value, fix="Write text(x) to turn a value into text.")
    return value


def list_of(value: Any) -> list[Any]:
    """Return a list as it is, and an object's keys; anything else is an error."""
    kind = kind_of(value)
    if kind == "list":
        return value
    if kind == "object":
        return Built(value)
    raise mismatch("a list", value)


def object_of(value: Any) -> dict[str, Any]:
    """Return an object as it is; anything else is an error."""
    if kind_of(value) != "object":
        raise mismatch("an object", value)
    return value
