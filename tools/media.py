"""Images, sound and files in a tool's result: stored as bytes, and told of in words.

Base64 in a result would stand in prompts, where it says nothing and costs much.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ..errors import TaskError
from ..state.media import recognize
from ..state.text import label
from ..state.values import Json, JsonObject
from ..stores.interface import Payloads


@dataclass(frozen=True, kw_only=True)
class ToolMedia:
    """One piece of media in a result."""

    data: bytes = field(repr=False)
    name: str
    media_type: str
    """What the tool says it is; the bytes decide."""


@dataclass(frozen=True, kw_only=True)
class WithMedia:
    """A result that holds `ToolMedia` where JSON would hold a value."""

    value: Any


def read_blocks(blocks: Sequence[Any]) -> list[Any]:
    """Return content blocks with `ToolMedia` in place of those that carry base64."""
    return [_read_block(block, position) for position, block in enumerate(blocks, start=1)]


def _read_block(block: Any, position: int) -> Any:
    if not isinstance(block, dict):
        return block
    held = _holder(block)
    encoded = next((held[k] for k in ("data", "base64", "blob", "file_data") if k in held), None)
    url = held.get("url")
    if encoded is None and isinstance(url, str) and url.startswith("data:"):
        encoded = url
    if not isinstance(encoded, str):
        return block
    try:
        data = base64.b64decode(encoded.rpartition(";base64,")[2], validate=True)
    except (binascii.Error, ValueError):
        return {"type": str(block.get("type")), "text": "[media that cannot be decoded]"}
    name = held.get("name") or held.get("filename") or held.get("uri") or f"media-{position}"
    kind = held.get("mimeType") or held.get("mime_type") or held.get("media_type") or ""
    return ToolMedia(data=data, name=str(name), media_type=str(kind))


def _holder(block: JsonObject) -> JsonObject:
    """Return the object that carries the data: the block itself, or a part of it."""
    for key in ("image_url", "input_audio", "file", "source", "resource"):
        inner = block.get(key)
        if isinstance(inner, dict):
            return inner
        if isinstance(inner, str):
            return {"url": inner}
    return block


async def with_payloads(result: Any, payloads: Payloads) -> Any:
    """Store the media of a result, and return it with what can be said of each in its place."""
    return await _stored(result.value, payloads) if issubclass(type(result), WithMedia) else result


async def _stored(value: Any, payloads: Payloads) -> Any:
    if isinstance(value, ToolMedia):
        return await _told(value, payloads)
    if isinstance(value, list):
        return [await _stored(item, payloads) for item in value]
    if isinstance(value, dict):
        return {key: await _stored(item, payloads) for key, item in value.items()}
    return value


async def _told(media: ToolMedia, payloads: Payloads) -> Json:
    name = label(media.name)
    try:
        found = recognize(name, media.data, where=name)
    except TaskError:
        kind, media_type = "file", label(media.media_type) or "application/octet-stream"
    else:
        kind, media_type = found.modality, found.media_type
    if kind == "text":
        return {"type": "text", "name": name, "text": media.data.decode()}
    return {
        "type": kind,
        "name": name,
        "media_type": media_type,
        "size": len(media.data),
        "payload": await payloads.put_bytes(media.data, media_type),
        "text": f"[{kind} {name}: {media_type}, {len(media.data)} bytes]",
    }
