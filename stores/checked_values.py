"""Values of checkpoints with a checksum, so that a spoilt one is never read as another."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any

from langgraph.checkpoint.base import CheckpointTuple
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer

from ..errors import StoreError
from .sealing import Seal


class CheckedSerializer(JsonPlusSerializer):
    """LangGraph's serializer with a checksum behind each value.

    A database's own checks see the pages and not what stands in them; a spoilt value can still be
    read, as another one.

    Args:
        unusable: Turns what is wrong into an error that names the place.
        seal: Seals values, if they are to be sealed, and opens those that were.
    """

    def __init__(
        self, unusable: Callable[[Exception], StoreError], *, seal: Seal | None = None
    ) -> None:
        super().__init__()
        self._unusable = unusable
        self._seal = seal

    def dumps_typed(self, obj: Any) -> tuple[str, bytes]:
        """Write a value and its checksum."""
        kind, data = super().dumps_typed(obj)
        if self._seal and self._seal.closes:
            kind, data = kind + _SEALED, self._seal.close(data)
        return kind + _CHECKED, data + _checksum(data)

    def loads_typed(self, data: tuple[str, bytes]) -> Any:
        """Read a stored value, of an earlier release without a checksum. Raises `StoreError`."""
        try:
            kind, value = data
            if kind.endswith(_CHECKED):
                kind, value, found = kind.removesuffix(_CHECKED), value[:-4], value[-4:]
                if found != _checksum(value):
                    raise ValueError("A value is not as it was written")
            if kind.endswith(_SEALED):
                kind, value = kind.removesuffix(_SEALED), self._opened(value)
            return super().loads_typed((kind, value))
        except (ValueError, TypeError, AttributeError, NotImplementedError) as error:
            raise self._unusable(error) from error

    def _opened(self, value: bytes) -> bytes:
        if self._seal is None:
            raise ValueError("A value is sealed, and there is no key")
        return self._seal.open(value)


def checked(found: CheckpointTuple | None) -> CheckpointTuple | None:
    """Return a checkpoint that was read, unless something else stands in its place.

    Raises:
        ValueError: It is none.
    """
    if found is not None and not _is_whole(found):
        raise ValueError("A checkpoint is none")
    return found


def _is_whole(found: CheckpointTuple) -> bool:
    parts: list[Any] = [found.checkpoint, found.metadata]
    if not all(isinstance(part, dict) for part in parts):
        return False
    return {"v", "channel_versions"} <= parts[0].keys() and "step" in parts[1]


_SEALED = "+sealed"
"""Behind the type of a sealed value, before the mark of its checksum."""
_CHECKED = "+crc32"
"""Behind the type of a value with a checksum."""


def _checksum(data: bytes) -> bytes:
    return zlib.crc32(data).to_bytes(4, "big")
