"""JSON from outside is read or refused, and never deeper than what walks through it can take."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.state.json_text import MAX_DEPTH, json_in

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(VALUES)
def test_json_is_read(value: Any) -> None:
    """As the standard library reads it."""
    text = json.dumps(value)
    assert json_in(text) == json.loads(text)


def test_numbers_may_be_exact() -> None:
    """For sums of money."""
    assert json_in('{"a": [1, 0.1]}', exact=True) == {"a": [Decimal(1), Decimal("0.1")]}


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "[1,]", "nul", '{"a" 1}'),
        *("[" * 60_000, '{"a":' * 60_000, "[" * 60_000 + "]" * 60_000),
        "[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1),
        '{"a":' * (MAX_DEPTH + 1) + "1" + "}" * (MAX_DEPTH + 1),
        "[" * 900 + "]" * 900,
        "1" * 5_000,
    ],
    ids=lambda text: text[:12],
)
def test_what_is_none_or_too_deep_is_a_value_error(text: str) -> None:
    """The one error that everybody expects of a text."""
    with pytest.raises(ValueError, match=r"."):
        json_in(text)


@pytest.mark.parametrize("text", ["[" * MAX_DEPTH + "]" * MAX_DEPTH, "[" + "[]," * 9_000 + "[]]"])
def test_as_deep_as_output_may_be_and_wide(text: str) -> None:
    """Many brackets beside each other are no depth."""
    assert json_in(text) == json.loads(text)


@pytest.mark.parametrize("text", ["NaN", "[Infinity]", '{"a": -Infinity}'])
def test_what_json_has_not_is_refused_where_it_matters(text: str) -> None:
    """Python's reader takes it."""
    assert json_in(text) is not None
    with pytest.raises(ValueError, match="JSON has no"):
        json_in(text, strict=True)
