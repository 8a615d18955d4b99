"""What the language means, and what it refuses with which words."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from pointsman.errors import ExpressionError, MissingValueError, PlanError
from pointsman.state.expressions import evaluate

NOW = datetime(2026, 3, 10, 9, 30)
DATA: dict[str, Any] = {
    "order": {
        "id": "ORD-1", "total": 19.99, "paid": True, "note": None, "lines": [], "due": "2026-03-01",
    },
    "numbers": [3, 1.5, 2],
    "people": [{"name": "Ann", "age": 41}, {"name": "Bob"}, {"name": "Cid", "age": None}],
    "text": "A, b",
}  # fmt: skip


def value_of(source: str) -> Any:
    """Evaluate over the data of this file."""
    return evaluate(source, DATA, attachments={"a.txt": "one\ntwo"}, now=NOW)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("0.1 + 0.2", 0.3),
        ("19.99 * 3", 59.97),
        ("1 / 3 * 3 == 1", False),
        ("round(1 / 3, 4)", 0.3333),
        ("round(2.5)", 3),
        ("round(-2.5)", -3),
        ("round(0.125, 2)", 0.13),
        ("round(1250, -2)", 1300),
        ("10 / 4", 2.5),
        ("10 / 5", 2),
        ("-7 // 2", -4),
        ("-7 % 3", 2),
        ("-7.5 % 2", 0.5),
        ("7.5 // -2", -4),
        ("2 ** 10", 1024),
        ("1.05 ** 2", 1.1025),
        ("2 ** -1", 0.5),
        ("abs(-0.5)", 0.5),
        ("floor(-1.5)", -2),
        ("ceil(1.2)", 2),
        ("int('-3.9')", -3),
        ("number(' 12.50 ')", 12.5),
        ("sum([])", 0),
        ("sum(numbers)", 6.5),
        ("123456789012345.67 + 0.01", 123456789012345.68),
        ("10 ** 20 + 1", 100000000000000000001),
    ],
)
def test_numbers_are_exact(source: str, expected: Any) -> None:
    """Decimals as they are written, and whole numbers stay whole."""
    found = value_of(source)

    assert (found, type(found)) == (expected, type(expected))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("f'{19.9:.2f}'", "19.90"),
        ("f'{0.125:.2f}'", "0.13"),
        ("f'{1234567.5:,.2f}'", "1,234,567.50"),
        ("f'{7:03d}'", "007"),
        ("f'{0.905:.1%}'", "90.5%"),
        ("f'{order.due:%d.%m.%Y}'", "01.03.2026"),
        ("f'{order.paid} {order.note} {[1, 2.5]}'", "true null [1,2.5]"),
        ("text(0.1 + 0.2)", "0.3"),
        ("text(1e22)", "10000000000000000000000"),
        ("'a' + 'b'", "ab"),
        ("', '.join([1, 'x'])", "1, x"),
        ("join(['a', 'b'])", "ab"),
        ("text.split(', ')", ["A", "b"]),
        ("' a  b '.split()", ["a", "b"]),
        ("' a '.strip().upper()", "A"),
        ("'(www.a.example).'.strip('.,()')", "www.a.example"),
        ("'..a..'.lstrip('.') + '..b..'.rstrip('.')", "a....b"),
        ("'Dr. Ann'.removeprefix('Dr. ') + 'a.txt'.removesuffix('.txt')", "Anna"),
        ("text[0]", "A"),
        ("text[:1]", "A"),
        ("attachment('a.txt').splitlines()", ["one", "two"]),
        ("'banana'.count('an')", 2),
        ("'abc'.startswith('ab') and 'abc'.endswith('bc')", True),
    ],
)
def test_texts(source: str, expected: Any) -> None:
    """Texts are put together, cut and written by a format."""
    assert value_of(source) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("today()", "2026-03-10"),
        ("now()", "2026-03-10T09:30:00"),
        ("add_days('2026-02-27', 2)", "2026-03-01"),
        ("add_months('2026-01-31', 1)", "2026-02-28"),
        ("add_minutes('2026-03-10 23:30', 45)", "2026-03-11T00:15:00"),
        ("days_between(order.due, today())", 9),
        ("minutes_between('2026-03-10T09:00', now())", 30),
        ("date('03.04.2026', '%d.%m.%Y')", "2026-04-03"),
        ("date(order.due).year", 2026),
        ("order.due < today()", True),
        ("date('2026-03-10T08:00') == today()", True),
        ("sorted(['2026-03-02', '2026-03-01'])[0]", "2026-03-01"),
        ("format_date(order.due, '%d %B %Y')", "01 March 2026"),
        ("'2026-05-19T10:00:00' < '2026-05-19 11:00'", True),
        ("'2026-05-19 11:00' >= '2026-05-19T10:00:00'", True),
        ("'2026-05-19T10:00' == '2026-05-19 10:00:00'", True),
        ("'2026-05-19T10:00' != '2026-05-19 10:00'", False),
        ("'2026-05-19T12:00+02:00' == '2026-05-19 10:00Z'", True),
        ("'2026-05-19T10:00' < '2026-05-19T11:00'", True),
        ("'2026-05-19T rex' < '2026-05-19  cat'", False),
    ],
)
def test_dates(source: str, expected: Any) -> None:
    """Dates are ISO text in JSON; a text is compared with a date as a date."""
    assert value_of(source) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("[p.name for p in people if has(p.age)]", ["Ann"]),
        ("[default(p.age, 0) for p in people]", [41, 0, 0]),
        ("people[1].get('age', 7)", 7),
        ("has(order.note)", False),
        ("has(order.nothing.deeper)", False),
        ("has(skipped)", False),
        ("has(skipped.total) and skipped.total > 3", False),
        ("default(skipped.total, order.total)", 19.99),
        ("first_of(skipped, order.note, 'c')", "c"),
        ("'note' in order", True),
        ("order.note == null", True),
        ("order.note is None", True),
        ("first([], 'x')", "x"),
        ("default(max(order.lines), 0)", 0),
        ("[default([o.zz for o in people][0], o.name) for o in people]", ["Ann", "Bob", "Cid"]),
    ],
)
def test_presence_is_asked_for(source: str, expected: Any) -> None:
    """Only `has`, `default`, `first_of`, `get` and `in` bear with what is not there."""
    assert value_of(source) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("sorted(numbers)", [1.5, 2, 3]),
        ("sorted(numbers, reverse=True)[0]", 3),
        ("sorted(people, key='name', reverse=true)[0].name", "Cid"),
        ("min(3, 1, 2)", 1),
        ("max(numbers, key=lambda n: -n)", 1.5),
        ("unique([1, 1.0, '1', true])", [1, "1", True]),
        ("{n for n in [2, 2, 1]}", [2, 1]),
        ("flatten([[1], [], [2, 3]])", [1, 2, 3]),
        ("flatten([{'a': 1}, 'bc', [{'a': 2}], null, 3])", [{"a": 1}, "bc", {"a": 2}, None, 3]),
        ("[a + b for a, b in zip([1, 2], [10, 20])]", [11, 22]),
        ("[f'{i}{p.name}' for i, p in enumerate(people, 1)]", ["1Ann", "2Bob", "3Cid"]),
        ("{k: v for k, v in {'a': 1}.items()}", {"a": 1}),
        ("[k for k in {'a': 1}]", ["a"]),
        ("group([{'c': 1, 'n': 2}, {'c': 1, 'n': 3}], key='c')[0].items[1].n", 3),
        ("[x * y for x in range(3) for y in range(x)]", [0, 0, 2]),
        ("numbers[-1]", 2),
        ("numbers[::-1]", [2, 1.5, 3]),
        ("numbers + [4]", [3, 1.5, 2, 4]),
        ("any(n > 2 for n in numbers)", True),
        ("all([])", True),
        ("list(filter(lambda n: n < 3, map(lambda n: n * 2, numbers)))", []),
        ("2 in numbers and 2.0 in numbers and '2' not in numbers", True),
        ("len(people) == count(people) == 3", True),
        ("{'a': {'b': 0.1 + 0.2}, 'c': (1, 2)}", {"a": {"b": 0.3}, "c": [1, 2]}),
        ("first(p.name for p in people)", "Ann"),
    ],
)
def test_lists_and_objects(source: str, expected: Any) -> None:
    """Sorting, grouping and loops, in the order of the data."""
    assert value_of(source) == expected


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("1 / 0", "divides by zero"),
        ("1 % 0", "divides by zero"),
        ("order.totl", "no field 'totl'; there are id, total"),
        ("people.name", r"all: \[i.name for i in x\]"),
        ("numbers[3]", "no item 3; there are 3"),
        ("order.id > 3", r"compares a text with a number. Use number\(x\)"),
        ("order.id == 3", "compares a text with a number"),
        ("order.paid == 1", "compares true or false with a number"),
        ("order.note > 3", r"Use default\(x"),
        ("order.total and true", r"true or false, not a number"),
        ("'x' if order.total else 'y'", "not a number"),
        ("[n for n in ['no'] if n]", "'no' says neither true nor false"),
        ("order.id + 1", "adds a text and a number"),
        ("[0] * 3", "needs a number, not a list"),
        ("sorted([1, 'a'])", "different kinds: number, text"),
        ("sorted(people)", "An object has no order"),
        ("sorted([null, 1])", "Null has no order"),
        ("max([])", "max of an empty list"),
        ("today() - today()", "days_between"),
        ("'1 March' < today()", "no ISO date"),
        ("'2026-03-10T09:00Z' < now()", "has a zone"),
        ("'2026-03-10T09:00Z' < '2026-03-10 10:00'", "has a zone"),
        ("add_days('9999-12-31', 1)", "out of range"),
        ("number('1,250.00')", "no number"),
        ("sum(['1'])", r"number\(x\)"),
        ("1.5 if numbers[0.5] else 1", "whole number"),
        ("1000000000000000 + 0.5", "too long to be exact"),
        ("[a for a, b in people]", "2 names are bound to an object"),
        ("date('x', '%Q')", "no date format"),
        ("f'{1:x}'", "no number format"),
        ("skipped", "did not run, or was skipped"),
        ("attachment('b.txt')", "no attachment 'b.txt'"),
    ],
)
def test_a_failure_says_what_and_where(source: str, says: str) -> None:
    """The message names the reason, `where` quotes the part, and most say how to mend it."""
    with pytest.raises(ExpressionError, match=says) as failure:
        value_of(source)

    assert failure.value.where.strip("`")


def test_the_innermost_part_is_named() -> None:
    """A person sees which part of a long expression failed."""
    with pytest.raises(MissingValueError) as failure:
        value_of("sum([1, 2]) + len([p.age * 2 for p in people])")

    assert failure.value.where == "`p.age`"


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("", "no expression"),
        ("a +", "no expression"),
        ("a = 1", "no expression"),
        ("a\nb", "no expression"),
        ("'\\d'", "no expression"),
        ("a\0", "no expression"),
        ("import os", "no expression"),
        ("order.__class__()", "no method"),
        ("__import__('os')", "no function"),
        ("open('/etc/passwd')", "no function"),
        ("eval('1')", "no function"),
        ("summ(x)", "Did you mean sum"),
        ("x.uper()", "Did you mean upper"),
        ("(lambda: 1)()", "by its name|takes one argument"),
        ("lambda x: x", "A lambda stands here"),
        ("[lambda x: x]", "A lambda stands here"),
        ("(y := 1)", "not part of the language"),
        ("[*a]", "not part of the language"),
        ("f(*a)", "no function"),
        ("max(*a)", "not part of the language"),
        ("{**a}", "not part of the language"),
        ("a @ b", "not part of the language"),
        ("a | b", "not part of the language"),
        ("~a", "not part of the language"),
        ("b'x'", "no JSON value"),
        ("1j", "no JSON value"),
        ("1e999", "no JSON value"),
        ("...", "no JSON value"),
        ("f'{x!r}'", "not part of the language"),
        ("f'{x:{y}}'", "not part of the language"),
        ("[x for x.y in z]", "binds a name"),
        ("has(1 + 1)", "has takes a path"),
        ("has()", "takes 1 arguments, not 0"),
        ("round(1, 2, 3)", "takes 1 to 2 arguments"),
        ("sorted(x, by=1)", "has no by=. It has key, reverse"),
        ("attachment(x)", "name in quotes"),
        ("1" * 2001, "2001 characters"),
        ("-" * 100 + "1", "nested more than 60 deep"),
    ],
)
def test_what_the_language_does_not_have_is_refused(source: str, says: str) -> None:
    """Before anything runs, as a broken rule of the plan."""
    with pytest.raises(PlanError, match=says):
        value_of(source)


def test_data_that_is_passed_on_is_not_changed() -> None:
    """The result shares what was only selected; decimals never reach it."""
    found = value_of("[p for p in people if has(p.age)]")

    assert found[0] is DATA["people"][0]
    assert type(found) is list or found == [DATA["people"][0]]
