"""Media: what an attachment really is, judged by its bytes and not by its name."""

from __future__ import annotations

import base64
import binascii
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from ..errors import TaskError
from .signatures import sniff
from .task import Modality
from .values import Json


@dataclass(frozen=True, kw_only=True)
class Incoming:
    """An attachment as it arrived, decoded and recognized."""

    name: str
    modality: Modality
    media_type: str
    data: bytes = field(repr=False)
    facts: dict[str, str | int | float] = field(default_factory=dict[str, str | int | float])
    data_class: str = ""
    """Class of its data, as whoever attached it says."""


def read_attachment(item: Json, position: int) -> Incoming:
    """Read `{"name", "text"}` or `{"name", "data": base64, "media_type"}`.

    Raises:
        TaskError: The form, the encoding or the content is not one that can be taken.
    """
    where = f"attachments.{position}"
    if not isinstance(item, dict):
        raise TaskError("It is not an object.", where=where, fix='Send {"name": …, "text": …}.')
    name = item.get("name", f"attachment-{position + 1}")
    unknown = sorted(set(item) - {"name", "text", "data", "media_type", "data_class"})
    data_class = item.get("data_class", "")
    named = isinstance(name, str) and 0 < len(name) <= 200
    if unknown or not named or not isinstance(data_class, str) or len(data_class) > 64:
        raise TaskError(
            f"Its fields do not fit{': ' + ', '.join(unknown) if unknown else ''}.",
            where=where,
            fix="Allowed: name (1 to 200 characters), text, data, media_type, data_class.",
        )
    where = f"attachments.{name}"
    text, data = item.get("text"), item.get("data")
    if isinstance(text, str) and data is None:
        return replace(recognize(name, text.encode(), where=where), data_class=data_class)
    if isinstance(data, str) and text is None:
        found = recognize(name, _decode(data, where), where=where)
        return replace(found, data_class=data_class)
    raise TaskError("It needs either text or data.", where=where, fix="Send one of them, a string.")


def read_content(content: str | Sequence[str | dict[str, Json]]) -> tuple[str, list[Incoming]]:
    """Split a message's content into its text and its media.

    Raises:
        TaskError: A block links to media instead of carrying it, or cannot be decoded.
    """
    if isinstance(content, str):
        return content, []
    texts: list[str] = []
    media: list[Incoming] = []
    for position, block in enumerate(content):
        where = f"messages.content.{position}"
        if isinstance(block, str):
            texts.append(block)
        elif block.get("type") == "text":
            texts.append(str(block.get("text", "")))
        else:
            data = _decode(_block_data(block, where), where)
            media.append(recognize(f"{block.get('type')}-{position + 1}", data, where=where))
    return "\n".join(texts), media


def _block_data(block: dict[str, Json], where: str) -> str:
    nested = block.get("image_url") or block.get("input_audio") or block.get("file") or {}
    nested = {"url": nested} if isinstance(nested, str) else nested
    found = (
        block.get("base64") or block.get("data") or nested.get("data") or nested.get("file_data")
    )
    url = str(nested.get("url") or block.get("url") or "")
    if not found and url.startswith("data:") and ";base64," in url:
        found = url.split(";base64,", 1)[1]
    if not isinstance(found, str):
        raise TaskError(
            f"A {block.get('type')!r} block without data cannot be read.",
            where=where,
            fix="Send the content in base64; links are not followed.",
        )
    return found


def _decode(data: str, where: str) -> bytes:
    try:
        return base64.b64decode(data, validate=True)
    except binascii.Error as error:
        raise TaskError(
            f"It is not base64: {error}.", where=where, fix="Encode it again."
        ) from None


def recognize(name: str, data: bytes, *, where: str) -> Incoming:
    """Tell what the bytes are.

    Raises:
        TaskError: They are empty, or neither UTF-8 text nor a known media format.
    """
    if not data:
        raise TaskError("It is empty.", where=where, fix="Send content, or leave it out.")
    if found := sniff(data):
        modality, media_type = found
        facts = _png_facts(data, where) if media_type == "image/png" else {}
        return Incoming(name=name, modality=modality, media_type=media_type, data=data, facts=facts)
    try:
        text = data.decode()
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise TaskError(
            "It is neither UTF-8 text nor a known image, audio or video format.",
            where=where,
            fix="Send text, PNG, JPEG, GIF, WebP, WAV, MP3, Ogg, FLAC, MP4 or WebM.",
        )
    return Incoming(name=name, modality="text", media_type="text/plain", data=data)


def _png_facts(data: bytes, where: str) -> dict[str, str | int | float]:
    if len(data) < 24:
        raise TaskError("The PNG is cut off.", where=where, fix="Send the whole file.")
    width, height = struct.unpack(">II", data[16:24])
    return {"width": width, "height": height}
