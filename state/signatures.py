"""What kind of media bytes are, judged by how they begin and never by a name or a label."""

from __future__ import annotations

from .task import Modality

SIGNATURES: tuple[tuple[int, bytes, Modality, str], ...] = (
    (0, b"\x89PNG\r\n\x1a\n", "image", "image/png"),
    (0, b"\xff\xd8\xff", "image", "image/jpeg"),
    (0, b"GIF8", "image", "image/gif"),
    (8, b"WEBP", "image", "image/webp"),
    (8, b"WAVE", "audio", "audio/wav"),
    (0, b"ID3", "audio", "audio/mpeg"),
    (0, b"\xff\xfb", "audio", "audio/mpeg"),
    (0, b"OggS", "audio", "audio/ogg"),
    (0, b"fLaC", "audio", "audio/flac"),
    (4, b"ftypM4A", "audio", "audio/mp4"),
    (4, b"ftyp", "video", "video/mp4"),
    (0, b"\x1aE\xdf\xa3", "video", "video/webm"),
)
"""Offset, bytes, modality and media type; the first that fits decides."""

UNCERTAIN = frozenset({"audio/mpeg", "audio/mp4"})
"""Types whose files may begin otherwise: raw MP3 frames have no header, and many a recorder writes
the brand of a video."""


def sniff(data: bytes) -> tuple[Modality, str] | None:
    """Return modality and media type, or `None` where the bytes show no kind that is known."""
    for offset, signature, modality, media_type in SIGNATURES:
        if data[offset : offset + len(signature)] == signature:
            return modality, media_type
    return None


def sniffed_type(data: bytes) -> str:
    """Return the media type that the bytes show, or an empty string."""
    found = sniff(data)
    return found[1] if found else ""
