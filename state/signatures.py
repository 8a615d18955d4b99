"""What kind of media bytes are, judged by how they begin and never by a name or a label."""

from __future__ import annotations

import re

from .task import Modality

MediaKind = tuple[Modality, str]
"""Modality and media type."""

_HEIC = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx")
_BRANDS: dict[bytes, MediaKind] = {
    **dict.fromkeys((b"avif", b"avis"), ("image", "image/avif")),
    **dict.fromkeys(_HEIC, ("image", "image/heic")),
    **dict.fromkeys((b"mif1", b"msf1", b"heif"), ("image", "image/heif")),
    **dict.fromkeys((b"M4A ", b"M4B ", b"M4P "), ("audio", "audio/mp4")),
    b"qt  ": ("video", "video/quicktime"),
}
"""Brands of ISO base media files; any other is taken as MP4 video."""

SIGNATURES: tuple[tuple[int, bytes, Modality, str], ...] = (
    (0, b"\x89PNG\r\n\x1a\n", "image", "image/png"),
    (0, b"\xff\xd8\xff", "image", "image/jpeg"),
    (0, b"GIF87a", "image", "image/gif"),
    (0, b"GIF89a", "image", "image/gif"),
    (0, b"II*\0", "image", "image/tiff"),
    (0, b"MM\0*", "image", "image/tiff"),
    (8, b"WEBP", "image", "image/webp"),
    (8, b"WAVE", "audio", "audio/wav"),
    (8, b"AVI ", "video", "video/x-msvideo"),
    (0, b"ID3", "audio", "audio/mpeg"),
    (0, b"\xff\xfb", "audio", "audio/mpeg"),
    (0, b"fLaC", "audio", "audio/flac"),
    (0, b"#!AMR", "audio", "audio/amr"),
    (0, b"OggS", "audio", "audio/ogg"),
    *((4, b"ftyp" + brand, *kind) for brand, kind in _BRANDS.items()),
    (4, b"ftyp", "video", "video/mp4"),
    (0, b"\x1aE\xdf\xa3", "video", "video/webm"),
)
"""Offset, bytes, modality and media type; containers are looked into before."""

UNCERTAIN = frozenset({"audio/mpeg", "audio/mp4"})
"""Types whose files may begin otherwise: some MP3 files have something before their first frame,
and many a recorder writes the brand of a video."""


def sniff(data: bytes) -> MediaKind | None:
    """Return modality and media type, or `None` where the bytes show no kind that is known."""
    if data[4:8] == b"ftyp":
        return _iso_media(data)
    if data[:4] == b"\x1aE\xdf\xa3":
        return _matroska(data)
    if data[:4] == b"OggS":
        return _ogg(data)
    if data[:1] == b"\xff" and data[:3] != b"\xff\xd8\xff":
        return _mpeg_audio(data)
    for offset, signature, modality, media_type in SIGNATURES:
        if data[offset : offset + len(signature)] == signature:
            return modality, media_type
    return None


def sniffed_type(data: bytes) -> str:
    """Return the media type that the bytes show, or an empty string."""
    found = sniff(data)
    return found[1] if found else ""


def _iso_media(data: bytes) -> MediaKind:
    """Read the brand of an ISO base media file; a general one is told by the brands beside it."""
    size = min(int.from_bytes(data[:4], "big"), 256)
    brands = [data[8:12], *(data[at : at + 4] for at in range(16, size, 4))]
    found = [_BRANDS[brand] for brand in brands if brand in _BRANDS]
    if brands[0] in (b"mif1", b"msf1"):
        # A picture container of any codec: the compatible brands name it.
        return next((kind for kind in found if kind[1] != "image/heif"), ("image", "image/heif"))
    if brands[0] in _BRANDS:
        return _BRANDS[brands[0]]
    has_video = any(track in data[:65_536] for track in (b"vide", b"vmhd"))
    has_sound = any(track in data[:65_536] for track in (b"soun", b"smhd"))
    # Browsers record voice notes as fragmented MP4 of a general brand, with a sound track alone.
    return ("audio", "audio/mp4") if has_sound and not has_video else ("video", "video/mp4")


_CODEC = re.compile("\x86(?:[\x81-\xff]|\x40.)([AV])_[A-Z]", re.DOTALL)
"""A track's codec behind the element's id and length: `V_…` for pictures, `A_…` for sound."""


def _matroska(data: bytes) -> MediaKind:
    """Tell a voice note from a film: browsers record both as WebM."""
    head = data[:65_536]
    is_webm = b"matroska" not in head[:128]
    kinds = set(_CODEC.findall(head.decode("latin-1")))
    kind = "audio" if kinds == {"A"} else "video"
    return (kind, f"{kind}/{'webm' if is_webm else 'x-matroska'}")


def _ogg(data: bytes) -> MediaKind:
    return ("video", "video/ogg") if b"\x80theora" in data[:512] else ("audio", "audio/ogg")


_RESERVED_VERSION, _RESERVED_LAYER, _BAD_RATE, _BAD_FREQUENCY = 1, 0, 15, 3


def _mpeg_audio(data: bytes) -> MediaKind | None:
    """Read the header of an MPEG audio frame: of any version and layer, with or without checksum.

    Eleven set bits say little, so the fields count, too. `FF FE` could be a frame
    of layer I, which nobody sends, and is how UTF-16 text begins.
    """
    if len(data) < 4 or data[0] != 0xFF or data[1] & 0xE0 != 0xE0 or data[1] == 0xFE:
        return None
    if data[1] & 0xF6 == 0xF0:
        return ("audio", "audio/aac")  # ADTS: the layer is always 0
    version, layer = data[1] >> 3 & 3, data[1] >> 1 & 3
    rate, frequency = data[2] >> 4, data[2] >> 2 & 3
    reserved = version == _RESERVED_VERSION or layer == _RESERVED_LAYER
    if reserved or rate == _BAD_RATE or frequency == _BAD_FREQUENCY:
        return None
    return ("audio", "audio/mpeg")
