"""What holds something is true, as in Python; where that reading is a trap it is refused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pointsman.errors import ExpressionError
from pointsman.state.expressions import evaluate
from pointsman.state.expressions.inference import infer, infer_condition, infer_each
from pointsman.state.expressions.reading import reads
from pointsman.state.expressions.truth import truth_of
from pointsman.state.fitting import misfit
from pointsman.state.shapes import in_own_words, merged, shape_of, shape_of_value

from .strategies import json_values

NUMBERS = (int, float)


def is_number(value: Any) -> bool:
    """Whether JSON calls a value a number."""
    return isinstance(value, NUMBERS) and not isinstance(value, bool)


plain = json_values.filter(lambda value: not is_number(value))
"""Values that Python and the language read alike."""


@given(plain)
def test_what_is_no_number_says_what_it_says_in_python(value: Any) -> None:
    """Or it is a text that holds something and spells nothing, which is an error."""
    try:
        said = truth_of(value)
    except ExpressionError:
        assert isinstance(value, str)
        assert not value.strip().strip("-0.!,nN")
    else:
        assert said is bool(value)


@given(plain, plain, plain)
def test_or_gives_what_it_gives_in_python(a: Any, b: Any, c: Any) -> None:
    """The first that holds something, as it is; else the last."""
    assert evaluate("a or b or c", {"a": a, "b": b, "c": c}) == (a or b or c)


@given(plain, plain, json_values)
def test_and_gives_what_it_gives_in_python(a: Any, b: Any, c: Any) -> None:
    """The first that holds nothing, as it is; else the last."""
    try:
        found = evaluate("a and b and c", {"a": a, "b": b, "c": c})
    except ExpressionError:
        assume(False)
    else:
        assert found == (a and b and c)


@given(st.integers() | st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_is_no_condition(number: float) -> None:
    """0 is an amount as often as it is nothing."""
    for source in ("1 if n else 2", "not n", "n and true", "[i for i in [1] if n]", "any([n])"):
        with pytest.raises(ExpressionError, match="true or false, not a number") as caught:
            evaluate(source, {"n": number})
        assert "x > 0" in caught.value.fix


@pytest.mark.parametrize(
    ("source", "n", "expected"),
    [
        ("n or 7", 5, 5),
        ("n or 0", 0, 0),
        ("n or 0", None, 0),
        ("x or n or 0", 0, 0),
        ("n or 7", None, 7),
        ("x or n", 0, 0),
    ],
)
def test_or_gives_a_number_where_both_readings_of_0_agree(
    source: str, n: float | None, expected: float
) -> None:
    """Any but 0 is there, and 0 or nothing, otherwise 0, is 0."""
    assert evaluate(source, {"n": n, "x": ""}) == expected


@pytest.mark.parametrize("source", ["n or 7", "n or x", "n or x or 0"])
def test_0_before_or_is_refused(source: str) -> None:
    """Some would keep it, some would replace it."""
    with pytest.raises(ExpressionError, match="holds something or nothing") as caught:
        evaluate(source, {"n": 0, "x": 3})

    assert "default(x, y)" in caught.value.fix


@pytest.mark.parametrize("text", ["no", "No.", " false ", "NONE", "null", "n/a", "0", "0.00", "-"])
def test_a_text_that_spells_nothing_is_no_condition(text: str) -> None:
    """In Python it would be true, and what must not happen would."""
    for source in ("1 if t else 2", "not t", "t and 1", "any([t])"):
        with pytest.raises(ExpressionError, match="neither true nor false"):
            evaluate(source, {"t": text})
    assert evaluate("t or 'x'", {"t": text}) == text, "as a value it is what it is"


SHAPES = {
    "order": shape_of(
        {
            "properties": {
                "id": {"type": "string"},
                "total": {"type": "number"},
                "status": {"enum": ["open", "paid"]},
                "note": {"type": ["string", "null"]},
                "open": {"type": "boolean"},
                "lines": {"type": "array", "items": {"type": "string"}},
                "tags": {"type": "object", "additionalProperties": {"type": "string"}},
            },
            "required": ["id", "total", "status", "note", "open", "lines"],
        }
    ),
    "perhaps": merged([shape_of_value({"email": "a@b.de"}), shape_of_value(None)]),
    "judged": in_own_words(
        shape_of({"properties": {"allowed": {"type": "string"}}, "required": ["allowed"]})
    ),
}


@pytest.mark.parametrize(
    "condition",
    [
        "order.lines",
        "not order.lines",
        "order.note",
        "order.id and order.open",
        "order.lines or order.note",
        "order.tags",
        "not perhaps",
        "perhaps and perhaps.email",
        "order.open and not (order.note or order.lines)",
        "order.total > 1 or order.lines",
        "any(l for l in order.lines)",
        "all(order.lines)",
        "[l for l in order.lines if l]",
        "order.id if order.note else order.lines",
        "unknown",
        "unknown.flag or order.status == 'open'",
    ],
)
def test_what_may_say_either_is_a_condition(condition: str) -> None:
    """Lists, texts, truths, and objects that may be null or empty."""
    infer_condition(condition, SHAPES)


@pytest.mark.parametrize(
    ("condition", "part", "fix"),
    [
        ("order.total", "order.total", "x > 0"),
        ("not order.total", "order.total", "x > 0"),
        ("order.lines and order.total", "order.total", "x > 0"),
        ("len(order.lines)", "len(order.lines)", "x > 0"),
        ("order", "order", "Name a field"),
        ("order.status", "order.status", "Compare it"),
        ("judged", "judged", "Name a field"),
        ("judged.allowed", "judged.allowed", "allowed: boolean"),
        ("order.open and not judged.allowed", "judged.allowed", "allowed: boolean"),
        ("[l for l in order.lines if judged.allowed]", "judged.allowed", "allowed: boolean"),
        ("all(judged.allowed for l in order.lines)", "judged.allowed", "allowed: boolean"),
        ("order.open or 'x'", "'x'", "Compare it"),
        ("'x' if order.lines else 'y'", "'x' if order.lines else 'y'", "Compare it"),
        ("today()", "today()", "Compare it"),
        ("null", "null", "Compare it"),
    ],
)
def test_what_says_neither_is_no_condition(condition: str, part: str, fix: str) -> None:
    """Numbers, what is never empty, and what a model says in words of its own."""
    with pytest.raises(ExpressionError) as caught:
        infer_condition(condition, SHAPES)

    if "all(" not in condition:
        assert caught.value.where == f"`{part}`"
    assert fix in caught.value.fix


@pytest.mark.parametrize(
    ("source", "fix"),
    [
        ("s == 'a' or 'b'", "s in ['a', 'b']"),
        ("s != 'a' and 'b'", "s not in ['a', 'b']"),
        ("s == 'a' or s == 'b' or 'c'", "s in ['b', 'c']"),
        ("s == 'a' or 'b' or 'c'", "s in ['a', 'b']"),
        ("s == 'a' or ['b']", "s in ['a', ['b']]"),
        ("s == 'a' or f'{s}'", "s in ['a', f'{s}']"),
        ("s == order.id or order.note", "s in [order.id, order.note]"),
        ("n > 5 and 'high' or 'low'", "a if condition else b"),
        ("has(s) or 'b'", "a if condition else b"),
        ("'a' or s", "Compare it"),
        ("'a' or 'b' == s", "Compare it"),
        ("s in ('a' or 'b')", "Compare it"),
        ("s and 5 and n > 1", "Compare it"),
    ],
)
def test_a_value_behind_a_comparison_is_no_second_comparison(source: str, fix: str) -> None:
    """It would be true whatever is compared; the message has what was meant."""
    with pytest.raises(ExpressionError) as caught:
        infer(source, SHAPES)

    assert fix in caught.value.fix


@pytest.mark.parametrize(
    ("source", "shape"),
    [
        ("order.note or 'none'", "text"),
        ("order.note or order.note", "text or null"),
        ("order.note or null", "text or null"),
        ("order.id or order.note or 'x'", "text"),
        ("perhaps and perhaps.email", "text or null"),
        ("order.lines or []", "[text]"),
        ("order.lines and order.lines[0]", "any"),
        ("order.open and order.total > 1", "boolean"),
        ("not order.lines", "boolean"),
        ("unknown or order.note", "any"),
        ("order.status or 'none'", '"open" | "paid" | "none"'),
    ],
)
def test_what_or_and_and_give_has_a_shape(source: str, shape: str) -> None:
    """That of all they may give: a value before `or` is never null."""
    assert str(infer(source, SHAPES)) == shape


@given(json_values, json_values, st.sampled_from(["a or b", "a and b", "a if true else b"]))
def test_what_they_give_fits_the_shape(a: Any, b: Any, source: str) -> None:
    """The whole shape, and one of those that they choose from."""
    shapes = {"a": shape_of_value(a), "b": shape_of_value(b)}
    try:
        given = shape_of_value(evaluate(source, {"a": a, "b": b}))
        whole, each = infer(source, shapes), infer_each(source, shapes)
    except ExpressionError:
        assume(False)
    else:
        assert not misfit(given, whole)
        assert any(not misfit(given, one) for one in each)


@given(json_values, st.sampled_from(["{}", "not {}", "{} and true", "true and {}", "false or {}"]))
def test_what_is_refused_before_it_runs_says_nothing_when_it_runs(a: Any, source: str) -> None:
    """Whatever could be a condition of this shape passes, but for what is always true."""
    condition = source.format("a")
    try:
        infer_condition(condition, {"a": shape_of_value(a)})
    except ExpressionError:
        assert a is None or is_number(a) or (isinstance(a, dict) and a)


@given(st.sampled_from(["a or b", "a and b", "not (a or b)", "a if b else 'x'"]))
def test_all_that_may_be_given_is_read(source: str) -> None:
    """The labels of what was not taken count too, and that one was chosen."""
    found = reads(source)

    assert found.names == {"a", "b"}
    assert found.chooses
