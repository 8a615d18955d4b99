"""Rows of a query, bounded in number and in bytes while they arrive."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ...errors import ToolError


@dataclass(frozen=True, kw_only=True)
class Rows:
    """What a query gave."""

    columns: list[str]
    rows: list[Sequence[Any]]
    cut: bool
    """Whether there are more rows."""


def take(
    columns: list[str], arriving: Iterable[Sequence[Any]], *, limit: int, max_bytes: int
) -> Rows:
    """Take rows until there are too many, or they are too large together.

    Raises:
        ToolError: The first row alone is too large.
    """
    rows: list[Sequence[Any]] = []
    size = 0
    for row in arriving:
        size += sum(map(_size, row))
        if not rows and size > max_bytes:
            raise too_large(max_bytes)
        if len(rows) == limit or size > max_bytes:
            return Rows(columns=columns, rows=rows, cut=True)
        rows.append(row)
    return Rows(columns=columns, rows=rows, cut=False)


def too_large(max_bytes: int) -> ToolError:
    """Say that one row is more than a result may be."""
    return ToolError(
        f"A row is larger than {max_bytes} bytes.",
        where="sql",
        fix="Select fewer or shorter columns.",
    )


def _size(value: Any) -> int:
    if isinstance(value, str | bytes | memoryview):
        return len(value)
    return len(str(value)) if isinstance(value, dict | list | tuple) else 8
