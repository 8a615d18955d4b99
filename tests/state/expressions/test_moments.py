"""Times are compared, sorted and found by when they are, however they are spelled."""

from __future__ import annotations

import operator
from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.errors import ExpressionError
from pointsman.state.expressions import evaluate

ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
EQUALITIES: dict[str, Callable[[Any, Any], bool]] = {"==": operator.eq, "!=": operator.ne}
SIGNS = ORDERS | EQUALITIES

_zones = st.builds(
    timezone, st.sampled_from([timedelta(minutes=m) for m in (0, 60, 120, -300, 345)])
)
_days = st.dates(date(2026, 5, 18), date(2026, 5, 20))


def spelt(moment: datetime, separator: str, precision: str, zulu: bool) -> str:
    """Return one of the spellings of a time."""
    written = moment.isoformat(sep=separator, timespec=precision)
    return written.replace("+00:00", "Z") if zulu else written


def times(zones: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[str, datetime]]:
    """Draw times near each other, each with one of its spellings."""

    def build(day: date, hour: int, minute: int, zone: Any, separator: str, more: str, zulu: bool):
        moment = datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone)
        return spelt(moment, separator, more, zulu), moment

    return st.builds(
        build,
        _days,
        st.integers(8, 14),
        st.sampled_from([0, 15, 30]),
        zones,
        st.sampled_from("T "),
        st.sampled_from(["minutes", "seconds", "milliseconds", "microseconds"]),
        st.booleans(),
    )


local, placed = times(st.none()), times(_zones)
alike = st.tuples(local, local) | st.tuples(placed, placed)
several = st.lists(local, min_size=1, max_size=6) | st.lists(placed, min_size=1, max_size=6)


@given(alike, st.sampled_from([*SIGNS]))
def test_two_times_compare_as_in_python(pair: Any, sign: str) -> None:
    """With a T or a space, with seconds or without, from whatever zone."""
    (a, first), (b, second) = pair
    expected = SIGNS[sign](first, second)

    assert evaluate(f"a {sign} b", {"a": a, "b": b}) is expected
    assert evaluate(f"datetime(a) {sign} b", {"a": a, "b": b}) is expected
    assert evaluate(f"a {sign} datetime(b)", {"a": a, "b": b}) is expected


@given(local, placed, st.sampled_from([*SIGNS, "in"]))
def test_a_time_without_a_zone_is_compared_with_none_that_has_one(
    one: Any, other: Any, sign: str
) -> None:
    """Nobody knows which is earlier."""
    for a, b in ((one[0], other[0]), (other[0], one[0])):
        source = "a in [b]" if sign == "in" else f"a {sign} b"
        with pytest.raises(ExpressionError, match="has a zone"):
            evaluate(source, {"a": a, "b": b})
    for source in ("sorted([a, b])", "min(a, b)", "max([a, b])"):
        with pytest.raises(ExpressionError, match="has a zone"):
            evaluate(source, {"a": one[0], "b": other[0]})
    assert evaluate("len(unique([a, b]))", {"a": one[0], "b": other[0]}) == 2


@given(_days, local, st.sampled_from([*ORDERS]))
def test_a_day_beside_a_time_is_its_midnight(day: date, time: Any, sign: str) -> None:
    """As in SQL; whoever means the whole day writes date(x)."""
    midnight = datetime(day.year, day.month, day.day)
    values = {"day": day.isoformat(), "time": time[0]}

    assert evaluate(f"day {sign} time", values) is ORDERS[sign](midnight, time[1])
    assert evaluate(f"time {sign} day", values) is ORDERS[sign](time[1], midnight)
    for source in ("day == time", "time != day", "day in [time]", "datetime(time) == day"):
        with pytest.raises(ExpressionError, match="a day with a time") as caught:
            evaluate(source, values)
        assert "date(x)" in caught.value.fix


@given(_days, _days, st.sampled_from([*SIGNS]))
def test_days_compare_as_in_python(a: date, b: date, sign: str) -> None:
    """As texts, as dates, and one beside the other."""
    values = {"a": a.isoformat(), "b": b.isoformat()}

    for source in (f"a {sign} b", f"date(a) {sign} b", f"a {sign} date(b)"):
        assert evaluate(source, values) is SIGNS[sign](a, b)
    assert evaluate("date(a) in [b]", values) is (a == b)
    assert evaluate("a in [date(b)]", values) is (a == b)
    assert evaluate("max(date(a), b)", values) == max(a, b).isoformat()


@given(several, st.booleans())
def test_times_are_sorted_as_in_python(drawn: list[tuple[str, datetime]], reverse: bool) -> None:
    """By when they are; equal ones keep their order, and each its spelling."""
    values = {"xs": [text for text, _ in drawn], "os": [{"at": text} for text, _ in drawn]}
    expected = [t for t, _ in sorted(drawn, key=lambda one: one[1], reverse=reverse)]
    asked = "true" if reverse else "false"

    assert evaluate(f"sorted(xs, reverse={asked})", values) == expected
    assert evaluate(f"[o.at for o in sorted(os, key='at', reverse={asked})]", values) == expected
    assert evaluate(f"sorted([datetime(x) for x in xs] + xs, reverse={asked})[0]", values)
    assert evaluate("min(xs)", values) == min(drawn, key=lambda one: one[1])[0]
    assert evaluate("max(os, key=lambda o: o.at).at", values) == max(drawn, key=lambda x: x[1])[0]


@given(several)
def test_a_second_key_counts_where_times_are_the_same(drawn: list[tuple[str, datetime]]) -> None:
    """Equal moments are equal keys, whatever their spelling."""
    rows = [{"at": text, "n": -index} for index, (text, _) in enumerate(drawn)]
    expected = sorted(range(len(drawn)), key=lambda at: (drawn[at][1], -at))

    found = evaluate("[o.n for o in sorted(os, key=lambda o: (o.at, o.n))]", {"os": rows})

    assert found == [-index for index in expected]


@given(st.data())
def test_a_time_is_found_as_in_python(data: st.DataObject) -> None:
    """In lists, in what lists hold, and among what is there twice."""
    drawn = data.draw(several)
    text, moment = data.draw(local if drawn[0][1].tzinfo is None else placed)
    moments = [other for _, other in drawn]
    values: dict[str, Any] = {"x": text, "xs": [t for t, _ in drawn]}

    assert evaluate("x in xs", values) is (moment in moments)
    assert evaluate("datetime(x) in xs", values) is (moment in moments)
    assert evaluate("count(xs, x)", values) == moments.count(moment)
    assert evaluate("len(unique(xs))", values) == len(set(moments))
    assert evaluate("len(group([{'at': y} for y in xs], key='at'))", values) == len(set(moments))
    assert evaluate("[x] == [xs[0]]", values) is (moment == moments[0])
    assert evaluate("len(unique([{'at': y} for y in xs]))", values) == len(set(moments))


@given(st.lists(st.text("ab 2026-T:10", max_size=17), max_size=6))
def test_other_texts_are_sorted_letter_by_letter(texts: list[str]) -> None:
    """One that looks like a time does not change that."""
    try:
        found = evaluate("sorted(xs)", {"xs": texts})
    except ExpressionError:
        return
    assert found == sorted(texts)


@pytest.mark.parametrize(
    ("texts", "works"),
    [
        (["2026-05-19T10:00", "n/a", "2026-05-19T09:00"], True),
        (["2026-05-19T10:00", "n/a", "2026-05-19 11:00"], False),
        (["2026-05-19T10:00+02:00", "n/a", "2026-05-19T10:00Z"], False),
        (["2026-05-19T10:00", "n/a", "2026-05-19T10:00:00"], False),
        (["2026-05-19T10:00+0200", "n/a", "2026-05-19T11:00+0200"], True),
        (["2026-05-19", "n/a", "2026-05-18"], True),
    ],
)
def test_times_among_other_texts_are_sorted_if_they_are_written_alike(
    texts: list[str], works: bool
) -> None:
    """Otherwise there is no order that anybody means."""
    if works:
        assert evaluate("sorted(xs)", {"xs": texts}) == sorted(texts)
    else:
        with pytest.raises(ExpressionError, match="spelled in several ways"):
            evaluate("sorted(xs)", {"xs": texts})


def test_a_date_is_not_sorted_among_texts_that_are_none() -> None:
    """Nor found among them in silence."""
    with pytest.raises(ExpressionError, match="dates and texts that are none"):
        evaluate("max(date('2026-05-19'), x)", {"x": "1 May"})
    with pytest.raises(ExpressionError, match="no ISO date"):
        evaluate("date('2026-05-19') in [x]", {"x": "1 May"})
