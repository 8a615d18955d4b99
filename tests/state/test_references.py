"""References: found, resolved, and refused where they are no such thing."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.errors import PlanError
from pointsman.state.references import as_text, at_path, references, resolve

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text().filter(lambda k: not k.startswith("$")), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(plain)
def test_a_value_without_references_is_itself(value: Any) -> None:
    """Resolving changes nothing that is not a reference."""
    assert list(references(value)) == []
    assert resolve(value, lambda ref: pytest.fail(str(ref))) == value


@given(plain, st.lists(st.sampled_from(["a", "b", "0"]), max_size=3))
def test_a_reference_becomes_the_value_it_names(value: Any, path: list[str]) -> None:
    """However deep it stands, and it is reported with its place."""
    args = {"x": [{"y": {"$from": "s1", "path": ".".join(path)}}]}

    [found] = references(args)

    assert (found.at, found.step, found.path) == ("x.0.y", "s1", ".".join(path))
    assert resolve(args, lambda _: value) == {"x": [{"y": value}]}


def test_join_puts_text_together() -> None:
    """Numbers are written plainly, amounts with two places."""
    value = {"$join": ["Pay ", {"$from": "a"}, " to ", {"$from": "b", "path": "name"}]}
    outputs = {"a": 49.9, "b": {"name": "Ann"}}

    assert resolve(value, lambda r: at_path(outputs[r.step], r.path)) == "Pay 49.90 to Ann"


@pytest.mark.parametrize(
    "value",
    [
        {"$from": 1},
        {"$from": "a", "extra": 1},
        {"$join": "text"},
        {"$eval": "1+1"},
        {"$from": "a", "$join": []},
    ],
)
def test_other_forms_are_refused(value: Any) -> None:
    """An object with a `$` key is a reference or an error, never data."""
    with pytest.raises(PlanError, match="not a reference"):
        list(references({"x": value}))


@pytest.mark.parametrize(
    ("path", "expected"),
    [("", {"a": [1, {"b": None}]}), ("a.0", 1), ("a.-1.b", None), ("a.1", {"b": None})],
)
def test_paths_reach_into_objects_and_lists(path: str, expected: Any) -> None:
    """Negative numbers count from the end; an empty path is everything."""
    assert at_path({"a": [1, {"b": None}]}, path) == expected


@pytest.mark.parametrize("path", ["b", "a.2", "a.x", "a.0.c", "a.²"])
def test_a_path_to_nothing_is_an_error(path: str) -> None:
    """It names the part that failed."""
    with pytest.raises(KeyError, match="nothing at"):
        at_path({"a": [1, {"b": None}]}, path)


def test_text_of_values() -> None:
    """What a sentence shows of a value."""
    assert [as_text(v) for v in ("x", 3, 2.5, True, [1])] == ["x", "3", "2.50", "true", "[1]"]


def test_an_expression_is_a_reference_to_all_that_it_reads() -> None:
    """With the place, the path, and whether it may be absent."""
    args = {"x": {"$expr": "default(a.b, 0) + c[0].d"}}

    found = [(ref.at, ref.step, ref.path, ref.may_be_absent) for ref in references(args)]

    assert found == [("x", "a", "b", True), ("x", "c", "0.d", False)]


def test_an_expression_becomes_what_it_works_out() -> None:
    """A step without a value is absent, which the expression may ask for."""
    outputs: dict[str, Any] = {"a": {"total": 0.1}}
    value = {"$join": ["Sum ", {"$expr": "a.total + default(b.total, 0.2)"}]}

    assert resolve(value, lambda ref: outputs[ref.step]) == "Sum 0.30"


@pytest.mark.parametrize(
    ("outputs", "expected"), [({"a": 1}, 1), ({"b": 2}, 2), ({"a": None, "b": 2}, 2)]
)
def test_the_first_of_branches_is_taken(outputs: dict[str, Any], expected: Any) -> None:
    """What is absent or null is passed over."""
    value = {"$first_of": [{"$from": "a"}, {"$expr": "b"}]}

    assert resolve(value, lambda ref: outputs[ref.step]) == expected
    assert all(ref.may_be_absent for ref in references(value))


def test_no_branch_at_all_is_an_error() -> None:
    """As for any reference that finds nothing."""
    with pytest.raises(KeyError, match="none of the 1 values"):
        resolve({"$first_of": [{"$from": "a"}]}, lambda ref: {}[ref.step])
