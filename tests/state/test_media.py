"""Attachments are judged by their bytes."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from pointsman.errors import TaskError
from pointsman.state.media import read_attachment, read_content

PNG = b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + (3).to_bytes(4, "big") + (2).to_bytes(4, "big")


def encoded(data: bytes) -> str:
    """Encode as clients do."""
    return base64.b64encode(data).decode()


@pytest.mark.parametrize(
    ("data", "modality", "media_type"),
    [
        (b"plain text", "text", "text/plain"),
        (PNG, "image", "image/png"),
        (b"\xff\xd8\xff\xe0rest", "image", "image/jpeg"),
        (b"RIFF\0\0\0\0WAVEfmt ", "audio", "audio/wav"),
        (b"\0\0\0\x18ftypisom", "video", "video/mp4"),
    ],
)
def test_the_bytes_say_what_it_is(data: bytes, modality: str, media_type: str) -> None:
    """Name and declared type do not matter."""
    item = {"name": "a.exe", "data": encoded(data), "media_type": "text/x"}
    found = read_attachment(item, 0)

    assert (found.modality, found.media_type) == (modality, media_type)


def test_the_size_of_a_picture_is_a_fact() -> None:
    """Validation keeps what it found out."""
    found = read_attachment({"name": "a", "data": encoded(PNG)}, 0)
    assert found.facts == {"width": 3, "height": 2}


@pytest.mark.parametrize(
    ("item", "where"),
    [
        ("text", "attachments.0"),
        ({"name": "a"}, "attachments.a"),
        ({"name": "a", "text": "x", "data": "eA=="}, "attachments.a"),
        ({"name": "a", "data": "not base64!"}, "attachments.a"),
        ({"name": "a", "text": ""}, "attachments.a"),
        ({"name": "a", "data": encoded(b"\xfe\xff\x00binary")}, "attachments.a"),
        ({"name": "a", "data": encoded(PNG[:12])}, "attachments.a"),
        ({"name": "", "text": "x"}, "attachments.0"),
        ({"name": "a", "path": "/etc/passwd"}, "attachments.0"),
    ],
)
def test_what_cannot_be_taken_names_the_attachment(item: Any, where: str) -> None:
    """The message says what is wrong and what can be sent."""
    with pytest.raises(TaskError) as caught:
        read_attachment(item, 0)

    assert caught.value.where == where
    assert caught.value.fix


@pytest.mark.parametrize(
    "block",
    [
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{encoded(PNG)}"}},
        {"type": "image", "source_type": "base64", "data": encoded(PNG)},
        {"type": "image", "base64": encoded(PNG), "mime_type": "image/png"},
    ],
)
def test_media_blocks_of_messages_are_attachments(block: dict[str, Any]) -> None:
    """In each form that clients send."""
    text, [media] = read_content([{"type": "text", "text": "What is this?"}, block])

    assert text == "What is this?"
    assert media.media_type == "image/png"


def test_links_are_not_followed() -> None:
    """A message cannot make the agent fetch something."""
    block = {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}}
    with pytest.raises(TaskError, match="links are not followed"):
        read_content([block])
