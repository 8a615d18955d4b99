"""Whatever is written and whatever it runs on, there is a value or one kind of error."""

from __future__ import annotations

import json
from copy import deepcopy
from datetime import datetime
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pointsman.errors import ExpressionError
from pointsman.state.expressions import evaluate, parse
from pointsman.state.expressions.inference import infer
from pointsman.state.expressions.reading import Reads, filled, reads, renamed
from pointsman.state.expressions.syntax import printed
from pointsman.state.shapes import shape_of_value

from .strategies import NAMES, data, expressions, json_values

NOW = datetime(2026, 3, 10, 9)


def outcome(source: str, values: dict[str, Any]) -> tuple[str, Any]:
    """Return the result as JSON, or that there was none."""
    try:
        return "value", json.dumps(evaluate(source, values, now=NOW), allow_nan=False)
    except ExpressionError:
        return "error", None


@given(st.text(max_size=60) | st.text("abx.()[]{}:,'\"fori nlambd=+-*/%<>0123456789", max_size=60))
def test_any_text_is_an_expression_or_an_error(source: str) -> None:
    """Nothing else is raised, however odd the text."""
    outcome(source, {})


@settings(max_examples=400)
@given(expressions, data)
def test_any_expression_on_any_data_is_a_value_or_an_error(
    source: str, values: dict[str, Any]
) -> None:
    """The value is plain JSON, the same every time, and the data stays as it was."""
    before = deepcopy(values)

    first = outcome(source, values)

    assert outcome(source, values) == first
    assert values == before


@given(expressions, data)
def test_printing_keeps_the_meaning(source: str, values: dict[str, Any]) -> None:
    """An expression and its printed form are one."""
    try:
        said = printed(parse(source).tree)
    except ExpressionError:
        return

    assert outcome(said, values) == outcome(source, values)


def changed(value: Any, path: tuple[str, ...], read: Reads, name: str, new: Any) -> Any:
    """Replace everything in a value that no read touches, from above or from below."""
    touched = [r.parts for r in read.values if r.name == name]
    if any(path == parts[: len(path)] for parts in touched if len(parts) > len(path)):
        if isinstance(value, dict):
            return {k: changed(v, (*path, k), read, name, new) for k, v in value.items()}
        if isinstance(value, list):
            return [changed(v, (*path, str(n)), read, name, new) for n, v in enumerate(value)]
        return value
    return value if any(path[: len(parts)] == parts for parts in touched) else new


@settings(max_examples=400)
@given(expressions, data, json_values)
def test_what_is_not_read_does_not_matter(source: str, values: dict[str, Any], new: Any) -> None:
    """`reads` names all that the result depends on: labels of anything else can't be lost."""
    try:
        read = reads(source)
    except ExpressionError:
        return
    others = {
        name: changed(value, (), read, name, new) if name in read.names else new
        for name, value in values.items()
    }

    assert outcome(source, others) == outcome(source, values)


@given(expressions, data)
def test_a_name_that_is_not_read_may_be_absent(source: str, values: dict[str, Any]) -> None:
    """Only the names of `reads` have to be there."""
    try:
        names = reads(source).names
    except ExpressionError:
        return
    needed = {name: value for name, value in values.items() if name in names}

    assert outcome(source, needed) == outcome(source, values)


@given(expressions, data)
def test_renaming_keeps_the_meaning(source: str, values: dict[str, Any]) -> None:
    """Names of loops that are spelled like a renamed value stay their own."""
    new = {name: f"q1_{name}" for name in (*NAMES, "i", "j")}
    try:
        other = renamed(source, new)
    except ExpressionError:
        return

    assert outcome(other, {new[k]: v for k, v in values.items()}) == outcome(source, values)


@given(expressions, data)
@example("default(b, 0)", {"b": 1e15})
@example("[b, text(b), {'x': b}]", {"b": -1e15})
@example("text(b)", {"b": {"x": [1e16, -1e20, -0.0]}})
@example("b", {"b": -0.0})
@example("b ** 2", {"b": -2})
@example("-b", {"b": -(10**50)})
def test_filling_in_keeps_the_meaning(source: str, values: dict[str, Any]) -> None:
    """A value that is filled in is no read any more."""
    try:
        other = filled(source, values)
    except ExpressionError:
        return

    assert not reads(other).names & values.keys()
    assert outcome(other, {}) == outcome(source, values)


@example({"a": {}}, "sum({0})")
@given(data.filter(bool), st.sampled_from(["{0}.x", "{0}[0]", "{0} + 1", "sum({0})", "{0} < 3"]))
def test_inference_lets_pass_what_works(values: dict[str, Any], template: str) -> None:
    """What evaluates on a value is never refused for the shape of that value."""
    name = next(iter(values))
    source = template.format(name)
    if outcome(source, values)[0] == "value":
        infer(source, {name: shape_of_value(values[name])})


@pytest.mark.parametrize("depth", [90, 900])
def test_deep_data_is_a_value_or_an_error(depth: int) -> None:
    """Data that is nested deep does not exhaust the stack."""
    values = {name: json.loads("[" * depth + "]" * depth) for name in "ab"}

    for source in ("unique([a])", "text(a)", "[a]", "a == b"):
        assert outcome(source, values)[0] == ("value" if depth < 100 else "error")
