"""Dates as Python's library writes them mean what they mean in Python."""

from __future__ import annotations

from datetime import date, datetime, timedelta, tzinfo
from typing import Self

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pointsman.errors import ExpressionError
from pointsman.state.expressions import evaluate
from pointsman.state.expressions.inference import infer
from pointsman.state.expressions.reading import reads, renamed, substituted

NOW = datetime(2026, 3, 31, 9, 30)


class Today(date):
    """Python's date, on the day of the run."""

    @classmethod
    def today(cls) -> Self:
        """Return the day of the run."""
        return cls(NOW.year, NOW.month, NOW.day)


class Now(datetime):
    """Python's datetime, at the time of the run."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Self:
        """Return the time of the run."""
        assert tz is None
        return cls.fromisoformat(NOW.isoformat())

    @classmethod
    def today(cls) -> Self:
        """Return the time of the run."""
        return cls.now()


PYTHON = {"date": Today, "datetime": Now, "timedelta": timedelta, "floor": lambda x: x // 1}
DAYS = [
    "date.today()",
    "datetime.now().date()",
    "date.today() - timedelta(days={n})",
    "date.today() + timedelta({n})",
    "timedelta(weeks={n}) + date.today()",
    "date.fromisoformat(a) + timedelta(days={n}, weeks=1)",
    "date.fromisoformat(a) - timedelta(days={n}) + timedelta(days=3)",
    "date(2026, 2, 28) + timedelta(days={n})",
    "datetime.strptime(a, '%Y-%m-%d').date()",
]
TIMES = [
    "datetime.now()",
    "datetime.today() - timedelta(hours={n})",
    "datetime.fromisoformat(s) + timedelta(minutes={n})",
    "datetime.fromisoformat(s) - timedelta(days={n}, hours=2, minutes=1)",
    "datetime(2026, 2, 28, 23, 30) + timedelta(hours={n})",
    "datetime.strptime(a, '%Y-%m-%d') + timedelta(days={n})",
]
OTHERS = [
    "(date.today() - date.fromisoformat(a)).days",
    "(datetime.fromisoformat(s) - datetime.now()).days",
    "(datetime.fromisoformat(s) - datetime.fromisoformat(e)).total_seconds()",
    "(datetime.fromisoformat(s) - datetime.fromisoformat(e)).total_seconds() / 3600 > {n}",
    "date.today() - date.fromisoformat(a) > timedelta(days={n})",
    "timedelta(days={n}) <= datetime.fromisoformat(s) - datetime.now() < timedelta(days=9)",
    "date.fromisoformat(a) >= date.today() - timedelta(days={n})",
    "[x for x in [a, e[:10]] if (date.fromisoformat(x) - date.today()).days < {n}]",
    "date.today().strftime('%d.%m.%Y')",
    "date.today().isoformat()",
    "datetime.now().date().year * {n}",
]

_moments = st.datetimes(datetime(2026, 1, 1), datetime(2026, 6, 30)).map(
    lambda moment: moment.replace(microsecond=0)
)


@settings(max_examples=300)
@given(st.sampled_from([*DAYS, *TIMES, *OTHERS]), st.integers(-40, 40), _moments, _moments)
def test_they_mean_what_they_mean_in_python(
    source: str, n: int, start: datetime, end: datetime
) -> None:
    """Run by Python with the run's clock, and by the language."""
    written = source.format(n=n)
    values = {"a": start.date().isoformat(), "s": start.isoformat(), "e": end.isoformat()}

    expected = eval(written, {**PYTHON, **values})  # noqa: S307, a list of our own

    if isinstance(expected, date):
        expected = expected.isoformat()
    assert evaluate(written, values, now=NOW) == expected


@pytest.mark.parametrize("source", [*DAYS, *TIMES])
def test_a_date_has_the_shape_of_one(source: str) -> None:
    """So that what it is compared with, or given to, is checked."""
    assert infer(source.format(n=1), {}).kind == "date"


@pytest.mark.parametrize(
    ("source", "gives"),
    [
        ("date.today() + relativedelta(months=1)", "2026-04-30"),
        ("date.today() - relativedelta(years=1, months=1)", "2025-02-28"),
        ("datetime.date.today()", "2026-03-31"),
        ("datetime.datetime.now()", "2026-03-31T09:30:00"),
        ("a - datetime.timedelta(days=1)", "2026-03-09"),
    ],
)
def test_other_spellings_of_the_library(source: str, gives: str) -> None:
    """The module before the class; months, as dateutil counts them; a text that is a date."""
    assert evaluate(source, {"a": "2026-03-10"}, now=NOW) == gives


def test_the_clock_is_that_of_the_run() -> None:
    """It is read, so a replay is given it, and no step is called date."""
    found = reads("date.today() - timedelta(days=days.n)")

    assert found.clock
    assert found.names == {"days"}
    with pytest.raises(ExpressionError, match="no date here"):
        evaluate("date.today()", {})


def test_it_is_read_wherever_an_expression_is_put_together() -> None:
    """With a name replaced by another, and by what it stands for."""
    assert evaluate(renamed("d - timedelta(days=n)", {"n": "m"}), {"d": "2026-03-10", "m": 1})
    whole = substituted("since <= d", {"since": "(date.today() - timedelta(days=30))"})
    assert evaluate(whole, {"d": "2026-03-01"}, now=NOW) is True
    assert evaluate(whole, {"d": "2026-02-28"}, now=NOW) is False


@pytest.mark.parametrize(
    ("source", "fix"),
    [
        ("timedelta(days=1)", "add_days"),
        ("[timedelta(days=1)]", "add_days"),
        ("timedelta(days=1) * 2", "add_days"),
        ("d + timedelta(seconds=1)", "add_days"),
        ("d + timedelta(1, 2)", "add_days"),
        ("n > timedelta(days=1)", "add_days"),
        ("datetime.now(zone)", "now()"),
        ("datetime.utcnow()", ""),
        ("date.max", ""),
    ],
)
def test_what_would_mean_something_else_is_refused(source: str, fix: str) -> None:
    """Rather than read nearly right."""
    with pytest.raises(ExpressionError) as caught:
        evaluate(source, {"d": "2026-03-10", "n": 5}, now=NOW)

    assert fix in caught.value.fix


def test_a_difference_alone_is_refused() -> None:
    """How much it is has no unit before somebody names one."""
    with pytest.raises(ExpressionError, match="days_between"):
        infer("date.today() - d", {"d": infer("today()", {})})


def test_fields_of_these_names_are_fields() -> None:
    """Only what is called, or taken of a difference, is read as a date."""
    data = {"a": {"days": 3, "date": 1}, "b": {"days": 1}}

    assert evaluate("a.days - b.days + a.date", data) == 3
