"""Conditions that no value meets are told from those that some value may meet."""

from __future__ import annotations

import ast
import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.errors import ExpressionError
from pointsman.state.contradictions import contradiction, exclude
from pointsman.state.expressions import evaluate
from pointsman.state.expressions.inference import infer
from pointsman.state.expressions.syntax import Expression
from pointsman.state.expressions.truth import truth_of
from pointsman.state.shapes import Shape, shape_of

NEVER = [
    "a == 1 and a == 2",
    "a == 'x' and a != 'x'",
    "a < 1 and a > 1",
    "a < 1 and a >= 1",
    "1 < a < 1",
    "5 < a and 3 > a",
    "a == 7 and a < 3",
    "b and not b",
    "b and c and not (c or a == 1)",
    "(b or c) and not (b or c)",
    "len(a) < 0",
    "len(a) == -1",
    "b == true and b == false",
    "a == null and a != null",
    "a < c and not (a < c)",
    "not (a != 1) and a == 2",
    "a in [1, 3] and a == 2",
    "a in ['x', 'y'] and a not in ['y', 'x', 'z']",
    "a in [1, 2] and a > 2",
    "a is null and a is not null",
    "(a > 10 or a > 20) and a < 5",
    "(a == 1 or a == 2) and a > 2",
    "not (a < 5 and b) and a < 4 and b",
    "(b or c) and not b and not c",
    "a == 'x' and a in ['y']",
    "a > '2026-06-01' and a < '2026-01-01'",
    "a >= '2026-06-01' and a == '2026-05-31'",
    "a and a == ''",
    "a and a == []",
    "a and len(a) == 0",
    "not a and len(a) > 0",
    "not a and a == 'x'",
    "a == true and not a",
    "a and (a is null or a == {})",
    "a == '2026-05-19T10:00' and a != '2026-05-19 10:00:00'",
    "a == '2026-05-19T10:00' and a == '2026-05-19 11:00'",
]
MAYBE = [
    "a == 1 or a == 2",
    "a != 1 and a != 2",
    "a <= 1 and a >= 1",
    "1 <= a <= 1",
    "a > 1 and c < 1",
    "b or not b",
    "not (b and c) and b",
    "len(a) <= 0",
    "a < c and c < 5",
    "a == 1 and c == 2",
    "a in [1, 2] and a == 2",
    "a in [c, 2] and a == 3",
    "(a > 10 or a < 3) and a < 5",
    "(a == 1 or b) and a == 2",
    "a is null or a == 1",
    "a > 'b' and a < 'a'",
    "'2026-01-01' <= a < '2026-02-01'",
    "b and not c",
    "a and a == 'x'",
    "a and a != ''",
    "not a and a == ''",
    "not a and a == null",
    "not a and len(a) == 0",
    "a and len(a) > 1",
    "a or a == null",
    "a == '2026-05-19T10:00' and a == '2026-05-19 10:00:00'",
    "a == '2026-05-19T12:00+02:00' and a in ['2026-05-19T10:00Z']",
]


@pytest.mark.parametrize("condition", NEVER)
def test_what_no_value_meets_is_known(condition: str) -> None:
    """The parts that rule each other out are quoted."""
    assert contradiction(condition)


@pytest.mark.parametrize("condition", MAYBE)
def test_what_some_value_may_meet_passes(condition: str) -> None:
    """It errs on one side only."""
    assert not contradiction(condition)


def test_long_conditions_are_compared_too() -> None:
    """Two that are each as long as an expression may be."""
    long = " and ".join(f"a{n} == {n}" for n in range(120))

    assert exclude(long, "a7 == 8")


PARTS = st.sampled_from(
    [f"{n} {op} {v}" for n in "xy" for op in ("==", "!=", "<", "<=", ">", ">=") for v in (0, 1, 2)]
    + ["x in [0, 1]", "x not in [0, 1, 2]", "y in [1]", "(x < 1 or p)", "(x == 2 or y == 1)"]
    + ["p", "q", "not p", "0 < x < 2", "not (x < 1)", "not (p and q)", "x < y", "y >= x"]
)


@given(st.lists(PARTS, min_size=1, max_size=4), st.sampled_from(["and", "or"]))
def test_it_is_never_wrong(parts: list[str], joined: str) -> None:
    """Where it finds a contradiction, no values of many make the condition true."""
    condition = f" {joined} ".join(f"({part})" for part in parts)
    if not contradiction(condition):
        return

    numbers = (-1, 0, 0.5, 1, 1.5, 2, 3)
    for x, y, p, q in itertools.product(numbers, numbers, (True, False), (True, False)):
        try:
            assert not evaluate(condition, {"x": x, "y": y, "p": p, "q": q})
        except ExpressionError:
            continue


HELD = st.sampled_from(
    (
        *("z", "not z", "z == ''", "z != ''", "z == []", "z == null", "z == 'a'", "z == true"),
        *("z in ['a', '']", "len(z) > 0", "len(z) == 0", "len(z) < 2", "(z or w)", "not (z and w)"),
        "w",
    )
)


@given(st.lists(HELD, min_size=1, max_size=4), st.sampled_from(["and", "or"]))
def test_it_is_never_wrong_about_what_holds_something(parts: list[str], joined: str) -> None:
    """Where it finds a contradiction, nothing that is empty or holds something makes it true."""
    condition = f" {joined} ".join(f"({part})" for part in parts)
    if not contradiction(condition):
        return

    values: list[Any] = ["", "a", "ab", [], [0], [1, 2], {}, {"k": 1}, None, True, False]
    for z, w in itertools.product(values, values):
        try:
            assert not truth_of(evaluate(condition, {"z": z, "w": w}))
        except ExpressionError:
            continue


SHAPES = {
    "o": shape_of(
        {
            "properties": {
                "status": {"enum": ["open", "paid"]},
                "kind": {"enum": ["a", "b", None]},
                "total": {"type": "number"},
                "open": {"type": "boolean"},
            },
            "required": ["status", "kind", "total", "open"],
        }
    )
}


def shape_at(node: ast.expr) -> Shape:
    """Return what is known of a part."""
    return infer(Expression(source="", tree=node), SHAPES)


@pytest.mark.parametrize(
    ("condition", "never"),
    [
        ("o.status != 'open' and o.status != 'paid'", True),
        ("o.status not in ['open', 'paid']", True),
        ("o.kind != 'a' and o.kind != 'b'", False),
        ("o.kind not in ['a', 'b', null]", True),
        ("o.total is None", True),
        ("o.total == null or o.total > 1", False),
        ("o.kind is None", False),
        ("x is None", False),
        ("o.open != true and o.open != false", True),
        ("not o.status", True),
        ("not o.kind", False),
    ],
)
def test_what_is_known_of_a_value_counts(condition: str, never: bool) -> None:
    """All options excluded leave none, and what has no null is never null."""
    found = contradiction(condition, shape_at=shape_at, may_be_null=False)

    assert bool(found) == never


def test_a_guard_against_null_is_not_always_true() -> None:
    """An annotation is its author's word: who asks all the same is not refused."""
    assert not contradiction("not (o.total is not None)", shape_at=shape_at)
