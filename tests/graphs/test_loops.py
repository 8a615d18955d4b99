"""Loops, through the graph."""

from __future__ import annotations

from typing import Any

import pytest

from pointsman import tool
from pointsman.errors import ToolError


@pytest.fixture
def w(write: dict[str, Any]) -> Any:
    """Give the writers by attribute."""
    return type("Writers", (), {name: staticmethod(f) for name, f in write.items()})


@tool(effect="read", trust="internal")
async def orders(count: int) -> dict[str, Any]:
    """List orders."""
    return {"orders": [{"id": f"O-{i}", "total": float(i)} for i in range(1, count + 1)]}


@tool(effect="read", trust="internal")
async def odd_only(item: str) -> dict[str, Any]:
    """Know the odd ones."""
    if int(item.split("-")[1]) % 2 == 0:
        raise ToolError(f"There is no {item}.")
    return {"id": item}


def each(*steps: Any, items: str = "o.orders", on_error: Any = "fail", **fields: Any) -> Any:
    """Write a loop over orders."""
    loop = {"items": items, "item": "order", "key": "order.id", "max": 100, **fields}
    return {"id": "l", "kind": "each", "on_error": on_error, "for_each": {**loop, "steps": steps}}


async def run(bench: Any, w: Any, loop: Any, *more: Any, count: int = 4) -> Any:
    """Run a loop over some orders."""
    agent = bench.agent(
        w.plan(w.step("o", "orders", count=count), loop, *more),
        tools=[orders, odd_only],
        limits={"max_revisions": 0, "max_tool_failures": 100},
    )
    return await agent.ainvoke({"task": "Look up the orders"}, w.thread())


async def test_a_loop_brings_a_list_in_the_items_order(bench: Any, w: Any) -> None:
    """Whoever ended first, and what comes after reads it whole."""
    loop = each(w.step("a", "look", item=w.ref("order", "id")))
    total = {"$expr": "join([x.id for x in l], ' ')"}

    out = await run(bench, w, loop, w.step("z", "look", item=total))

    assert [item["id"] for item in out["results"]["l"]["output"]] == ["O-1", "O-2", "O-3", "O-4"]
    assert out["results"]["z"]["output"]["id"] == "O-1 O-2 O-3 O-4"
    assert out["results"]["a[O-2]"]["status"] == "accepted"


async def test_a_condition_inside_decides_for_each_item(bench: Any, w: Any) -> None:
    """Skipped items bring nothing."""
    second = {**w.step("b", "look", item=w.ref("a", "id")), "when": "order.total > 2"}
    loop = each(w.step("a", "look", item=w.ref("order", "id")), second)

    out = await run(bench, w, loop)

    assert [item["id"] for item in out["results"]["l"]["output"]] == ["O-3", "O-4"]
    assert out["results"]["b[O-1]"]["status"] == "skipped"


async def test_a_failed_item_fails_the_loop_after_the_others_have_ended(bench: Any, w: Any) -> None:
    """The failure names the item."""
    loop = each(w.step("a", "odd_only", item=w.ref("order", "id")))

    out = await run(bench, w, loop)

    assert out["results"]["l"]["status"] == "failed"
    assert "2 of 4" in out["results"]["l"]["failure"]["message"]
    assert "There is no O-4." in out["results"]["l"]["failure"]["message"]
    assert out["results"]["a[O-3]"]["status"] == "accepted"


async def test_a_loop_may_leave_failed_items_out(bench: Any, w: Any) -> None:
    """`on_error: skip` accepts what the others brought, and the answer tells the failures."""
    loop = each(w.step("a", "odd_only", item=w.ref("order", "id")), on_error="skip")

    out = await run(bench, w, loop)

    assert [item["id"] for item in out["results"]["l"]["output"]] == ["O-1", "O-3"]
    assert "There is no O-2." in out["answer"]["text"]


async def test_one_gate_asks_for_all_items_and_effects_keep_their_order(bench: Any, w: Any) -> None:
    """A person decides once, in part as well."""
    pay = w.step("p", "pay", to=w.ref("order", "id"), amount=w.ref("order", "total"))
    agent = bench.agent(
        w.plan(w.step("o", "orders", count=12), each(pay)),
        tools=[orders],
        limits={"max_revisions": 0},
    )

    out = await agent.ainvoke({"task": "Pay the orders"}, w.thread())
    [asked] = out["__interrupt__"]
    named = [request["args"]["to"] for request in asked.value["action_requests"]]
    assert named == [f"O-{i}" for i in range(1, 13)]
    no = {"type": "reject", "message": "not this one"}
    yes = {"type": "approve"}
    out = await agent.ainvoke(w.resume(yes, no, *[yes] * 10), w.thread())

    paid = [args["to"] for name, args in bench.calls if name == "pay"]
    assert paid == ["O-1", *[f"O-{i}" for i in range(3, 13)]]
    assert out["results"]["l"]["status"] == "accepted"
    assert "not this one" in out["answer"]["text"]


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        pytest.param({"items": "o"}, "for_each.items", id="no-list"),
        pytest.param({"max": 3}, "for_each.max", id="too-many"),
        pytest.param({"key": "1"}, "for_each.key", id="one-key-twice"),
    ],
)
async def test_a_loop_that_cannot_begin_names_the_field(
    bench: Any, w: Any, fields: Any, says: str
) -> None:
    """Nothing of it has run."""
    out = await run(bench, w, each(w.step("a", "look", item=w.ref("order", "id")), **fields))

    assert out["results"]["l"]["status"] == "failed"
    assert says in out["results"]["l"]["failure"]["message"]
    assert bench.count("look") == 0


async def test_a_hundred_items_take_few_turns(bench: Any, w: Any) -> None:
    """Items cost no passes through `plan`."""
    loop = each(w.step("a", "look", item=w.ref("order", "id")))

    out = await run(bench, w, loop, count=100)

    assert len(out["results"]["l"]["items"]) == 100
    assert out["results"]["l"]["status"] == "accepted"
    assert bench.count("look") == 100
