"""Values as plain JSON: checked, bounded and copied in one walk."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from enum import Enum
from typing import Any

from ..state.text import whole
from ..state.values import Json, JsonObject, is_carried

MAX_DEPTH = 64


class NotJsonError(Exception):
    """The value holds something that JSON cannot; the message says what and where."""


class TooLargeError(Exception):
    """The value's canonical JSON is larger than the limit."""


class _Walk:
    """Counts bytes as it copies, so that a value far over the limit is left early, unserialized."""

    def __init__(
        self, limit: int, text: Callable[[str], str] | None, other: Callable[[Any], Any] | None
    ) -> None:
        self.size = 0
        self._limit = limit
        self._text = text
        self._other = other

    def copy(self, value: Any, at: str, depth: int) -> Json:
        if depth > MAX_DEPTH:
            raise NotJsonError(f"{at or 'The value'} is nested deeper than {MAX_DEPTH} levels.")
        match value:
            case Enum() if self._other is not None:
                return self.copy(value.value, at, depth + 1)
            case None | bool():
                self._add(4 if value is None or value else 5)
                return value
            case str():
                return self._string(str.__str__(value), at)
            case int():
                return self._number(int(value), at)
            case float():
                return self._number(float(value), at)
            case dict():
                self._add(2 * len(value) + 1 if value else 2)
                return self._object(value, at, depth)
            case list() | tuple():
                self._add(len(value) + 1 if value else 2)
                return [
                    self.copy(v, f"{at}.{i}" if at else str(i), depth + 1)
                    for i, v in enumerate(value)
                ]
            case _ if self._other is not None:
                return self.copy(self._other(value), at, depth + 1)
            case _:
                raise NotJsonError(f"{at or 'The value'} is a {type(value).__name__}.")

    def _add(self, count: int) -> None:
        self.size += count
        if self.size > self._limit:
            raise TooLargeError(f"The value is larger than {self._limit} bytes.")

    def _object(self, value: dict[Any, Any], at: str, depth: int) -> JsonObject:
        copied: JsonObject = {}
        for key, item in value.items():
            name = self._key(key, at)
            if name in copied:
                raise NotJsonError(f"{at or 'The value'} has two keys that are {name[:80]!r}.")
            copied[name] = self.copy(item, f"{at}.{name}" if at else name, depth + 1)
        return copied

    def _key(self, key: Any, at: str) -> str:
        if self._other is not None and type(key) is not str:
            key = _key_text(key.value if isinstance(key, Enum) else key, self._other)
        if not isinstance(key, str):
            raise NotJsonError(f"{at or 'The value'} has a key that is a {type(key).__name__}.")
        return self._string(key, at)

    def _string(self, value: str, at: str) -> str:
        if self.size + len(value) + 2 > self._limit:
            raise TooLargeError(f"The value is larger than {self._limit} bytes.")
        if self._other is not None:
            value = whole(value)
        value = str(value) if self._text is None else self._text(value)
        try:
            self._add(len(json.dumps(value, ensure_ascii=False).encode()))
        except UnicodeEncodeError:
            raise NotJsonError(f"{at or 'The value'} is not valid Unicode text.") from None
        return value

    def _number(self, value: float, at: str) -> float | None:
        if isinstance(value, float) and not math.isfinite(value):
            if self._other is not None:
                return self.copy(None, at, 0)  # as pydantic writes it
            raise NotJsonError(f"{at or 'The value'} is {value}, which JSON has no number for.")
        if self._other is None and isinstance(value, int) and not is_carried(value):
            raise NotJsonError(f"{at or 'The value'} is a whole number beyond 64 bits.")
        try:
            self._add(len(repr(value)))
        except ValueError:
            raise NotJsonError(f"{at or 'The value'} is a number of too many digits.") from None
        return value


SMALL_BYTES = 4_096
"""Values up to this size are worked on in the event loop; larger ones in a thread."""


def is_small(value: Any) -> bool:
    """Whether a value is plain JSON that takes no time worth a thread."""
    try:
        plain_json(value, limit=SMALL_BYTES)
    except (NotJsonError, TooLargeError):
        return False
    return True


def _key_text(key: Any, other: Callable[[Any], Any]) -> Any:
    match key:
        case None | bool():
            return json.dumps(key)
        case str() | int() | float():
            return str(key)
        case _:
            written = other(key)
            return written if isinstance(written, str) else None


def plain_json(
    value: Any,
    *,
    limit: int,
    text: Callable[[str], str] | None = None,
    other: Callable[[Any], Any] | None = None,
) -> tuple[Json, int]:
    """Copy a value as plain JSON and measure it; tuples become lists, as they would in storage.

    Args:
        value: Anything.
        limit: Most bytes of the canonical JSON form.
        text: Applied to every string, keys included.
        other: Turns a value of another type into JSON or something nearer to it. With it, what
            JSON only nearly carries (NaN, half an emoji, keys that are no text) is written, too.

    Returns:
        The copy and the size of its canonical form in bytes.

    Raises:
        NotJsonError: Something in it is not JSON.
        TooLargeError: It is larger than `limit`; nothing was serialized to find that out.
    """
    walk = _Walk(limit, text, other)
    copied = walk.copy(value, "", 0)
    return copied, walk.size
