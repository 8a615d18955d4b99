"""Dates and times: ISO text in JSON, dates while an expression computes.

A text that stands where a date is needed is read as ISO 8601 and nothing else, so that `1 March`
is an error and not a wrong comparison.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, datetime, timedelta
from typing import Any

from ...errors import ExpressionError
from . import numbers
from .kinds import kind_of, mismatch, text_of

DateOrTime = date | datetime

_ISO = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}.{0,32})?", re.ASCII)
_DIRECTIVES = frozenset("YymdBbAaHMSpIj%")
_MAX_FORMAT = 64
_MAX_SHIFT = 4_000_000
"""More days than there are from year 1 to 9999."""

FIELDS = frozenset({"year", "month", "day", "hour", "minute"})


def moment_of(value: Any) -> DateOrTime:
    """Return a date or a time; an ISO text is read as one.

    Raises:
        ExpressionError: It is neither.
    """
    if isinstance(value, date):
        return value
    if type(value) is not str:
        raise mismatch("a date", value)
    if _ISO.fullmatch(value):
        try:
            return (datetime if len(value) > len("2026-01-31") else date).fromisoformat(value)
        except ValueError:
            pass
    raise ExpressionError(
        f"{value[:40]!r} is no ISO date.",
        fix='Read another form with date(x, "%d.%m.%Y").',
    )


def spelled_apart(a: str, b: str) -> bool:
    """Whether two texts are ISO times of which one has a `T` and the other a space."""
    return {a[10:11], b[10:11]} == {"T", " "} and _is_time(a) and _is_time(b)


def _is_time(text: str) -> bool:
    try:
        return isinstance(moment_of(text), datetime)
    except ExpressionError:
        return False


def date_of(value: Any, form: Any = None) -> date:
    """Return the date of a date, a time or a text; `form` names the text's directives."""
    moment = moment_of(value) if form is None else _parsed(text_of(value), text_of(form))
    return moment.date() if isinstance(moment, datetime) else moment


def time_of(value: Any, form: Any = None) -> datetime:
    """Return the time of a time, a date (its midnight) or a text."""
    moment = moment_of(value) if form is None else _parsed(text_of(value), text_of(form))
    if isinstance(moment, datetime):
        return moment
    return datetime(moment.year, moment.month, moment.day)


def _parsed(text: str, form: str) -> datetime:
    check_form(form)
    if len(text) <= 2 * _MAX_FORMAT:
        try:
            return datetime.strptime(text, form)
        except ValueError:
            pass
    raise ExpressionError(f"{text[:40]!r} is no date of the form {form!r}.")


def check_form(form: str) -> None:
    """Refuse a form that says nothing of a date, or what there is not.

    Raises:
        ExpressionError: It has no directive, one that there is not, or is too long.
    """
    directives = set(re.findall(r"%(.?)", form))
    if len(form) > _MAX_FORMAT or not directives - {"%"} or not directives <= _DIRECTIVES:
        raise ExpressionError(
            f"There is no date format {form[:40]!r}.", fix='Use directives as in "%d.%m.%Y %H:%M".'
        )


def written(value: Any, form: str) -> str:
    """Write a date by a format such as `%d.%m.%Y`."""
    check_form(form)
    return moment_of(value).strftime(form)


def shifted(value: Any, *, days: Any = 0, minutes: Any = 0) -> DateOrTime:
    """Return the date or time some days or minutes later; minutes make a time of a date."""
    count = numbers.whole_of(days or minutes)
    if abs(count) > _MAX_SHIFT * (1 if days else 1_440):
        raise ExpressionError("That date is out of range.")
    start = time_of(value) if minutes else moment_of(value)
    try:
        return start + (timedelta(days=count) if days else timedelta(minutes=count))
    except OverflowError as error:
        raise ExpressionError("That date is out of range.") from error


def shifted_months(value: Any, months: Any) -> DateOrTime:
    """Return the same day some months later, or the last day of a month that is too short."""
    start, count = moment_of(value), numbers.whole_of(months)
    year, month = divmod(start.year * 12 + start.month - 1 + count, 12)
    if not 1 <= year <= 9999:
        raise ExpressionError("That date is out of range.")
    day = min(start.day, monthrange(year, month + 1)[1])
    return start.replace(year=year, month=month + 1, day=day)


def days_between(a: Any, b: Any) -> int:
    """Return the calendar days from `a` to `b`; negative if `b` is earlier."""
    return (date_of(b) - date_of(a)).days


def minutes_between(a: Any, b: Any) -> numbers.Number:
    """Return the minutes from `a` to `b`; negative if `b` is earlier."""
    start, end = time_of(a), time_of(b)
    _refuse_mixed(start, end)
    seconds = (end - start) // timedelta(seconds=1)
    return numbers.divide(seconds, 60)


def aligned(a: Any, b: Any) -> tuple[DateOrTime, DateOrTime]:
    """Return two values as moments that can be compared: two dates, or two times.

    Raises:
        ExpressionError: One is no date, or only one has a time zone.
    """
    first, second = moment_of(a), moment_of(b)
    if kind_of(first) == kind_of(second) == "date":
        return first, second
    start, end = time_of(first), time_of(second)
    _refuse_mixed(start, end)
    return start, end


def _refuse_mixed(a: datetime, b: datetime) -> None:
    if (a.utcoffset() is None) != (b.utcoffset() is None):
        raise ExpressionError(
            "One time has a zone and the other has none.", fix="Compare date(a) with date(b)."
        )


def part(value: DateOrTime, name: str) -> int | None:
    """Return the year, month, day, hour or minute, or `None` if it has no such field."""
    return getattr(value, name, None) if name in FIELDS else None
