"""How a person is reached: e-mail addresses and telephone numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .recogniser import DIGITS, ByteSpan, Recogniser, digits_of, if_true

_QUOTES = r"\x{a0}\x{ab}\x{bb}\x{2000}-\x{206f}\x{3000}"
_LOCAL = rf"[^\x00-\x20\"(),:;<>@\[\\\]\x7f{_QUOTES}]"
_LABEL = rf"[^\x00-,./:-@\[-`{{-\x7f{_QUOTES}]"
_LETTER = rf"[^\x00-@\[-`{{-\x7f{_QUOTES}]"
_LOCAL_EDGE = re.compile(rb"[/=?|`{}*&]")
_IN_URL = re.compile(rb"://[^\s/@]{0,128}\Z")
"""A user's name and password before a host are a secret, told by another recogniser."""
_LONGEST_LOCAL = 128

# ITU E.164: the codes of countries, by their number of digits.
_ONE = "1 7"
_TWO = (
    "20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64 "
    "65 66 81 82 84 86 90 91 92 93 94 95 98"
)
_THREE = re.compile(
    r"21[1-368]|22[0-9]|23[0-9]|24[0-9]|25[0-8]|26[0-9]|29[0-17-9]|35[0-9]|37[0-8]|38[0-35-79]|42[013]"
    r"|50[0-9]|59[0-9]|67[02-9]|68[0-35-9]|69[0-2]|80[08]|85[0235-6]|87[08]|88[0168]|96[0-8]|97[0-79]"
    r"|99[2-68]"
)
_CODES = {*_ONE.split(), *_TWO.split()}
_MOST_DIGITS = 15
_FEWEST_DIGITS = 8
_GROUP = re.compile(rb"\d+")

_WORDS = (
    "tel|tél|telephone|telefon|telefono|teléfono|téléphone|phone|mobile|mobil|móvil|movil|portable|cell"
    "|handy|fax|rufnummer|nummer|call|whatsapp|numéro|número|mobilnummer|durchwahl"
)


def _addresses(data: bytes, span: ByteSpan) -> Iterator[ByteSpan]:
    """Leave out what stands before an address and could be a part of it: a path, a quote."""
    start, end = span
    at = data.index(b"@", start)
    start = max(start, at - _LONGEST_LOCAL)
    edges = [found.end() for found in _LOCAL_EDGE.finditer(data, start, at)]
    begin = edges[-1] if edges and edges[-1] < at else start
    begin += len(data[begin:at]) - len(data[begin:at].lstrip(b".#!'"))
    if begin < at and not _IN_URL.search(data, max(0, begin - _LONGEST_LOCAL), begin):
        yield begin, end


def _international(data: bytes, span: ByteSpan) -> Iterator[ByteSpan]:
    """Take as many groups as a number has digits; what follows may be another number."""
    start, end = span
    groups = [found.span() for found in _GROUP.finditer(data, start, end)]
    while groups:
        digits = digits_of(data[start : groups[-1][1]].decode(errors="replace"))
        digits = digits.removeprefix("00") if data[start : start + 1] == b"0" else digits
        if len(digits) <= _MOST_DIGITS:
            if len(digits) >= _FEWEST_DIGITS and _has_code(digits):
                yield start, groups[-1][1]
            return
        groups.pop()


def _has_code(digits: str) -> bool:
    short = digits[:1] in _CODES or digits[:2] in _CODES
    return short or bool(_THREE.match(digits))


def _is_number(text: str) -> bool:
    return 6 <= len(digits_of(text)) <= _MOST_DIGITS


def _is_american(text: str) -> bool:
    digits = digits_of(text)[-10:]
    return digits[1:3] != "11" and digits[4:6] != "11"


RECOGNISERS = (
    Recogniser(
        kind="email",
        pattern=rf"{_LOCAL}+@{_LABEL}+(?:\.{_LABEL}+)*\.{_LETTER}(?:{_LABEL}{{0,22}}{_LETTER})",
        needs=b"@",
        whole=False,
        narrow=_addresses,
    ),
    Recogniser(
        kind="phone",
        pattern=r"(?:\+|\b00)[1-9](?:[ ./-]?\(?[0-9]{1,12}\)?){1,7}",
        needs=b"+0",
        whole=False,
        narrow=_international,
    ),
    Recogniser(
        kind="phone",
        pattern=rf"(?i)\b(?:{_WORDS})[^0-9+\n]{{0,16}}(\(?[0-9](?:[ ./()-]{{0,2}}[0-9]){{5,14}})",
        needs=DIGITS,
        narrow=if_true(_is_number),
    ),
    Recogniser(
        kind="phone",
        pattern=r"(?:\([2-9][0-9]{2}\) ?|[2-9][0-9]{2}[ .-])[2-9][0-9]{2}[.-][0-9]{4}",
        needs=DIGITS,
        narrow=if_true(_is_american),
    ),
    Recogniser(kind="phone", pattern=r"0[1-9](?:[ .-][0-9]{2}){4}", needs=b"0"),
    Recogniser(kind="phone", pattern=r"[67][0-9]{2}(?: [0-9]{2}){3}", needs=b"67"),
    Recogniser(kind="phone", pattern=r"0[1-9][0-9]{1,4}/[0-9]{4,9}", needs=b"/"),
)
