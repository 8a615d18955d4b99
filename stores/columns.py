"""Column types that both databases store alike."""

from __future__ import annotations

from sqlalchemy import BigInteger, Dialect, Integer, LargeBinary
from sqlalchemy.types import TypeDecorator

from ..state.values import Json
from .packing import deflate, inflate, json_bytes, pack_text, parse_json, unpack_text

Sequential = BigInteger().with_variant(Integer(), "sqlite")
"""An automatic, growing key. SQLite numbers rows by itself only for `INTEGER`."""


class PackedText(TypeDecorator[str]):
    """Any text at all, as bytes; digests and UUIDs in half the room."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:  # noqa: ARG002
        """Pack on the way in."""
        return None if value is None else pack_text(value)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Unpack on the way out."""
        return None if value is None else unpack_text(value)


class PackedJson(TypeDecorator[Json]):
    """A JSON value in canonical form, compressed where that helps. `None` is SQL's NULL."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: Json, dialect: Dialect) -> bytes | None:  # noqa: ARG002
        """Pack on the way in."""
        return None if value is None else deflate(json_bytes(value))

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> Json:  # noqa: ARG002
        """Unpack on the way out."""
        return None if value is None else parse_json(inflate(value))
