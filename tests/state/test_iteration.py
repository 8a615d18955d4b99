"""Items of loops: keys that come from the item, and what the items bring together."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.errors import ExpressionError
from pointsman.state.instances import instance, parts_of
from pointsman.state.iteration import failures, items_of, taint_of
from pointsman.state.plan import ForEach, Step
from pointsman.state.results import Failure, StepResult

from .expressions.strategies import json_values


def loop(**fields: Any) -> Step:
    """Return a loop whose group is one step, `pay`."""
    inner = Step(id="pay", kind="tool", tool="pay")
    own = ForEach(**{"items": "found", "max": 50, "steps": (inner,), **fields})
    return Step(id="all", kind="each", for_each=own)


def keys(step: Step, items: list[Any]) -> list[str]:
    """Return the keys of items."""
    return [item.key for item in items_of(step, items, {})]


@given(st.lists(json_values, max_size=8), st.randoms())
def test_a_key_does_not_depend_on_the_place(items: list[Any], random: Any) -> None:
    """In another order each item has the same key, and no two items share one."""
    shuffled = random.sample(items, len(items))

    assert sorted(keys(loop(), items)) == sorted(keys(loop(), shuffled))
    assert len(set(keys(loop(), items))) == len(items)


@given(st.lists(json_values, max_size=8))
def test_the_id_of_an_instance_can_be_taken_apart(items: list[Any]) -> None:
    """Whatever the item is."""
    for key in keys(loop(), items):
        assert parts_of(instance("pay", ["outer-1", key])) == ("pay", ("outer-1", key))


def test_a_declared_key_names_the_item() -> None:
    """A key that would not be readable is a digest."""
    step = loop(key="item.id")

    found = keys(step, [{"id": "INV-3"}, {"id": 7}, {"id": "a [b]"}])

    assert found[:2] == ["INV-3", "7"]
    assert found[2].startswith("#")


@pytest.mark.parametrize(
    ("step", "items", "where", "says"),
    [
        (loop(), {"a": 1}, "all.for_each.items", "needs a list, not an object"),
        (loop(), None, "all.for_each.items", "needs a list, not null"),
        (loop(max=2), [1, 2, 3], "all.for_each.max", "There are 3 items, and at most 2"),
        (loop(), list(range(10**6)), "all.for_each.max", "1000000 items"),
        (loop(key="item.id"), [{"id": 1}, {"id": "1"}], "all.for_each.key", "Two items have"),
    ],
)
def test_bad_items_are_an_error_and_no_cut(step: Step, items: Any, where: str, says: str) -> None:
    """It names the step and the field, before anything of the loop has run."""
    with pytest.raises(ExpressionError, match=says) as caught:
        items_of(step, items, {})

    assert caught.value.where == where


def test_failures_and_labels_of_items_are_collected() -> None:
    """In the items' order, by key; labels of every item are those of the whole."""
    step = loop(key="item")
    items = items_of(step, ["a", "b", "c"], {})
    failure = Failure(kind="tool_error", message="No such account.")
    results = {
        "pay[a]": StepResult(step="pay[a]", status="failed", failure=failure, taint=("tool:x",)),
        "pay[c]": StepResult(step="pay[c]", status="accepted", taint=("tool:y",)),
    }

    [failed] = failures(step, items, results)

    assert (failed.key, failed.step, failed.failure) == ("a", "pay", failure)
    assert taint_of(step, items, results) == ("tool:x", "tool:y")
