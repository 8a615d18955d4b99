"""Elapsed time: durations between moments, and the days that lie a duration away."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import combinations

from . import cues
from .dates import WrittenDate, day_of
from .evidence import Held, Indexed, Row
from .facts import StatedFacts
from .ground import Holding
from .matching import agrees
from .quantities import Quantity
from .relative import RelativeDays
from .tables import named_rows

MOST = 40
"""Moments, or durations, that are combined with one another."""

_LATER = 3
"""Characters between a date and the time of day that belongs to it."""


_LASTS = re.compile(
    r"\b(?:lasts?|lasted|runs? for|dauer\w*|dur(?:e|ent|era)|dura[nr]?)\b", re.IGNORECASE
)


@dataclass(frozen=True)
class Moment:
    """A day with or without a time, or a time without a day."""

    day: date | None
    minutes: int | None


def moments(item: Indexed | Row, years: frozenset[int]) -> list[Moment]:
    """Return the moments that one piece of evidence, or one record of it, names."""
    found: list[Moment] = []
    used: set[int] = set()
    by_start = {clock.start: clock for clock in item.times}
    for written in item.dates[: 2 * MOST]:
        places = range(written.end, written.end + _LATER + 1)
        clock = next((by_start[at] for at in places if at in by_start), None)
        if clock:
            used.add(clock.start)
        minutes = clock.minutes if clock else None
        found += [Moment(day, minutes) for day in written.readings(years)[:3]]
    found += [Moment(None, t.minutes) for t in item.times[: 4 * MOST] if t.start not in used]
    return list(dict.fromkeys(found))[: 2 * MOST]


def spans(
    said: Quantity, facts: StatedFacts, cited: Holding, today: date, years: frozenset[int]
) -> bool:
    """Return whether a duration lies between two moments of the evidence, or one and today."""
    if said.dimension not in ("time", "month", "night", ""):
        return False
    if not said.dimension and not cues.DIFFERENCE.search(facts.cue_text):
        return False
    found = [moments(item, years) for item in cited.items]
    pairs = [pair for group in found for pair in combinations(group[:MOST], 2)]
    every = [m for group in found for m in group if m.day][:MOST]
    if cues.DIFFERENCE.search(facts.cue_text):
        pairs += combinations(every, 2)
        pairs += [(moment, Moment(today, None)) for moment in every]
        said_days = [day for d in facts.dates for day in d.readings(years)]
        pairs += [(Moment(d, None), m) for d in said_days for m in (*every, Moment(today, None))]
    elif cues.REMAINING.search(facts.cue_text) and said.dimension in ("time", "month"):
        pairs += [(moment, Moment(today, None)) for moment in every]
    elif said.dimension == "month" and said.unit and said.unit.factor == 12:
        # An age is the years from a birthday until today.
        pairs += [(moment, Moment(today, None)) for moment in every]
    lasts = bool(_LASTS.search(facts.text))
    return any(_spans(said, one, other, lasts=lasts) for one, other in pairs)


def _spans(said: Quantity, one: Moment, other: Moment, *, lasts: bool) -> bool:
    if said.dimension == "month":
        return _months(one, other, said)
    seconds = _seconds(one, other)
    if seconds is None:
        return False
    if said.dimension == "time":
        held = [seconds]
        if lasts and one.minutes is None and other.minutes is None:
            # What lasts from one day to another takes both.
            held.append(seconds + 86400)
        return any(agrees(gap, own, said) for gap in held for own in said.base)
    days = {seconds / 86400}
    if one.day and other.day:
        # Nights are counted by the calendar, whatever the hour.
        days.add(Decimal(abs((other.day - one.day).days)))
    return any(own in days for own in said.values)


def _seconds(one: Moment, other: Moment) -> Decimal | None:
    if one.day and other.day:
        if one.minutes is None or other.minutes is None:
            return Decimal(abs((one.day - other.day).days) * 86400)
        gap = _at(one.day, one.minutes) - _at(other.day, other.minutes)
        return Decimal(abs(int(gap.total_seconds())))
    if one.minutes is None or other.minutes is None:
        return None
    return Decimal(abs(one.minutes - other.minutes) * 60)


def days_between(row: Row) -> list[int]:
    """Return the numbers of days between the dates of a record: the nights of a stay."""
    found = moments(row, frozenset(d.year for d in row.dates if d.year))[:8]
    days = [m.day for m in found if m.day]
    return [abs((one - other).days) for one, other in combinations(days, 2) if one != other]


def duration(row: Row) -> Decimal | None:
    """Return the seconds between the first and the last moment of a record."""
    found = moments(row, frozenset(d.year for d in row.dates if d.year))
    gaps = [gap for one, other in combinations(found[:6], 2) if (gap := _seconds(one, other))]
    return max(gaps, default=None)


def _at(day: date, minutes: int) -> datetime:
    return datetime.combine(day, time(minutes // 60, minutes % 60))


def _months(one: Moment, other: Moment, said: Quantity) -> bool:
    if one.day is None or other.day is None:
        return False
    first, last = sorted((one.day, other.day))
    months = (last.year - first.year) * 12 + last.month - first.month
    whole = months - (last.day < first.day)
    if said.unit and said.unit.factor == 12 and whole // 12 * 12 in said.base:
        return True
    nearest = Decimal((last - first).days * 12) / Decimal("365.25")
    most = Decimal("0.5") if said.approximate else Decimal("0.1")
    if any(abs(nearest - own) <= most for own in said.base):
        return True
    # From the first of a month to the last of another counts the months between, both whole.
    ends = (last + timedelta(days=1)).day == 1 and first.day == 1
    return any(own in (whole, months + 1 if ends else whole) for own in said.base)


def follows(
    written: WrittenDate | RelativeDays,
    cited: Holding,
    context: Holding,
    today: date,
    years: frozenset[int],
) -> bool:
    """Return whether a day is a held duration away from a held moment, or from today.

    A month is where such a day lies in it. An entry of a list does not last as long as another one.
    """
    entries = [row for row in cited.rows if row.path and row.dates]
    starts = [
        m.day for item in (*cited.items, *context.items) for m in moments(item, years) if m.day
    ]
    own = {day: {id(r) for r in entries if _has_day(r, day)} for day in starts}
    durations = [
        (h.quantity, {id(r) for r in entries if any(h is held for held in r.held)})
        for h in (*cited.held, *context.held)
        if h.quantity.dimension in ("time", "month", "working day", "night")
    ][:MOST]
    days = {
        day
        for start in dict.fromkeys([*starts[:MOST], today])
        for duration, rows in durations
        if not rows or rows & own.get(start, set())
        for day in _away(start, duration)
    }
    if isinstance(written, RelativeDays):
        return any(written.holds(day) for day in days)
    if written.day is None and written.month is None:
        return False
    return any(written.is_day(day) for day in days)


def _has_day(row: Row, day: date) -> bool:
    return any(d.day and d.is_day(day) for d in row.dates)


def _away(start: date, duration: Quantity) -> Iterator[date]:
    amount = duration.value
    if amount != int(amount) or amount <= 0 or amount > 10**9:
        return
    match duration.dimension:
        case "time":
            days = int(amount) // 86400
            if 0 < days <= 4000:
                yield from (start + timedelta(days=days), start - timedelta(days=days))
        case "night":
            if amount <= 400:
                yield start + timedelta(days=int(amount))
        case "month":
            if amount <= 240:
                for end in (_months_on(start, s * int(amount)) for s in (1, -1)):
                    # A term that begins on the first ends on the last day before.
                    yield from (end, end - timedelta(days=1)) if end else ()
        case _:
            if amount <= 60:
                yield _working_days_on(start, int(amount))


def _months_on(start: date, months: int) -> date | None:
    at = start.month - 1 + months
    year, month = start.year + at // 12, at % 12 + 1
    for day in range(start.day, 27, -1):
        if found := day_of(year, month, day):
            return found
    return day_of(year, month, start.day)


def _working_days_on(start: date, days: int) -> date:
    at = start
    while days:
        at += timedelta(days=1)
        days -= at.weekday() < 5
    return at


def clock_follows(minutes: int, facts: StatedFacts, cited: Holding, context: Holding) -> bool:
    """Return whether a time of day is a duration of the evidence away from one of its times.

    A record that has both is taken by itself: it does not end by the length of another.
    """
    whole = [row for row in cited.rows if row.times and any(_is_part_of_day(h) for h in row.held)]
    named = [r for rows in cited.tables for r in named_rows(rows, facts)]
    spoken_of = [row for row in whole if any(row is n for n in named)]
    apart = [h for h in cited.held if not any(h is own for row in whole for own in row.held)]
    groups = [(row.times, row.held) for row in spoken_of or whole]
    own = [clock for row in named for clock in row.times]
    groups.append((own or cited.times, [*apart, *context.held]))
    return any(
        (clock.minutes + sign * int(held.quantity.value) // 60) % 1440 == minutes
        for times, lengths in groups
        for held in [h for h in lengths if _is_part_of_day(h)][:MOST]
        for clock in times[:MOST]
        for sign in (1, -1)
    )


def _is_part_of_day(held: Held) -> bool:
    return held.quantity.dimension == "time" and held.quantity.value < 86400


def is_length_of_month(fact: Quantity, facts: StatedFacts) -> bool:
    """Return whether it is as long as a month of the sentence: `the 30 days of April`."""
    months = [d.month for d in facts.dates if d.month and d.day is None]
    days = fact.value / 86400 if fact.dimension == "time" else None
    return any(days in ({28, 29} if m == 2 else {31 - (m in (4, 6, 9, 11))}) for m in months)
