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
    if int(item[-1]) % 2 == 0:
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
    ("fields", "named"),
    [
        pytest.param({}, [f"O-{i}" for i in range(1, 31)], id="by-key"),
        pytest.param(
            {"key": "", "items": "[x.id for x in o.orders]"},
            [f"O-{i}" for i in range(1, 31)],
            id="by-value",
        ),
    ],
)
async def test_each_request_says_for_which_item_it_is(
    bench: Any, w: Any, fields: Any, named: list[str]
) -> None:
    """Thirty times "Refund it" with equal arguments tell nobody what they approve."""
    pay = {**w.step("p", "pay", to="ann", amount=1.0), "goal": "Refund it"}
    agent = bench.agent(
        w.plan(w.step("o", "orders", count=30), each(pay, max=30, **fields)), tools=[orders]
    )

    [asked] = (await agent.ainvoke({"task": "Refund them"}, w.thread()))["__interrupt__"]

    said = [request["description"].splitlines()[0] for request in asked.value["action_requests"]]
    assert said == [f"Refund it. For {name}." for name in named]


async def test_a_request_in_a_loop_in_a_loop_names_both_items(bench: Any, w: Any) -> None:
    """The outer one first."""
    pay = {**w.step("p", "pay", to="ann", amount=1.0), "goal": "Refund it"}
    inner = {
        "id": "i",
        "kind": "each",
        "for_each": {"items": "['x', 'y\\ninjected']", "item": "word", "max": 2, "steps": [pay]},
    }
    agent = bench.agent(w.plan(w.step("o", "orders", count=1), each(inner, max=1)), tools=[orders])

    [asked] = (await agent.ainvoke({"task": "Refund them"}, w.thread()))["__interrupt__"]

    said = [request["description"].splitlines()[0] for request in asked.value["action_requests"]]
    assert said == ["Refund it. For O-1, x.", "Refund it. For O-1, y injected."]


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        pytest.param({"items": "o.orders[0].id"}, "for_each.items", id="no-list"),
        pytest.param({"max": 3}, "for_each.max", id="too-many"),
        pytest.param({"key": "order.id[:1]"}, "for_each.key", id="one-key-twice"),
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


@tool(effect="read", trust="internal")
async def lines(order: str, count: int) -> dict[str, Any]:
    """List the lines of an order."""
    return {"lines": [{"sku": f"{order}/{i}", "price": 10.0 * i} for i in range(1, count + 1)]}


def inner(*steps: Any, **fields: Any) -> Any:
    """Write a loop over the lines of the order at hand."""
    loop = {"items": "ls.lines", "item": "line", "key": "line.sku[4:]", "max": 10, **fields}
    return {"id": "m", "kind": "each", "for_each": {**loop, "steps": steps}}


def listed(w: Any, count: Any) -> Any:
    """Write the step that lists an order's lines."""
    return w.step("ls", "lines", order=w.ref("order", "id"), count=count)


async def test_a_loop_in_a_loop_brings_lists_of_lists(bench: Any, w: Any) -> None:
    """Both lists keep their items' order, and each item has its own inner list."""
    look = w.step("a", "look", item=w.ref("line", "sku"))
    loop = each(listed(w, {"$expr": "int(order.total)"}), inner(look))

    out = await run_with_lines(bench, w, loop, count=3)

    brought = [[line["id"] for line in found] for found in out["results"]["l"]["output"]]
    assert brought == [["O-1/1"], ["O-2/1", "O-2/2"], ["O-3/1", "O-3/2", "O-3/3"]]
    assert out["results"]["a[O-3][2]"]["status"] == "accepted"


async def test_what_follows_an_inner_loop_reads_what_it_brought(bench: Any, w: Any) -> None:
    """Outer item, inner list and what stands outside are all within reach."""
    told = "f'{order.id}: ' + join([x.id for x in m], ' ') + f' of {len(o.orders)}'"
    loop = each(
        listed(w, 2),
        inner(w.step("a", "look", item=w.ref("line", "sku"))),
        w.step("b", "look", item={"$expr": told}),
    )

    out = await run_with_lines(bench, w, loop, count=2)

    assert [item["id"] for item in out["results"]["l"]["output"]] == [
        "O-1: O-1/1 O-1/2 of 2",
        "O-2: O-2/1 O-2/2 of 2",
    ]


async def test_inner_steps_read_both_items_and_conditions_of_both(bench: Any, w: Any) -> None:
    """A skipped outer step skips the inner loop that needs it, for its item only."""
    first = {**listed(w, 2), "when": "order.total != 2"}
    look = {
        **w.step("a", "look", item={"$expr": "f'{int(order.total)} {line.sku}'"}),
        "when": "line.price > order.total * 5",
    }
    loop = each(first, inner(look))

    out = await run_with_lines(bench, w, loop, count=3)

    results = out["results"]
    assert results["m[O-2]"]["status"] == "skipped"
    assert [[x["id"] for x in found] for found in results["l"]["output"]] == [
        ["1 O-1/1", "1 O-1/2"],
        ["3 O-3/2"],
    ]


async def test_an_inner_failure_is_told_by_both_keys(bench: Any, w: Any) -> None:
    """Other items are not touched by it."""
    loop = each(
        listed(w, 2), inner(w.step("a", "odd_only", item=w.ref("line", "sku"))), on_error="skip"
    )

    out = await run_with_lines(bench, w, loop, count=2)

    failure = out["results"]["l"]["failure"]["message"]
    assert "O-1 (m)" in failure
    assert "2 (a): There is no O-1/2." in failure
    assert out["results"]["a[O-2][1]"]["status"] == "accepted"


async def test_items_are_counted_that_failed_and_not_their_steps(bench: Any, w: Any) -> None:
    """What an expression could not read because it failed is told once, by what failed."""
    reading = {"$expr": "first_of(order.note, a.id)"}
    loop = each(
        w.step("a", "odd_only", item=w.ref("order", "id")), w.step("b", "look", item=reading)
    )

    out = await run(bench, w, loop)

    assert out["results"]["b[O-2]"]["failure"]["kind"] == "expression"
    failure = out["results"]["l"]["failure"]["message"]
    assert failure.startswith("2 of 4 items did not succeed: O-2 (a): There is no O-2.; O-4 (a):")
    assert "(b)" not in failure


async def test_one_gate_asks_for_all_inner_items_and_keeps_their_order(bench: Any, w: Any) -> None:
    """Inner effects of every outer item are asked together with the outer ones."""
    pay = w.step("p", "pay", to=w.ref("line", "sku"), amount=w.ref("line", "price"))
    agent = bench.agent(
        w.plan(w.step("o", "orders", count=3), each(listed(w, 2), inner(pay))),
        tools=[orders, lines],
        limits={"max_revisions": 0},
    )

    out = await agent.ainvoke({"task": "Pay the lines"}, w.thread())
    [asked] = out["__interrupt__"]
    named = [request["args"]["to"] for request in asked.value["action_requests"]]
    assert named == [f"O-{i}/{j}" for i in (1, 2, 3) for j in (1, 2)]
    no, yes = {"type": "reject", "message": "not this one"}, {"type": "approve"}
    out = await agent.ainvoke(w.resume(yes, no, *[yes] * 4), w.thread())

    paid = [args["to"] for name, args in bench.calls if name == "pay"]
    assert paid == ["O-1/1", "O-2/1", "O-2/2", "O-3/1", "O-3/2"]
    assert out["results"]["l"]["status"] == "accepted"


async def test_a_person_approves_a_table_in_part_and_edits_single_items(bench: Any, w: Any) -> None:
    """One word for all, and others beside it."""
    pay = w.step("p", "pay", to=w.ref("order", "id"), amount=w.ref("order", "total"))
    agent = bench.agent(w.plan(w.step("o", "orders", count=20), each(pay)), tools=[orders])
    out = await agent.ainvoke({"task": "Pay the orders"}, w.thread())
    [table] = out["__interrupt__"][0].value["pointsman"]["tables"]
    edit = {
        "type": "edit",
        "step": "p[O-2]",
        "edited_action": {"args": {"to": "O-2", "amount": 1.5}},
    }
    no = {"type": "reject", "step": "p[O-3]", "message": "not this one"}

    out = await agent.ainvoke(w.resume(no, {"type": "approve", "step": "p"}, edit), w.thread())

    assert table["totals"] == {"amount": "210.0"}
    assert len(table["rows"]) == 20
    paid = [(args["to"], args["amount"]) for name, args in bench.calls if name == "pay"]
    ids = [n for n in range(1, 21) if n != 3]
    assert paid == [(f"O-{n}", 1.5 if n == 2 else float(n)) for n in ids]
    assert out["results"]["l"]["status"] == "accepted"


async def test_effects_of_a_loop_and_of_plain_steps_happen_in_the_plans_order(
    bench: Any, w: Any
) -> None:
    """One approval of all of them is one order."""
    pay = w.step("p", "pay", to=w.ref("order", "id"), amount=1.0)
    agent = bench.agent(
        w.plan(
            w.step("o", "orders", count=2),
            w.step("first", "pay", to="first", amount=1.0),
            each(pay),
            w.step("last", "pay", to="last", amount=1.0),
        ),
        tools=[orders],
        limits={"max_revisions": 0},
    )

    await agent.ainvoke({"task": "Pay"}, w.thread())
    await agent.ainvoke(w.resume(*[{"type": "approve"}] * 4), w.thread())

    paid = [args["to"] for name, args in bench.calls if name == "pay"]
    assert paid == ["first", "O-1", "O-2", "last"]


async def run_with_lines(bench: Any, w: Any, loop: Any, *, count: int) -> Any:
    """Run a loop over orders whose lines can be listed."""
    agent = bench.agent(
        w.plan(w.step("o", "orders", count=count), loop),
        tools=[orders, odd_only, lines],
        limits={"max_revisions": 0, "max_tool_failures": 100},
    )
    return await agent.ainvoke({"task": "Look up the lines"}, w.thread())


async def test_a_prepared_answer_may_stand_on_a_loop(bench: Any, w: Any) -> None:
    """What the items brought is its evidence; no model is asked to write."""
    look = w.step("a", "look", item=w.ref("order", "id"))
    plan = {
        **w.plan(w.step("o", "orders", count=3), each(look)),
        "answer": [
            {
                "text": {"$expr": "f'I looked {len(l)} orders up, the last is {l[-1].id}.'"},
                "cites": ["l"],
            }
        ],
    }
    agent = bench.agent(plan, tools=[orders])

    out = await agent.ainvoke({"task": "Look up the orders"}, w.thread())

    assert out["answer"]["text"].startswith("I looked 3 orders up, the last is O-3.")
    assert out["answer"]["status"] == "complete"
    assert {c["evidence"] for c in out["answer"]["citations"]} >= {"a[O-3]"}
