"""Media: what an attachment really is, judged by its bytes and not by its name."""

from __future__ import annotations

import base64
import binascii
import re
import struct
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from urllib.parse import unquote, unquote_to_bytes

from ..errors import TaskError
from .signatures import sniff
from .task import Modality
from .text import label, whole
from .values import Json, JsonObject

MAX_NAME_CHARS = 200
_FIELDS = frozenset({"name", "text", "data", "media_type", "data_class"})


@dataclass(frozen=True, kw_only=True)
class Incoming:
    """An attachment as it arrived, decoded and recognized."""

    name: str
    """One line without control characters: an outsider's text all the same."""
    modality: Modality
    media_type: str
    """What the bytes are, whatever was said of them."""
    data: bytes = field(repr=False)
    facts: dict[str, str | int | float] = field(default_factory=dict[str, str | int | float])
    data_class: str = ""
    """Class of its data, as whoever attached it says."""


def read_attachment(item: Json, position: int) -> Incoming:
    """Read `{"name", "text"}` or `{"name", "data": base64 or data URL, "media_type"}`.

    Raises:
        TaskError: The form, the encoding or the content is not one that can be taken.
    """
    where = f"attachments.{position}"
    if not isinstance(item, dict):
        raise TaskError("It is not an object.", where=where, fix='Send {"name": …, "text": …}.')
    given = item.get("name", f"attachment-{position + 1}")
    unknown = sorted(label(str(key)) for key in islice(item.keys() - _FIELDS, 5))
    name = label(given) if isinstance(given, str) and len(given) <= MAX_NAME_CHARS else ""
    data_class = item.get("data_class", "")
    if unknown or not name or not isinstance(data_class, str) or len(data_class) > 64:
        raise TaskError(
            f"Its fields do not fit{': ' + ', '.join(unknown) if unknown else ''}.",
            where=where,
            fix=f"Allowed: {', '.join(sorted(_FIELDS))}; a name of 1 to {MAX_NAME_CHARS}.",
        )
    where = f"attachments.{name}"
    text, data = item.get("text"), item.get("data")
    if isinstance(text, str) and data is None:
        found = recognize(name, whole(text).encode(), where=where)
        return replace(found, data_class=data_class)
    if isinstance(data, str) and text is None:
        return replace(recognize(name, _decode(data, where), where=where), data_class=data_class)
    raise TaskError("It needs either text or data.", where=where, fix="Send one of them, a string.")


def read_content(content: str | Sequence[str | JsonObject]) -> tuple[str, list[Incoming]]:
    """Split a message's content into its text and its media.

    Raises:
        TaskError: A block links to media instead of carrying it, or cannot be decoded.
    """
    if isinstance(content, str):
        return whole(content), []
    texts: list[str] = []
    media: list[Incoming] = []
    for position, block in enumerate(content):
        where = f"messages.content.{position}"
        if isinstance(block, str):
            texts.append(whole(block))
        elif (text := _text_of(block)) is not None:
            texts.append(whole(text))
        elif str(block.get("type")) not in _MODELS_OWN:
            media.append(_read_block(block, position, where))
    return "\n".join(texts), _renamed(media)


def words_of(content: str | Sequence[str | JsonObject]) -> str:
    """Return what a message says, its media and a model's notes to itself left out."""
    if isinstance(content, str):
        return whole(content)
    said = (block if isinstance(block, str) else _text_of(block) for block in content)
    return "\n".join(whole(text) for text in said if text)


def _renamed(media: list[Incoming]) -> list[Incoming]:
    """Number files of one name: two pictures pasted into a chat are both called image.png."""
    seen = Counter[str]()
    named: list[Incoming] = []
    for item in media:
        seen[item.name] += 1
        count = seen[item.name]
        named.append(item if count == 1 else replace(item, name=label(f"({count}) {item.name}")))
    return named


_TEXT_TYPES = frozenset({"text", "input_text", "output_text"})
_MODELS_OWN = frozenset(
    {"thinking", "redacted_thinking", "reasoning", "reasoning_content", "reasoningContent"}
    | {"tool_use", "server_tool_use", "tool_call", "function_call", "toolUse"}
)
"""Thinking and calls of a model, which a client's history may carry along: nobody's words."""
_CARRIERS = (
    "image_url",
    "input_audio",
    "audio_url",
    "video_url",
    "file",
    "source",
    "input_image",
    "input_file",
    "image",
    "audio",
    "video",
    "document",
    "inlineData",
    "inline_data",
)
_ABOUT = ("extras", "metadata")
"""Fields in which LangChain's standard blocks keep what they have no field for, such as names."""
_DATA_KEYS = ("data", "base64", "file_data", "blob", "bytes", "url", "image_url", "file_url")
_NAME_KEYS = ("filename", "file_name", "name", "title")


def _text_of(block: JsonObject) -> str | None:
    """Return the text of a block of text, in whichever form a client writes it."""
    if block.get("type") == "refusal" and isinstance(block.get("refusal"), str):
        return block["refusal"]
    # Google's and Amazon's blocks have no type.
    bare = set(block) == {"text"} and isinstance(block["text"], str)
    if str(block.get("type")) not in _TEXT_TYPES and not bare:
        return None
    text = block.get("text")
    text = text.get("value") if isinstance(text, dict) else text
    return text if isinstance(text, str) else ""


def _read_block(block: JsonObject, position: int, where: str) -> Incoming:
    kind = label(str(block.get("type") or "file"), limit=40)
    holders = [block, *(block[key] for key in _CARRIERS if isinstance(block.get(key), dict))]
    # Some clients wrap the carrier itself: {"image": {"source": {…}}}.
    holders += [h["source"] for h in holders[1:] if isinstance(h.get("source"), dict)]
    named = [*holders, *(block[key] for key in _ABOUT if isinstance(block.get(key), dict))]
    names = [h[key] for h in named for key in _NAME_KEYS if isinstance(h.get(key), str)]
    name = next((shown for given in names if (shown := label(given))), f"{kind}-{position + 1}")
    for holder in holders:
        if holder.get("type") == "text" and isinstance(holder.get("data"), str):
            return recognize(name, whole(holder["data"]).encode(), where=where)
        if isinstance(holder.get("text"), str):
            return recognize(name, whole(holder["text"]).encode(), where=where)
        if (text := _text_inside(holder)) is not None:
            return recognize(name, whole(text).encode(), where=where)
    # The innermost holder is the one that carries; what is around it may name other things `data`.
    for holder in reversed(holders):
        for key in _DATA_KEYS:
            found = holder.get(key)
            if isinstance(found, bytes):
                return recognize(name, found, where=where)
            if isinstance(found, str) and found and not _is_link(found):
                return recognize(name, _decode(found, where), where=where)
    raise TaskError(
        f"A {kind!r} block without data cannot be read.",
        where=where,
        fix="Send the content in base64; links are not followed, and ids of uploads lead nowhere.",
    )


def _text_inside(holder: JsonObject) -> str | None:
    """Return the text of a document that is given as blocks of text, and of nothing else."""
    inside = holder.get("content")
    if isinstance(inside, str):
        return inside
    if not isinstance(inside, list) or not inside:
        return None
    texts = [_text_of(part) if isinstance(part, dict) else None for part in inside]
    return None if None in texts else "\n".join(text for text in texts if text is not None)


def _is_link(text: str) -> bool:
    return text[:12].lower().startswith(("http:", "https:", "file:", "ftp:", "gs:", "s3:"))


def _decode(data: str, where: str) -> bytes:
    """Decode base64, bare or in a data URL; line breaks and the URL alphabet are taken, too."""
    if data[:MAX_INDENT].lstrip()[:5].lower() == "data:":
        head, comma, data = data.partition(",")
        if not comma:
            raise TaskError("It is a data URL without data.", where=where, fix="Encode it again.")
        if not head.lower().rstrip().endswith(";base64"):
            return unquote_to_bytes(whole(data))
        if "%" in data:
            data = unquote(data)
    compact = "".join(data.split()).translate(_URL_ALPHABET).rstrip("=")
    try:
        return base64.b64decode(compact + "=" * (-len(compact) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise TaskError(
            f"It is not base64: {error}.", where=where, fix="Encode it again."
        ) from None


MAX_INDENT = 40
"""Characters of white space and scheme that a data URL may begin with."""
_URL_ALPHABET = str.maketrans("-_", "+/")


def recognize(name: str, data: bytes, *, where: str) -> Incoming:
    """Tell what the bytes are.

    Raises:
        TaskError: They are empty, or neither UTF-8 text nor a known media format.
    """
    if not data:
        raise TaskError("It is empty.", where=where, fix="Send content, or leave it out.")
    text = _as_text(data)
    # What can be read is no film, though it begins as one does: "The new WAVE of …".
    if (text is None or _UNREADABLE.search(text)) and (found := sniff(data)):
        modality, media_type = found
        facts = _png_facts(data, where) if media_type == "image/png" else {}
        return Incoming(name=name, modality=modality, media_type=media_type, data=data, facts=facts)
    if text is None or "\0" in text:
        raise TaskError(
            "It is neither UTF-8 text nor a known image, audio or video format.",
            where=where,
            fix="Send text, PNG, JPEG, GIF, WebP, HEIC, AVIF, WAV, MP3, Ogg, FLAC, MP4 or WebM.",
        )
    data = data if _is_utf8(data) else text.encode()
    return Incoming(name=name, modality="text", media_type="text/plain", data=data)


_UNREADABLE = re.compile(r"[\0-\x08\x0e-\x1a\x1c-\x1f\x7f]")
"""Control characters that stand in no text."""
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
"""How text in UTF-16 begins, as Windows writes it."""


def _is_utf8(data: bytes) -> bool:
    return data[:2] not in _UTF_16


def _as_text(data: bytes) -> str | None:
    try:
        return data.decode("utf-8" if _is_utf8(data) else "utf-16")
    except UnicodeDecodeError:
        return None


def _png_facts(data: bytes, where: str) -> dict[str, str | int | float]:
    if len(data) < 24:
        raise TaskError("The PNG is cut off.", where=where, fix="Send the whole file.")
    width, height = struct.unpack(">II", data[16:24])
    return {"width": width, "height": height}
