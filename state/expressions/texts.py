"""Texts: the functions that make, cut and join them. There are no regular expressions."""

from __future__ import annotations

from typing import Any

from ...errors import ExpressionError
from . import dates, numbers
from .kinds import Built, kind_of, list_of, text_of
from .limits import Allowance
from .outcome import as_text


def text(allowance: Allowance, value: Any) -> str:
    """Write any value as text."""
    written = as_text(value)
    allowance.write(len(written))
    return allowance.scan(written)


def formatted(allowance: Allowance, value: Any, spec: str) -> str:
    """Write a number or a date by a format, as in an f-string."""
    kind = kind_of(value)
    if not spec:
        return text(allowance, value)
    if kind == "number":
        return numbers.formatted(numbers.number_of(value), spec)
    if "%" in spec:
        return dates.written(value, spec)
    raise ExpressionError(
        f"Format {spec!r} is for numbers.", fix="Write number(x) if the text holds a number."
    )


def format_date(_: Allowance, value: Any, form: Any) -> str:
    """Write a date by a format such as `%d.%m.%Y`."""
    return dates.written(value, text_of(form))


def concatenated(allowance: Allowance, parts: list[str]) -> str:
    """Put texts together."""
    allowance.write(sum(map(len, parts)))
    return "".join(parts)


def join(allowance: Allowance, items: Any, separator: Any = "") -> str:
    """Put the items of a list together as text, with a separator between them."""
    # `", ".join(items)` and `join(items, ", ")` are both written; a text is never a list.
    if kind_of(items) == "text" and kind_of(separator) == "list":
        items, separator = separator, items
    parts = [item if type(item) is str else text(allowance, item) for item in list_of(items)]
    between = text_of(separator)
    allowance.spend(len(parts))
    allowance.write(sum(map(len, parts)) + len(between) * len(parts))
    return between.join(parts)


def upper(allowance: Allowance, value: Any) -> str:
    """Return the text in upper case."""
    return _changed(allowance, value, str.upper)


def lower(allowance: Allowance, value: Any) -> str:
    """Return the text in lower case."""
    return _changed(allowance, value, str.lower)


def title(allowance: Allowance, value: Any) -> str:
    """Return the text with each word capitalised."""
    return _changed(allowance, value, str.title)


def strip(allowance: Allowance, value: Any, marks: Any = None) -> str:
    """Return the text without white space, or without any of the given characters, at its ends."""
    return _stripped(allowance, value, marks, str.strip)


def strip_left(allowance: Allowance, value: Any, marks: Any = None) -> str:
    """Return the text without white space, or the given characters, at its beginning."""
    return _stripped(allowance, value, marks, str.lstrip)


def strip_right(allowance: Allowance, value: Any, marks: Any = None) -> str:
    """Return the text without white space, or the given characters, at its end."""
    return _stripped(allowance, value, marks, str.rstrip)


_MARKS = 64
"""Characters that may be stripped: each of the text's is compared with all of them."""


def _stripped(allowance: Allowance, value: Any, marks: Any, strip: Any) -> str:
    given = None if marks is None else text_of(marks)
    if given is not None and len(given) > _MARKS:
        raise ExpressionError(f"More than {_MARKS} characters to strip.", fix="Name fewer.")
    return _changed(allowance, value, lambda source: strip(source, given))


def without_prefix(allowance: Allowance, value: Any, beginning: Any) -> str:
    """Return the text without a beginning, if it has that one."""
    gone = allowance.scan(text_of(beginning))
    return _changed(allowance, value, lambda source: source.removeprefix(gone))


def without_suffix(allowance: Allowance, value: Any, ending: Any) -> str:
    """Return the text without an ending, if it has that one."""
    gone = allowance.scan(text_of(ending))
    return _changed(allowance, value, lambda source: source.removesuffix(gone))


def _changed(allowance: Allowance, value: Any, change: Any) -> str:
    source = allowance.scan(text_of(value))
    # Case mapping can make three characters of one.
    allowance.write(len(source))
    return change(source)


def split(allowance: Allowance, value: Any, separator: Any = None) -> Built:
    """Cut a text at a separator, or at white space."""
    source = allowance.scan(text_of(value))
    mark = None if separator is None else text_of(separator)
    if mark == "":
        raise ExpressionError("The separator is empty.", fix="Give a text of one character.")
    parts = source.split(mark)
    allowance.spend(len(parts))
    allowance.write(len(source))
    return Built(parts)


def lines(allowance: Allowance, value: Any) -> Built:
    """Cut a text into its lines."""
    source = allowance.scan(text_of(value))
    parts = source.splitlines()
    allowance.spend(len(parts))
    allowance.write(len(source))
    return Built(parts)


def replace(allowance: Allowance, value: Any, old: Any, new: Any) -> str:
    """Replace each occurrence of a text."""
    source, gone, put = allowance.scan(text_of(value)), text_of(old), text_of(new)
    if not gone:
        raise ExpressionError("What to replace is empty.")
    grown = source.count(gone) * (len(put) - len(gone))
    allowance.write(len(source) + grown)
    return source.replace(gone, put)


def starts_with(allowance: Allowance, value: Any, beginning: Any) -> bool:
    """Whether a text begins so."""
    return text_of(value).startswith(allowance.scan(text_of(beginning)))


def ends_with(allowance: Allowance, value: Any, ending: Any) -> bool:
    """Whether a text ends so."""
    return text_of(value).endswith(allowance.scan(text_of(ending)))
