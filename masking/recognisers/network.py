"""Where a person's device is: addresses of the internet and of network cards."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from .recogniser import DIGITS, ByteSpan, Recogniser, stands_apart

_VERSION = re.compile(
    r"(?:\bv|\bversion|\brelease|\bsection|§|\bkapitel|\bchapitre|\barti(?:cle|kel)|\bart\."
    r"|\bart[ií]culo)[ .:]{0,2}\Z",
    re.IGNORECASE,
)
"""Numbers with three points that are no addresses."""


def _four(data: bytes, span: ByteSpan) -> Iterator[ByteSpan]:
    start, end = span
    longer = data[end : end + 2].strip(b" ")[:1] == b"." and data[end + 1 : end + 2].isdigit()
    before = data[max(0, start - 16) : start].decode(errors="replace")
    if longer or before.endswith(".") or _VERSION.search(before):
        return
    if _tells(data[start:end].decode()):
        yield span


def _six(data: bytes, span: ByteSpan) -> Iterator[ByteSpan]:
    start, end = span
    text = data[start:end].decode()
    # Names of code, `a::b`, look like the shortest of them.
    groups = [group for group in text.split(":") if group]
    if len(groups) >= 3 and any(c.isdigit() for c in text) and _tells(text):
        yield span


def _tells(text: str) -> bool:
    """Say whether it is an address that says something of anybody."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return not (address.is_loopback or address.is_unspecified or address.is_multicast)


def _mac(data: bytes, span: ByteSpan) -> Iterator[ByteSpan]:
    start, end = span
    around = data[max(0, start - 1) : start] + data[end : end + 1]
    if not (set(around) & set(b":-")) and stands_apart(data, span):
        yield span


RECOGNISERS = (
    Recogniser(
        kind="ip",
        pattern=r"[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}",
        needs=DIGITS,
        narrow=_four,
    ),
    Recogniser(
        kind="ip",
        pattern=r"[0-9A-Fa-f]{1,4}:(?:[0-9A-Fa-f]{0,4}:){1,6}[0-9A-Fa-f]{1,4}",
        needs=b":",
        narrow=_six,
    ),
    Recogniser(
        kind="mac",
        pattern=r"[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){5}|[0-9A-Fa-f]{2}(?:-[0-9A-Fa-f]{2}){5}",
        needs=b":-",
        narrow=_mac,
    ),
)
