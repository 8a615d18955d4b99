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
