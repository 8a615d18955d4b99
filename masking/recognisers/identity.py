"""Who a person is by an office's number, and when they were born."""

from __future__ import annotations

import datetime

from .check_digits import dni, nir, steuer_id
from .recogniser import DIGITS, Recogniser, digits_of, if_true

_NO_NINO = frozenset({"BG", "GB", "KN", "NK", "NT", "TN", "ZZ"})

_MONTHS = (
    "january|february|march|april|may|june|july|august|september|october|november|december"
    "|jan|feb|mar|apr|jun|jul|aug|sept|sep|oct|nov|dec"
    "|januar|februar|märz|mai|juni|juli|oktober|dezember"
    "|janvier|février|mars|avril|juin|juillet|août|septembre|octobre|novembre|décembre"
    "|enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre|diciembre"
)
_DATE = (
    r"[0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}"
    r"|[0-9]{1,2}[-/.] ?[0-9]{1,2}[-/.] ?(?:[0-9]{4}|[0-9]{2})"
    rf"|[0-9]{{1,2}}(?:\.|er|st|nd|rd|th)? (?:de |of )?(?:{_MONTHS})\.?,? (?:de |del )?[0-9]{{4}}"
    rf"|(?:{_MONTHS})\.? [0-9]{{1,2}}(?:st|nd|rd|th)?,? [0-9]{{4}}"
)
_BORN = (
    r"born|birth ?date|birth ?day|birth|d\.?o\.?b\.?|geboren|geb\.|geburtsdatum|geburtstag"
    r"|née?|naissance|nacid[oa]|nacimiento|nació|date_of_birth"
)


def _is_ssn(text: str) -> bool:
    digits = digits_of(text)
    area, group, serial = digits[:3], digits[3:5], digits[5:]
    return area not in ("000", "666") and area[0] != "9" and group != "00" and serial != "0000"


def _is_nir(text: str) -> bool:
    return nir("".join(c for c in text if c.isalnum()))


def _is_dni(text: str) -> bool:
    return dni("".join(c for c in text if c.isalnum()))


def _is_nino(text: str) -> bool:
    return text[:2].upper() not in _NO_NINO


def _is_steuer_id(text: str) -> bool:
    return steuer_id(digits_of(text))


def _is_date(text: str) -> bool:
    """Say whether numbers make a date in some order; a month in words needs no more."""
    parts = [
        int(part)
        for part in text.replace("/", "-").replace(".", "-").split("-")
        if part.strip().isdigit()
    ]
    if len(parts) != 3:
        return True
    year = next((p for p in parts if p > 99), 2000)
    day_month = [p for p in parts if p <= 99][:2] if max(parts) > 99 else parts[:2]
    return any(_exists(year, a, b) for a, b in (day_month, day_month[::-1]))


def _exists(year: int, month: int, day: int) -> bool:
    try:
        datetime.date(year, month, day)
    except ValueError:
        return False
    return True


RECOGNISERS = (
    Recogniser(
        kind="us_ssn",
        pattern=r"[0-9]{3}-[0-9]{2}-[0-9]{4}",
        needs=b"-",
        narrow=if_true(_is_ssn),
    ),
    Recogniser(
        kind="us_ssn",
        pattern=r"(?i)\b(?:ssn|social security)[^0-9\n]{0,24}([0-9]{3}[ -]?[0-9]{2}[ -]?[0-9]{4})",
        needs=DIGITS,
        narrow=if_true(_is_ssn),
    ),
    Recogniser(
        kind="de_steuer_id",
        pattern=r"[1-9][0-9] [0-9]{3} [0-9]{3} [0-9]{3}",
        needs=DIGITS,
        narrow=if_true(_is_steuer_id),
    ),
    Recogniser(
        kind="de_steuer_id",
        pattern=r"(?i)\b(?:steuer|tax|idnr|tin|fiscal|identifikation)[^0-9\n]{0,32}"
        r"([1-9][0-9](?:[ /]?[0-9]{3}){3})",
        needs=DIGITS,
        narrow=if_true(_is_steuer_id),
    ),
    Recogniser(
        kind="fr_nir",
        pattern=r"[12] ?[0-9]{2} ?(?:0[1-9]|1[0-2]|[2-9][0-9]) ?(?:[0-9]{2}|2[ABab])"
        r"(?: ?[0-9]{3}){2} ?[0-9]{2}",
        needs=b"12",
        narrow=if_true(_is_nir),
    ),
    Recogniser(
        kind="es_dni",
        # Both dots or none: seconds with six digits behind them, and a `Z`, are a moment.
        pattern=r"(?i)(?:[0-9]{8}|[0-9]{2}(?:\.[0-9]{3}){2}|[XYZ]-?[0-9]{7})[- ]?[A-HJ-NP-TV-Z]",
        needs=DIGITS,
        narrow=if_true(_is_dni),
    ),
    Recogniser(
        kind="uk_nino",
        pattern=r"(?i)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?[0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[A-D]",
        needs=DIGITS,
        narrow=if_true(_is_nino),
    ),
    Recogniser(
        kind="birth_date",
        pattern=rf"(?i)\b(?:{_BORN})\b?[^0-9\n]{{0,24}}?({_DATE})",
        needs=DIGITS,
        narrow=if_true(_is_date),
    ),
)
