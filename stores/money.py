"""Money as integers: billionths of a US dollar, which add up without drift."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal

from ..errors import StoreError

MOST = 2**62
"""What a database can count, of billionths as of tokens, with room to add two of them."""
_NANO = Decimal(10) ** 9


def _nano(usd: float, rounding: str) -> int:
    # The shortest text of a float is the amount that was meant: 0.07, not 0.07000000000000000666.
    amount = Decimal(repr(float(usd)))
    if not amount.is_finite() or amount < 0:
        raise StoreError(f"{usd!r} is not an amount of money.", where="usd", fix="Give 0 or more.")
    nano = (amount * _NANO).to_integral_value(rounding)
    return int(nano) if nano < MOST else MOST


def reserved_nano(usd: float) -> int:
    """Round up, so that a reservation is never too small."""
    return _nano(usd, ROUND_CEILING)


def limit_nano(usd: float) -> int:
    """Round down, so that a cap is never too large."""
    return _nano(usd, ROUND_FLOOR)


def spent_nano(usd: float) -> int:
    """Round to the nearest."""
    return _nano(usd, ROUND_HALF_EVEN)


def dollars(nano: int) -> float:
    """Return US dollars."""
    return float(Decimal(nano) / _NANO)
