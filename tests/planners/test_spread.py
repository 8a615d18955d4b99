"""`pay(**due)`: what a model step gives stands for arguments, and what nobody knows does not."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.errors import PlanError
from pointsman.planners.short_forms import steps_in_full
from pointsman.planners.spread import spread
from pointsman.state.values import Json

ONE = "due = reason('What is due?', mail) -> {iban, amount: number}"
MANY = "due = reason('What is due?', mail) -> {bills: [{iban, amount: number}]}"


def args_of(*lines: str) -> Any:
    """Return the arguments of the call in the last line, that of its loop if it is one."""
    last: Any = steps_in_full(lines)[0][-1]
    return (last["for_each"]["steps"][0] if "for_each" in last else last)["args"]


def fields(name: str) -> dict[str, Json]:
    """Return the arguments that the fields of a bill are."""
    return {"iban": {"$expr": f"{name}.iban"}, "amount": {"$expr": f"{name}.amount"}}


@pytest.mark.parametrize(
    ("lines", "args"),
    [
        ([ONE, "pay(**due)"], fields("due")),
        ([ONE, "if due.amount > 0: pay(**due)"], fields("due")),
        ([ONE, "pay(**due, day='now')"], {**fields("due"), "day": "now"}),
        ([ONE, "pay(amount=1, **due)"], {**fields("due"), "amount": 1}),
        ([ONE, "bill = due", "pay(**bill)"], fields("due")),
        ([ONE, "pay(**due, **{'day': 'now'})"], {**fields("due"), "day": "now"}),
        ([MANY, "pay(**due.bills[0])"], fields("due.bills[0]")),
        ([MANY, "paid = [pay(**b) for b in due.bills]"], fields("b")),
        ([MANY, "paid = [pay(**b) for b in due.bills if b.amount > 2]"], fields("b")),
        ([MANY, "for b in due.bills: pay(**b)"], fields("b")),
        (
            ["due = reason('What?') -> {from, b: {c}}", "pay(**due)"],
            {"from": {"$expr": "due['from']"}, "b": {"$expr": "due.b"}},
        ),
    ],
)
def test_fields_that_a_plan_asks_for_are_arguments(lines: list[str], args: Any) -> None:
    """Each stands as its own expression, so that it is checked and labelled as if written out."""
    assert args_of(*lines) == args


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        (["found = find()", "pay(**found)"], r"what \*\*found holds cannot be checked"),
        (["text = draft('Write.')", "pay(**text)"], "cannot be checked"),
        ([MANY, "pay(**due.bills)"], "cannot be checked"),
        (["due = reason('What?') -> {iban, amount?: number}", "pay(**due)"], "may lack amount"),
        ([ONE, "gist = reason('What?', **due)"], "reason has arguments without names"),
        ([MANY, "paid = [pay(**b) for n, b in enumerate(due.bills)]"], "cannot be checked"),
    ],
)
def test_what_nobody_can_check_is_refused_with_its_mend(lines: list[str], says: str) -> None:
    """A call whose arguments are not known could take anything."""
    with pytest.raises(PlanError, match=says) as refused:
        args_of(*lines)

    assert "name=value" in str(refused.value)


def test_what_an_earlier_plan_asked_for_is_known() -> None:
    """A later plan reads it as its own."""
    schema = {"type": "object", "properties": {"iban": {}}, "required": ["iban"]}
    [step], _ = steps_in_full(["pay(**due)"], schemas={"due": schema})

    assert isinstance(step, dict)
    assert step["args"] == {"iban": {"$expr": "due.iban"}}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["properties", "required", "items", "a", "$expr", "**"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=12,
)


@given(schema=JSON, behind=JSON)
def test_a_schema_that_is_none_is_nobodys_word(schema: Json, behind: Json) -> None:
    """Whatever a model writes there, its plan is refused or read, and nothing breaks."""
    steps: list[Json] = [
        {"id": "due", "output_schema": schema},
        {"id": "one", "tool": "pay", "args": {"**": [{"$expr": "due"}]}},
        {"id": "two", "tool": "pay", "args": {"**": behind}},
        {"id": "l", "for_each": {"items": "due.a", "steps": [{"args": {"**": [{"$expr": "a"}]}}]}},
    ]
    try:
        read = spread(steps, {})
    except PlanError:
        return
    assert len(read) == len(steps)
