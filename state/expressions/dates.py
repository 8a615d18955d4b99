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
from .kinds import mismatch, text_of

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


def told(value: Any) -> DateOrTime | None:
    """Return the date or time that a value is or spells, or `None`."""
    if type(value) is not str and not isinstance(value, date):
        return None
    try:
        return moment_of(value)
    except ExpressionError:
        return None


def spelling(text: str) -> str:
    """Return how an ISO time is written: two that are written alike have an order as texts."""
    at = re.search(r"[+-]\d{2}:?\d{2}", text[16:], re.ASCII)
    cut = 16 + at.start() if at else len(text)
    return re.sub(r"\d", "0", text[:cut], flags=re.ASCII) + text[cut:]


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


def aligned(*values: Any) -> list[DateOrTime]:
    """Return values as moments that can be compared: all dates, or all times.

    A date beside a time is its midnight.

    Raises:
        ExpressionError: One is no date, or only some have a time zone.
    """
    moments = [moment_of(value) for value in values]
    if not any(isinstance(moment, datetime) for moment in moments):
        return moments
    times = [time_of(moment) for moment in moments]
    for time in times:
        _refuse_mixed(times[0], time)
    return [*times]


def at_once(a: Any, b: Any) -> bool:
    """Whether two values are the same moment.

    Raises:
        ExpressionError: One is no date, one is a date and the other a time, or only one has a
            time zone.
    """
    first, second = moment_of(a), moment_of(b)
    if isinstance(first, datetime) != isinstance(second, datetime):
        raise ExpressionError(
            "It compares a day with a time.", fix="Write date(x) for the day of a time."
        )
    first, second = aligned(first, second)
    return first == second


def _refuse_mixed(a: datetime, b: datetime) -> None:
    if (a.utcoffset() is None) != (b.utcoffset() is None):
        raise ExpressionError(
            "One time has a zone and the other has none.", fix="Compare date(a) with date(b)."
        )


def part(value: DateOrTime, name: str) -> int | None:
    """Return the year, month, day, hour or minute, or `None` if it has no such field."""
    return getattr(value, name, None) if name in FIELDS else None
