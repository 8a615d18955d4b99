"""Numbers: exact decimals, from JSON and back to JSON without binary noise.

A JSON number with a fraction is read as the decimal that it is written as, so 0.1 + 0.2 is 0.3.
Rounding is half away from zero, as on an invoice.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from decimal import (
    ROUND_CEILING,
    ROUND_FLOOR,
    ROUND_HALF_UP,
    Context,
    Decimal,
    DecimalException,
    DivisionByZero,
    InvalidOperation,
    Overflow,
)
from typing import Any

from ...errors import ExpressionError
from .kinds import mismatch
from .limits import DIGITS

Number = int | Decimal

_CONTEXT = Context(
    prec=DIGITS,
    rounding=ROUND_HALF_UP,
    Emin=-999,
    Emax=999,
    traps=[DivisionByZero, InvalidOperation, Overflow],
)
_LARGEST = 10**DIGITS
_EXACT = 10**15
"""From here on a JSON number can't hold cents: a double has 15 to 17 significant digits."""

MAX_POWER = 1_000
_MAX_WRITTEN = 200
_WRITTEN = re.compile(r"[+-]?[0-9]{1,50}(\.[0-9]{1,50})?", re.ASCII)
_FORMAT = re.compile(r"([+<>^]?)(0?)([0-9]{0,2})(,?)(?:\.([0-9]{1,2}))?([fd%]?)", re.ASCII)


def number_of(value: Any) -> Number:
    """Return a number, exact.

    Raises:
        ExpressionError: It is no number, or has too many digits.
    """
    if type(value) is int:
        return _bounded(value)
    if type(value) is Decimal:
        return value
    if type(value) is float:
        if not math.isfinite(value):
            raise ExpressionError("It is no finite number.")
        return Decimal(repr(value))
    raise mismatch("a number", value, fix="Write number(x) to read a number from a text.")


def whole_of(value: Any) -> int:
    """Return a whole number; anything else is an error."""
    number = number_of(value)
    if number != _rounded(number, 0, ROUND_FLOOR):
        raise ExpressionError(f"It needs a whole number, not {shown(number)}.")
    return int(number)


def _bounded(value: int) -> int:
    if not -_LARGEST < value < _LARGEST:
        raise ExpressionError(f"The number has more than {DIGITS} digits.")
    return value


def _computed(operation: Callable[[], Decimal]) -> Decimal:
    try:
        return operation()
    except DecimalException as error:
        raise ExpressionError("The number is too large.") from error


def add(a: Number, b: Number) -> Number:
    """Return the sum."""
    if type(a) is int and type(b) is int:
        return _bounded(a + b)
    return _computed(lambda: _CONTEXT.add(a, b))


def total(values: Iterable[Any], start: Number) -> Number:
    """Return the exact sum of numbers."""
    found = start
    try:
        for value in values:
            number = number_of(value)
            if type(found) is int and type(number) is int:
                found = _bounded(found + number)
            else:
                found = _CONTEXT.add(found, number)
    except DecimalException as error:
        raise ExpressionError("The number is too large.") from error
    return found


def subtract(a: Number, b: Number) -> Number:
    """Return the difference."""
    if type(a) is int and type(b) is int:
        return _bounded(a - b)
    return _computed(lambda: _CONTEXT.subtract(a, b))


def multiply(a: Number, b: Number) -> Number:
    """Return the product."""
    if type(a) is int and type(b) is int:
        return _bounded(a * b)
    return _computed(lambda: _CONTEXT.multiply(a, b))


def divide(a: Number, b: Number) -> Number:
    """Return the quotient, to 50 digits."""
    _refuse_zero(b)
    if type(a) is int and type(b) is int and a % b == 0:
        return a // b
    return _computed(lambda: _CONTEXT.divide(a, b))


def floor_divide(a: Number, b: Number) -> Number:
    """Return the quotient rounded down, as in Python."""
    return _divmod(a, b)[0]


def modulo(a: Number, b: Number) -> Number:
    """Return the remainder with the sign of the divisor, as in Python."""
    return _divmod(a, b)[1]


def _divmod(a: Number, b: Number) -> tuple[Number, Number]:
    _refuse_zero(b)
    if type(a) is int and type(b) is int:
        return divmod(a, b)
    quotient = _computed(lambda: _CONTEXT.divide_int(a, b))
    rest = _computed(lambda: _CONTEXT.remainder(a, b))
    if rest and (rest < 0) != (b < 0):
        return int(quotient) - 1, add(rest, b)
    return int(quotient), rest


def _refuse_zero(divisor: Number) -> None:
    if not divisor:
        raise ExpressionError("It divides by zero.", fix="Test for zero first: `a / b if b != 0`.")


def power(a: Number, b: Number) -> Number:
    """Return `a` to a whole power."""
    exponent = whole_of(b)
    if abs(exponent) > MAX_POWER:
        raise ExpressionError(f"A power is at most {MAX_POWER}.")
    if not a and exponent < 0:
        _refuse_zero(a)
    if not a and exponent == 0:
        return 1
    if type(a) is int and exponent >= 0:
        # 50 digits are 167 bits: a larger result is known before it is computed.
        if (abs(a).bit_length() - 1) * exponent > 167:
            raise ExpressionError(f"The number has more than {DIGITS} digits.")
        return _bounded(a**exponent)
    return _computed(lambda: _CONTEXT.power(a, exponent))


def negate(a: Number) -> Number:
    """Return the number with the other sign."""
    return subtract(0, a)


def rounded(value: Number, digits: int | None = None) -> Number:
    """Round half away from zero; without `digits` to a whole number."""
    if digits is None:
        return int(_rounded(value, 0, ROUND_HALF_UP))
    if not -DIGITS < digits < DIGITS:
        raise ExpressionError(f"A number has at most {DIGITS} digits to round to.")
    result = _rounded(value, digits, ROUND_HALF_UP)
    return int(result) if type(value) is int or digits <= 0 else result


def floor(value: Number) -> int:
    """Return the next whole number below."""
    return int(_rounded(value, 0, ROUND_FLOOR))


def ceil(value: Number) -> int:
    """Return the next whole number above."""
    return int(_rounded(value, 0, ROUND_CEILING))


def truncated(value: Number) -> int:
    """Return the whole number without the fraction."""
    return floor(value) if value >= 0 else ceil(value)


def _rounded(value: Number, digits: int, mode: str) -> Decimal:
    return _computed(
        lambda: Decimal(value).quantize(Decimal((0, (1,), -digits)), mode, context=_CONTEXT)
    )


def parsed(text: str) -> Number:
    """Read a number from a text such as `1250.00` or ` -3 `.

    Raises:
        ExpressionError: The text is no number.
    """
    stripped = text[:_MAX_WRITTEN].strip()
    if len(text) > _MAX_WRITTEN or not _WRITTEN.fullmatch(stripped):
        raise ExpressionError(
            f"{text[:40]!r} is no number.", fix="Remove currency and separators with replace()."
        )
    return Decimal(stripped) if "." in stripped else int(stripped)


def to_json(value: Number) -> int | float:
    """Return the number as JSON holds it: 0.3 and not 0.30000000000000004.

    Raises:
        ExpressionError: JSON could not hold it exactly.
    """
    if isinstance(value, int):
        return value
    if _fraction(value) and abs(value) >= _EXACT:
        raise ExpressionError(
            "The number is too long to be exact in JSON.", fix="Round it, or write it as text."
        )
    if value.as_tuple().exponent == 0 or (abs(value) >= _EXACT and abs(value) < _LARGEST):
        return int(value)
    return float(value)


def _fraction(value: Decimal) -> bool:
    exponent = value.as_tuple().exponent
    return isinstance(exponent, int) and exponent < 0 and value != value.to_integral_value()


def shown(value: Number) -> str:
    """Write a number as text, without an exponent."""
    plain = to_json(value)
    return str(plain) if isinstance(plain, int) else f"{Decimal(repr(plain)):f}"


def formatted(value: Number, spec: str) -> str:
    """Write a number by a format such as `.2f`, `,.2f`, `05d` or `.1%`.

    Raises:
        ExpressionError: There is no such format.
    """
    match = _FORMAT.fullmatch(spec)
    if match is None:
        raise ExpressionError(f"There is no number format {spec!r}.", fix="Use .2f, ,.2f, d or %.")
    sign, zero, width, separator, places, kind = match.groups()
    if kind == "d" and (places or value != _rounded(value, 0, ROUND_FLOOR)):
        raise ExpressionError(f"Format {spec!r} is for whole numbers.", fix="Use .2f.")
    if kind in ("f", "%") or places:
        digits = int(places or (6 if kind == "f" else 0))
        shift = 2 if kind == "%" else 0
        exact = _rounded(value, digits + shift, ROUND_HALF_UP)
        return format(exact, f"{sign}{zero}{width}{separator}.{digits}{kind or 'f'}")
    whole = kind == "d" or type(value) is int
    number = int(value) if whole else Decimal(shown(value))
    return format(number, f"{sign}{zero}{width}{separator}{'d' if whole else 'f'}")
