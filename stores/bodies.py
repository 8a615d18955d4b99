"""Bodies of rows: records as JSON, with the version of the schema that they are written in."""

from __future__ import annotations

from typing import TypeVar

from ..state.migrations import read_stored, stamped, unstamped
from ..state.values import JsonObject, Record

R = TypeVar("R", bound=Record)


def body_of(record: Record) -> JsonObject:
    """Return the body of a row that holds a record."""
    return stamped(record.to_json())


def record_in(kind: type[R], body: JsonObject, *, where: str) -> R:
    """Return the record that a row's body holds, whichever release has written it.

    Args:
        kind: What the row holds.
        body: The body.
        where: The row, as an error names it: `approval ap_1`.

    Raises:
        VersionError: A newer release has written it.
        OperatorError: It does not have this release's shape; it names the field.
    """
    return read_stored(kind, unstamped("row", body, where=where), where=where)
