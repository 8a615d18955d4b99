"""Means of payment: cards, bank accounts, addresses of crypto currencies."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .check_digits import base58, bech32, iban, luhn
from .recogniser import DIGITS, ByteSpan, Recogniser, if_true, stands_apart

# ISO 13616 registry: country → characters of an account's number.
_IBAN_LENGTHS = {
    country: int(length)
    for length, countries in {
        "15": "NO", "16": "BE", "18": "DK FI FO GL NL SD", "19": "MK SI",
        "20": "AT BA EE KZ LT LU MN XK", "21": "CH HR LI LV", "22": "BG BH CR DE GB GE IE ME RS VA",
        "23": "AE GI IL IQ OM SO TL", "24": "AD CZ ES MD PK RO SA SE SK TN VG", "25": "LY PT ST",
        "26": "IS TR", "27": "BI DJ FR GR IT MC MR SM", "28": "AL AZ BY CY DO GT HN HU LB NI PL SV",
        "29": "BR EG PS QA UA", "30": "JO KW MU YE", "31": "MT SC", "32": "LC", "33": "RU",
    }.items()
    for country in countries.split()
}  # fmt: skip

_GROUP = re.compile(rb"\d+")
_IBAN_PIECE = re.compile(rb"[ -]?([A-Za-z0-9]{1,4})")
_CARD_LENGTHS = range(13, 20)
_MOST_GROUPS = 5
_ISSUERS = re.compile(
    # Visa, Mastercard, American Express, Discover, Diners, JCB, UnionPay, Maestro.
    r"4|5[1-5]|2(?:22[1-9]|2[3-9]|[3-6]|7[01]|720)|3[47]|6011|64[4-9]|65|3(?:0[0-5]|[689])"
    r"|35(?:2[89]|[3-8])|62|50|5[6-9]|6[0-9]"
)


def _cards(data: bytes, span: ByteSpan) -> Iterator[ByteSpan]:
    """Find cards among numbers in a row, of which each may be written in groups."""
    groups = [found.span() for found in _GROUP.finditer(data, *span)]
    first = 0
    while first < len(groups):
        end = _card_from(data, groups[first : first + _MOST_GROUPS])
        if end:
            yield groups[first][0], groups[first + end - 1][1]
        first += end or 1


def _card_from(data: bytes, groups: list[ByteSpan]) -> int:
    """Return how many groups from the first on are a card; 0: none are."""
    digits = ""
    for count, (start, end) in enumerate(groups, 1):
        digits += data[start:end].decode()
        if len(digits) > _CARD_LENGTHS[-1]:
            break
        in_form = count == 1 or all(3 <= b - a <= 7 for a, b in groups[:count])
        if len(digits) in _CARD_LENGTHS and in_form and _is_card(digits):
            return count
    return 0


def _is_card(digits: str) -> bool:
    return bool(_ISSUERS.match(digits)) and len(set(digits)) > 1 and luhn(digits)


def _ibans(data: bytes, span: ByteSpan) -> Iterator[ByteSpan]:
    """Read on from an account number's beginning to where its country says that it ends."""
    start, end = span
    length = _IBAN_LENGTHS.get(data[start : start + 2].decode().upper(), 0)
    number = data[start:end]
    while len(number) < length and end < len(data):
        piece = _IBAN_PIECE.match(data, end)
        if piece is None:
            return
        taken = piece[1][: length - len(number)]
        number, end = number + taken, piece.start(1) + len(taken)
    if len(number) == length and iban(number.decode().upper()) and stands_apart(data, (start, end)):
        yield start, end


RECOGNISERS = (
    Recogniser(
        kind="card",
        pattern=r"[0-9]{3,19}(?:[ -][0-9]{3,19}){0,12}",
        needs=DIGITS,
        narrow=_cards,
    ),
    Recogniser(
        kind="iban",
        pattern=r"(?i)\b[A-Z]{2}[0-9]{2}",
        needs=DIGITS,
        whole=False,
        narrow=_ibans,
    ),
    Recogniser(
        kind="crypto",
        pattern=r"[13][A-HJ-NP-Za-km-z1-9]{25,34}",
        needs=b"13",
        narrow=if_true(base58),
    ),
    Recogniser(
        kind="crypto",
        pattern=r"(?:bc1|BC1)[AC-HJ-NP-Zac-hj-np-z02-9]{11,71}",
        needs=b"1",
        narrow=if_true(bech32),
    ),
    Recogniser(kind="crypto", pattern=r"0x[0-9a-fA-F]{40}", needs=b"x"),
)
