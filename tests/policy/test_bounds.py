"""A bound holds for what it says, and for nothing that merely looks like it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.errors import DecisionError
from pointsman.policy.bounds import keeps_within, read_bound
from pointsman.policy.requests import amount_cents
from pointsman.state.grant import ArgumentBound, BoundKind
from pointsman.tools.contract import ToolContract

DOCS = "https://docs.example/"


@pytest.mark.parametrize(
    ("kind", "bound", "value", "holds"),
    [
        ("equal", "ann", "ann", True),
        ("equal", "ann", "Ann", False),
        ("equal", "ann", "ann ", False),
        ("equal", "5", 5, False),
        ("equal", 5, 5.0, True),
        ("equal", 1, True, False),
        ("equal", ["a", "b"], ["b", "a"], False),
        ("one_of", ["ann", "bob"], "bob", True),
        ("one_of", ["ann", "bob"], "eve", False),
        ("one_of", ["ann", "bob"], ["ann", "bob"], True),
        ("one_of", ["ann", "bob"], ["ann", "eve"], False),
        ("one_of", ["ann", "bob"], [], False),
        ("one_of", ["ann", "bob"], {"ann": "bob"}, False),
        ("one_of", [["ann"]], ["ann"], True),
        ("at_most", 50, 50, True),
        ("at_most", 50, 50.0, True),
        ("at_most", 50, "49.99", True),
        ("at_most", 50, 50.001, False),
        ("at_most", 50, -51, False),
        ("at_most", 50, "5e1", False),
        ("at_most", 50, "20,000", False),
        ("at_most", 50, "20.000", False),
        ("at_most", 50, True, False),
        ("at_most", 50, None, False),
        ("at_most", 50, [1], False),
        ("at_most", 50, float("nan"), False),
        ("prefix", "reports/", "reports/2026.txt", True),
        ("prefix", "reports/", "reports/../keys", False),
        ("prefix", "reports/", "reports/x/..", False),
        ("prefix", "reports/", "reports/..\\keys", False),
        ("prefix", "reports/", "reports/%2E%2e/keys", False),
        ("prefix", "reports/", "reports/..hidden", True),
        ("prefix", "reports/", "Reports/2026.txt", False),
        ("prefix", "reports/", ["reports/a"], False),
        ("prefix", DOCS, f"{DOCS}a?b=c", True),
        ("prefix", DOCS, "https://docs.example.evil.org/", False),
        ("prefix", DOCS, "https://docs.example/\\@evil.org", False),
    ],
)
def test_what_keeps_within(kind: BoundKind, bound: Any, value: Any, *, holds: bool) -> None:
    """Exact values, plain numbers, texts that begin so and lead nowhere else."""
    assert keeps_within(read_bound("x", kind, bound), {"x": value}) == holds


@pytest.mark.parametrize("kind", ["equal", "one_of", "at_most", "prefix"])
def test_an_absent_argument_keeps_within_nothing(kind: BoundKind) -> None:
    """What nobody can read is not within any bound."""
    value: Any = {"equal": None, "one_of": [None], "at_most": 5, "prefix": "a"}[kind]

    assert not keeps_within(ArgumentBound(argument="x.y", kind=kind, value=value), {"x": {}})


@pytest.mark.parametrize(
    ("argument", "kind", "value", "said"),
    [
        ("", "equal", 1, "names no argument"),
        ("x", "one_of", [], "lists no values"),
        ("x", "at_most", "much", "no number"),
        ("x", "at_most", -1, "no number"),
        ("x", "prefix", "", "no text"),
        ("x", "prefix", "https://docs.example", "End the host: https://docs.example/"),
        ("x", "prefix", "reports/../", "elsewhere"),
    ],
)
def test_a_bound_that_would_not_bind_is_refused(
    argument: str, kind: BoundKind, value: Any, said: str
) -> None:
    """The error says which, and what to write."""
    with pytest.raises(DecisionError, match=said):
        read_bound(argument, kind, value)


NUMBERS = st.one_of(
    st.integers(),
    st.floats(),
    st.booleans(),
    st.text(alphabet="0123456789.,-eE+ _", max_size=8),
    st.decimals(allow_nan=False, allow_infinity=False, places=3).map(str),
)


@given(NUMBERS, st.integers(min_value=0, max_value=10**6))
def test_at_most_agrees_with_the_amounts_of_policy(value: Any, limit: int) -> None:
    """Nothing that policy takes for more than the limit, the unreadable included, is within it."""
    contract = ToolContract(name="pay", description="", args_schema={}, amount="x")
    cents = amount_cents(contract, {"x": value})
    assert cents is not None

    if keeps_within(read_bound("x", "at_most", limit), {"x": value}):
        assert Decimal(cents) <= Decimal(limit) * 100
