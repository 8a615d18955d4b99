"""A playbook's own patterns, stopped where they take too long.

They tell values apart by what stands around them, which no engine of linear time can. Whoever
writes to the agent may have found a text on which one of them takes for ever.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

import regex

SECONDS = 0.25
"""Longest time for one pattern on one text. Other threads go on meanwhile."""


class TooSlowError(Exception):
    """A pattern needs more time on this text than it gets."""


def check(expression: str) -> None:
    """Refuse what is no pattern.

    Raises:
        ValueError: The message says what about it is wrong.
    """
    try:
        _compiled(expression)
    except regex.error as error:
        raise ValueError(str(error)) from None


def occurs_in(expression: str, text: str) -> bool:
    """Whether a pattern occurs, whatever the case of its letters. Raises `TooSlowError`."""
    return next(_found(expression, text), None) is not None


def values(expression: str, text: str) -> list[str]:
    """Return what the group `value` holds at each occurrence. Raises `TooSlowError`."""
    return [match["value"] for match in _found(expression, text)]


def _found(expression: str, text: str) -> Iterator[Any]:
    try:
        yield from _compiled(expression).finditer(text, timeout=SECONDS)
    except TimeoutError:
        raise TooSlowError(f"The pattern {expression[:80]!r} takes too long.") from None


@functools.lru_cache(maxsize=1024)
def _compiled(expression: str) -> Any:
    return regex.compile(expression, regex.IGNORECASE)
