"""The rules of plans with conditions and loops; each breach is named with what mends it."""

from __future__ import annotations

from typing import Any

import pytest

from pointsman.errors import PlanError
from pointsman.state.checks import check_plan
from pointsman.state.plan import Plan, topological_order
from pointsman.state.revision import check_later_tools, may_be_used_later
from pointsman.state.shapes import shape_of_value

SHAPES = {
    "find": shape_of_value({"orders": [{"id": "A", "total": 1.5, "status": "open"}], "note": "x"}),
    "pay": shape_of_value({"reference": "R1"}),
}
FIND: dict[str, Any] = {"id": "found", "kind": "tool", "tool": "find"}


def pay(step_id: str = "paid", **fields: Any) -> dict[str, Any]:
    """Return a step that pays."""
    return {"id": step_id, "kind": "tool", "tool": "pay", **fields}


def loop(step_id: str = "each_order", **fields: Any) -> dict[str, Any]:
    """Return a loop over the orders."""
    own = {"items": "found.orders", "item": "order", "max": 20, "steps": [pay("inner")]}
    return {"id": step_id, "kind": "each", "for_each": {**own, **fields}}


def plan(*steps: dict[str, Any], **fields: Any) -> Plan:
    """Make a plan from JSON, as a model writes it."""
    return Plan.model_validate({"steps": steps, **fields})


GOOD: list[Plan] = [
    plan(
        FIND, pay(when="len(found.orders) > 0", args={"amount": {"$expr": "found.orders[0].total"}})
    ),
    plan(
        FIND,
        loop(
            steps=[
                pay(
                    "inner",
                    when="order.status == 'open'",
                    args={"id": {"$from": "order", "path": "id"}},
                ),
                {
                    "id": "told",
                    "kind": "draft",
                    "args": {"ref": {"$from": "inner", "path": "reference"}},
                },
            ],
            key="order.id",
            output={
                "order": {"$from": "order", "path": "id"},
                "ref": {"$expr": "default(inner.reference, null)"},
            },
        ),
        {
            "id": "sum",
            "kind": "draft",
            "args": {"n": {"$expr": "[o.ref for o in each_order if has(o.ref)]"}},
        },
    ),
    plan(
        FIND,
        pay("one", when="found.note == 'x'"),
        pay("two", when="found.note != 'x'"),
        pay(
            "next",
            args={"ref": {"$first_of": [{"$from": "one", "path": "reference"}, {"$from": "two"}]}},
        ),
        pay("told", when="has(one) and one.reference == 'R1'"),
    ),
    plan(FIND, pay(when="found.note == 'x'"), pay("dependant", args={"of": {"$from": "paid"}})),
    plan(
        FIND,
        pay(on_error={"use": {"reference": "none"}}),
        pay("b", args={"r": {"$expr": "paid.reference"}}),
    ),
    plan(FIND, loop(steps=[loop("inner_loop", items="[order]", item="x", steps=[pay("deep")])])),
    plan(FIND, then_plan="whom to pay", later_tools=["pay"]),
]


@pytest.mark.parametrize("good", GOOD, ids=lambda p: "+".join(s.id for s in p.steps))
def test_what_can_run_is_accepted(good: Plan) -> None:
    """With shapes and without, and again from its stored form."""
    check_plan(good, shapes=SHAPES)
    check_plan(good)
    assert Plan.from_json(good.to_json()) == good


@pytest.mark.parametrize(
    ("broken", "where", "says"),
    [
        (plan(FIND, pay(when="fund.note == 'x'")), "paid.when", "Did you mean found"),
        (plan(FIND, pay(when="found.nte == 'x'")), "paid.when: `found.nte`", "Did you mean note"),
        (
            plan(FIND, pay(when="found.note > 3")),
            "paid.when: `found.note > 3`",
            "a text with a number",
        ),
        (plan(FIND, pay(when="found")), "paid.when: `found`", "is an object that is never empty"),
        (plan(FIND, pay(when="found.note ==")), "paid.when", "no expression"),
        (plan(FIND, pay(when="1 > 2")), "paid.when", "always false"),
        (plan(FIND, pay(when="true")), "paid.when", "always true"),
        (plan(FIND, pay(when="paid.reference == 'x'")), "paid", "itself"),
        (
            plan(FIND, pay(args={"x": {"$expr": "sum(found.note)"}})),
            "paid.x: `found.note`",
            "not a list",
        ),
        (
            plan(FIND, pay(args={"x": {"$from": "found", "path": "orders.0.totl"}})),
            "paid.x",
            "no 'totl', but total",
        ),
        (
            plan(FIND, pay(args={"x": {"$from": "found", "path": "orders.total"}})),
            "paid.x",
            "a list has no field",
        ),
        (plan(FIND, pay(args={"x": {"$from": "fond"}})), "paid.x", "Did you mean found"),
        (plan(FIND, loop(max=0)), "each_order.for_each.max", "no bound"),
        (plan(FIND, loop(steps=[])), "each_order.for_each.steps", "no steps"),
        (
            plan(FIND, loop(items="found.note")),
            "each_order.for_each.items",
            "over text, not a list",
        ),
        (
            plan(FIND, loop(key="order.idd")),
            "each_order.for_each.key: `order.idd`",
            "Did you mean id",
        ),
        (
            plan(FIND, loop(steps=[pay("inner", when="order.total == 'x'")])),
            "inner.when: `order.total == 'x'`",
            "a number with a text",
        ),
        (
            plan(FIND, loop(), pay(args={"x": {"$from": "inner"}})),
            "paid.x",
            "only inside the loop 'each_order'",
        ),
        (
            plan(FIND, loop(), pay(args={"x": {"$expr": "order.id"}})),
            "paid.x",
            "only inside the loop 'each_order'",
        ),
        (plan(FIND, loop(item="found")), "each_order.for_each.item", "something else has too"),
        (plan(FIND, loop(steps=[pay("found")])), "found", "Two steps"),
        (
            plan(
                FIND,
                loop(
                    steps=[
                        loop(
                            "b", item="x", items="[order]", steps=[loop("c", item="y", items="[x]")]
                        )
                    ]
                ),
            ),
            "c.for_each",
            "more than 2 deep",
        ),
        (plan({"id": "e", "kind": "each"}), "e", "A loop is a step of kind each"),
        (
            plan(FIND, pay("a", when="found.note == 'x'"), pay("b", when="a.reference == 'x'")),
            "b.when",
            "may be skipped",
        ),
        (
            plan(
                FIND,
                pay("a", when="found.note == 'x'"),
                pay("b", when="found.note != 'x'"),
                pay("c", after=["a", "b"]),
            ),
            "c",
            "only one runs",
        ),
        (
            plan(FIND, loop(steps=[pay("p", after=["q"]), pay("q", after=["p"])])),
            "p",
            "wait for each other",
        ),
        (plan(pay(args={"x": {"$first_of": "a"}})), "paid.x", "not a reference"),
    ],
)
def test_what_cannot_run_is_refused(broken: Plan, where: str, says: str) -> None:
    """Step, field and part are named, and how to mend it."""
    with pytest.raises(PlanError) as caught:
        check_plan(broken, shapes=SHAPES)

    assert caught.value.where == where
    assert says in str(caught.value)
    assert caught.value.fix


def test_a_loop_waits_for_all_that_its_steps_read() -> None:
    """Also for what only an inner step needs."""
    made = plan(
        loop(steps=[pay("inner", args={"x": {"$from": "other"}})]),
        FIND,
        {"id": "other", "kind": "tool", "tool": "find"},
    )

    assert made.step("each_order").needs() == {"found", "other"}
    assert topological_order(made)[-1] == "each_order"


def test_what_may_be_absent_is_awaited_and_not_required() -> None:
    """A step runs after its branches have ended, whichever of them ran."""
    step = GOOD[2].step("next")

    assert (step.needs(), step.requires()) == ({"one", "two"}, frozenset())


def test_a_later_plan_brings_in_no_tool() -> None:
    """Whatever was read in between: but it may call what the first one called, and what reads."""
    usable = may_be_used_later(plan(FIND, later_tools=["pay"]), reads=["look"])

    look = {"id": "l", "kind": "tool", "tool": "look"}
    check_later_tools(plan(FIND, pay(), look), usable)
    with pytest.raises(PlanError, match="'transfer' is not among the tools"):
        check_later_tools(plan(FIND, {"id": "t", "kind": "tool", "tool": "transfer"}), usable)
