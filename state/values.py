"""Plain JSON values: the only thing, besides messages, that a checkpoint holds."""

from __future__ import annotations

import hashlib
import json
from typing import Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict

Json = Any
"""A JSON value: None, bool, int, float, str, list of these, or dict with string keys."""

JsonObject = dict[str, Any]

Readers = tuple[str, ...] | None
"""Who may read a value; `None`: nobody has said, so whoever takes part in the run."""

Trust = Literal["trusted", "internal", "untrusted"]
"""How far a source's text may be believed: our records, our own documents, or anybody's words."""

SCHEMA_VERSION = 5
"""Version of everything written to checkpoints and journal; see `state.migrations`."""


def is_carried(value: Json) -> bool:
    """Whether a checkpoint can hold a value: MessagePack gives whole numbers 64 bits."""
    match value:
        case int():
            return -(2**63) <= value < 2**64
        case dict():
            return all(map(is_carried, value.values()))
        case list():
            return all(map(is_carried, value))
        case _:
            return True


def carried(value: Json) -> Json:
    """Return a value with each whole number that no checkpoint can hold as its digits."""
    return value if is_carried(value) else _in_digits(value)


def _in_digits(value: Json) -> Json:
    match value:
        case dict():
            return {name: carried(item) for name, item in value.items()}
        case list():
            return [carried(item) for item in value]
        case _:
            return str(value)


class Record(BaseModel):
    """A frozen value that is stored as plain JSON, defaults left out."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        extra="forbid", frozen=True, ser_json_inf_nan="null", hide_input_in_errors=True
    )

    def to_json(self) -> JsonObject:
        """Return the plain JSON form that checkpoints and journal hold."""
        return self.model_dump(mode="json", exclude_defaults=True)

    @classmethod
    def from_json(cls, value: Json) -> Self:
        """Read the form that `to_json` wrote."""
        return cls.model_validate(value)


_CANONICAL = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
)
_PLAIN = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def plain_json(value: Json) -> str:
    """Serialize with no spaces and keys in their own order, in which prose tells them.

    Raises:
        ValueError: The value holds NaN or infinity, which JSON cannot.
        TypeError: The value is not plain JSON.
    """
    return _PLAIN.encode(value)


def canonical_json(value: Json) -> str:
    """Serialize with sorted keys and no spaces, so that equal values have equal text.

    Raises:
        ValueError: The value holds NaN or infinity, which JSON cannot.
        TypeError: The value is not plain JSON.
    """
    return _CANONICAL.encode(value)


def digest(value: Json) -> str:
    """Return the SHA-256 of the canonical form, 64 hexadecimal digits."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


def size_of(value: Json) -> int:
    """Return the size of the canonical form in bytes."""
    return len(canonical_json(value).encode())
