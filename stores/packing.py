"""How text and JSON become compact bytes, and how those bytes are read back.

Stored text may come from any tool or person. As bytes it survives what text columns refuse (NUL on
PostgreSQL, lone surrogates on SQLite), and digests and UUIDs take half the room.
"""

from __future__ import annotations

import json
import re
import uuid
import zlib

from ..state.values import Json, canonical_json

_ESCAPE, _HEX, _UUID = b"\x00", b"\x01", b"\x02"
_TAGS = (_ESCAPE, _HEX, _UUID)
_RAW, _DEFLATED = b"\x00", b"\x01"

_COMMON = (
    b'"message":"","kind":"tool_error","retryable":true,"failure":{"allowed":["approve","edit",'
    b'"approval_id":"ap_","args":{"requested_at":,"expires_at":,"requester":"approver":"decided_at"'
    b'"model":"","endpoint":"","outcome":"ok","prompt":"","reply":"","role":"","started_at":,"step"'
    b'"cached_input_tokens":,"reasoning_tokens":,"first_token_seconds":0.,"reserved_usd":0.0'
    b'"taint":["untrusted"],"payload":"","excerpt":"","usage":{"estimated":true,"input_tokens":,'
    b'"model_calls":1,"output_tokens":,"usd":0.0,"tool_calls":1},"verdict":{"action":"accept",'
    b'"confidence":1.0,"reason":""},"why":""},{"attempts":[{"number":1,"performed_by":"",'
    b'"replayed":true,"seconds":0.0,"usage":{"tool_calls":1}],"evidence":[{"id":"s1","path":"",'
    b'"source":"","step":"s1","trust":"untrusted"}],"status":"accepted","usage":{"tool_calls":1}}'
)
"""What short records have in common, so that each need not repeat it. Never change it: databases
hold what was compressed against it. A better one needs a tag of its own."""

_HEX_TEXT = re.compile(r"(?:[0-9a-f]{2}){8,}")
_UUID_TEXT = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")

_WORTH_DEFLATING = 100
"""Shorter values do not get smaller."""


def pack_text(text: str) -> bytes:
    """Return UTF-8, or half the bytes for a lower-case hexadecimal digest or UUID."""
    if _HEX_TEXT.fullmatch(text):
        return _HEX + bytes.fromhex(text)
    if _UUID_TEXT.fullmatch(text):
        return _UUID + uuid.UUID(text).bytes
    data = text.encode("utf-8", "surrogatepass")
    return _ESCAPE + data if data.startswith(_TAGS) else data


def unpack_text(data: bytes) -> str:
    """Return the text that `pack_text` packed."""
    tag, rest = data[:1], data[1:]
    if tag == _HEX:
        return rest.hex()
    if tag == _UUID:
        return str(uuid.UUID(bytes=rest))
    return (rest if tag == _ESCAPE else data).decode("utf-8", "surrogatepass")


def deflate(data: bytes) -> bytes:
    """Compress bytes where that helps; `inflate` knows whether it did."""
    if len(data) >= _WORTH_DEFLATING:
        compressor = zlib.compressobj(zdict=_COMMON)
        deflated = compressor.compress(data) + compressor.flush()
        if len(deflated) < len(data):
            return _DEFLATED + deflated
    return _RAW + data


def inflate(data: bytes) -> bytes:
    """Return the bytes that `deflate` was given."""
    if data[:1] == _RAW:
        return data[1:]
    decompressor = zlib.decompressobj(zdict=_COMMON)
    return decompressor.decompress(data[1:]) + decompressor.flush()


def json_bytes(value: Json) -> bytes:
    """Return the canonical form of a JSON value.

    Raises:
        ValueError: The value holds NaN or infinity.
        TypeError: The value is not plain JSON.
    """
    return canonical_json(value).encode("utf-8", "surrogatepass")


def parse_json(data: bytes) -> Json:
    """Return the value that `json_bytes` was given."""
    return json.loads(data.decode("utf-8", "surrogatepass"))
