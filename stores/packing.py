"""How text and JSON are stored: readable to SQL, whatever a tool or a person wrote.

Text columns refuse some texts (NUL on PostgreSQL, half a surrogate pair everywhere). Those few are
stored as JSON behind a mark. Large JSON values are compressed with zlib, whose first byte no JSON
text begins with.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Callable
from typing import TypeVar

from ..errors import StoreError
from ..state.values import Json, canonical_json, plain_json

S = TypeVar("S", str, bytes)
T = TypeVar("T")

_MARK = "\ufdd0json:"
"""A noncharacter that no ordinary text holds."""
_REFUSED = re.compile("[\0\ud800-\udfff]")

_ZLIB = b"\x78"
SMALL = 32_000
"""Bytes of JSON that are written, hashed and compressed in less than a millisecond."""
_WORTH_COMPRESSING = 1000
"""Bytes; smaller values stay readable."""


def pack_text(text: str) -> str:
    """Return the text, or its JSON form behind a mark if a text column would refuse it."""
    if _REFUSED.search(text) or text.startswith(_MARK):
        return _MARK + json.dumps(text)
    return text


def unpack_text(stored: str) -> str:
    """Return the text that `pack_text` packed."""
    return json.loads(stored.removeprefix(_MARK)) if stored.startswith(_MARK) else stored


def json_text(value: Json) -> str:
    """Return a JSON value as text, keys in their order; what a text column would refuse is escaped.

    Raises:
        ValueError: The value holds NaN or infinity.
        TypeError: The value is not plain JSON.
    """
    text = plain_json(value)
    # JSON itself escapes NUL; half a surrogate pair it lets pass.
    return (
        text
        if not _REFUSED.search(text)
        else json.dumps(value, separators=(",", ":"), allow_nan=False)
    )


def json_bytes(value: Json) -> bytes:
    """Return the canonical form of a JSON value in UTF-8, as digests are made of it.

    Raises:
        ValueError: The value holds NaN or infinity.
        TypeError: The value is not plain JSON.
    """
    return canonical_json(value).encode("utf-8", "surrogatepass")


def ordered_bytes(value: Json) -> bytes:
    """Return a JSON value in UTF-8 as it is stored: what was read first is told first again.

    Raises:
        ValueError: The value holds NaN or infinity.
        TypeError: The value is not plain JSON.
    """
    return plain_json(value).encode("utf-8", "surrogatepass")


def parse_json(data: bytes) -> Json:
    """Return the value that `ordered_bytes` was given."""
    return json.loads(data.decode("utf-8", "surrogatepass"))


def is_small(value: Json, most: int = SMALL) -> bool:
    """Whether a JSON value takes about so many bytes at most; costs next to nothing to find out."""
    left, rest = most, [value]
    while rest and left >= 0:
        one = rest.pop()
        if isinstance(one, dict):
            left -= 4 * len(one)
            if left >= 0:
                rest += one
                rest += one.values()
        elif isinstance(one, list | tuple):
            left -= 2 * len(one)
            if left >= 0:
                rest += one
        else:
            left -= len(one) if isinstance(one, str) else 8
    return left >= 0


def compress(data: bytes) -> bytes:
    """Compress the bytes of a JSON value where that helps; `expand` knows whether it did."""
    if len(data) < _WORTH_COMPRESSING:
        return data
    compressed = zlib.compress(data)
    return compressed if len(compressed) < len(data) else data


def expand(data: bytes) -> bytes:
    """Return the bytes that `compress` was given."""
    return zlib.decompress(data) if data[:1] == _ZLIB else data


def read_stored(read: Callable[[S], T], stored: S) -> T:
    """Read a stored value.

    Args:
        read: Reads it, and raises `ValueError` or zlib's error for what it did not write.
        stored: What stands in the row.

    Raises:
        StoreError: It is not what was written.
    """
    try:
        return read(stored)
    except (ValueError, zlib.error) as error:
        # The database's own checks passed, so somebody else has written there.
        raise StoreError(
            "A stored value cannot be read: it was damaged or changed.",
            where="store",
            fix="Restore the database from a backup.",
        ) from error
