"""Numerals: what a number written in digits may mean.

`1,234.56`, `1.234,56`, `1 234,56` and `1'234.56` are one number. `1.234` has two readings, and
text does not always say which is meant: both are kept.
"""

from __future__ import annotations

import re
from decimal import Decimal

_SPACED = r"\d{1,3}(?:[ \u00a0\u2009\u202f]\d{3})+(?:[.,]\d{1,6})?(?!\d)"
_JOINED = r"\d+(?:[.,'\u2019]\d+)*"
NUMERAL = re.compile(rf"(?<![\d])(?:{_SPACED}|{_JOINED})")
_GROUPING = re.compile(r"[ \u00a0\u2009\u202f'\u2019]")

LONGEST = 24
"""Characters of the longest numeral that is a quantity; a longer one is an identifier."""


def readings(numeral: str) -> tuple[Decimal, ...]:
    """Return the values that a numeral may stand for; none if it is no number at all."""
    if len(numeral) > LONGEST:
        return ()
    plain = _GROUPING.sub("", numeral)
    marks = [c for c in plain if c in ".,"]
    if not marks:
        return (Decimal(plain),)
    groups = re.split(r"[.,]", plain)
    if len(set(marks)) == 2:
        return _two_marks(marks, groups)
    if len(marks) > 1:
        return (Decimal("".join(groups)),) if _thousands(groups) else ()
    decimal = Decimal(".".join(groups))
    return (decimal, Decimal("".join(groups))) if _thousands(groups) else (decimal,)


def _two_marks(marks: list[str], groups: list[str]) -> tuple[Decimal, ...]:
    """The last mark is the decimal one, and it stands once."""
    if marks.count(marks[-1]) > 1 or not _thousands(groups[:-1]):
        return ()
    return (Decimal("".join(groups[:-1]) + "." + groups[-1]),)


def _thousands(groups: list[str]) -> bool:
    return (
        1 <= len(groups[0]) <= 3
        and not (groups[0].startswith("0"))
        and all(len(group) == 3 for group in groups[1:])
    )
