"""Column types that both databases store alike, and that SQL can read."""

from __future__ import annotations

import json

from sqlalchemy import BigInteger, Dialect, Integer, Text
from sqlalchemy.types import TypeDecorator

from ..state.values import Json
from .packing import json_text, pack_text, read_stored, unpack_text

Sequential = BigInteger().with_variant(Integer(), "sqlite")
"""An automatic, growing key. SQLite numbers rows by itself only for `INTEGER`."""


class AnyText(TypeDecorator[str]):
    """Any text at all, also what a text column refuses."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Mark what a text column refuses."""
        return None if value is None else pack_text(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Read it back."""
        return None if value is None else read_stored(unpack_text, value)


class JsonText(TypeDecorator[Json]):
    """A JSON value as text, for the databases' own JSON functions. `None` is SQL's NULL."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Json, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Write it, keys in their order."""
        return None if value is None else json_text(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Json:  # noqa: ARG002
        """Read it back."""
        return None if value is None else read_stored(json.loads, value)
