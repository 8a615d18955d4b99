"""What one run does: in order, once, and only while what was checked still holds."""

from __future__ import annotations

import json
from typing import Any

from pointsman import tool
from pointsman.planners.protocols import PlanRequest
from pointsman.state.plan import Plan


class Fixed:
    """A planner that has one plan, with fields that a model's plan may not have."""

    def __init__(self, *steps: Any) -> None:
        self.steps = steps

    async def plan(self, request: PlanRequest) -> Plan:
        """Return the plan."""
        return Plan.from_json({"steps": list(self.steps), "version": request.version})


async def test_approved_effects_happen_in_the_plans_order(desk: Any, w: Any) -> None:
    """One decision for all, and the letter goes out after the money."""
    steps = [w.step(f"s{n}", "pay", to=f"p{n}", amount=float(n + 1)) for n in (3, 1, 4, 0, 2)]
    agent = desk.agent(w.plan(*steps))
    out = await desk.ask(agent, "Pay all")

    await desk.resume(agent, *[w.APPROVE] * len(w.requests(out)))

    assert [args["to"] for args in desk.called("pay")] == ["p3", "p1", "p4", "p0", "p2"]


async def test_effects_of_loops_keep_the_plans_order_too(desk: Any, w: Any) -> None:
    """Two of a loop, two steps, two of another loop: decided together."""

    def loop(step_id: str, *names: str) -> Any:
        pay = w.step(f"{step_id}_pay", "pay", to=w.ref(f"{step_id}_who"), amount=1.0)
        items = {"items": json.dumps(names), "item": f"{step_id}_who", "max": 5, "steps": [pay]}
        return {"id": step_id, "kind": "each", "for_each": items}

    def pay(name: str) -> Any:
        return w.step(name, "pay", to=name, amount=1.0)

    agent = desk.agent(w.plan(loop("l", "b", "c"), pay("d"), pay("e"), loop("m", "f", "g")))
    out = await desk.ask(agent, "Pay all")

    await desk.resume(agent, *[w.APPROVE] * len(w.requests(out)))

    assert [args["to"] for args in desk.called("pay")] == ["b", "c", "d", "e", "f", "g"]


async def test_approvals_are_no_turns(desk: Any, w: Any) -> None:
    """A chain of payments, each approved by itself, comes to its end."""
    steps = [
        w.step(f"s{n}", "pay", *([[f"s{n - 1}"]] if n else []), to=f"p{n}", amount=1.0)
        for n in range(9)
    ]
    agent = desk.agent(w.plan(*steps), limits={"max_turns": 4})
    out = await desk.ask(agent, "Pay one after the other")
    while "__interrupt__" in out:
        out = await desk.resume(agent, w.APPROVE)

    assert len(desk.called("pay")) == 9
    assert out["answer"]["status"] == "complete"


async def test_a_fork_with_another_argument_has_a_result_of_its_own(desk: Any, w: Any) -> None:
    """A's recorded result is not B's, and going on with A again calls nothing."""
    agent = desk.agent(w.plan(w.step("a", "look", item="A")))
    await desk.ask(agent, "look up")
    history = [s async for s in agent.aget_state_history(desk.at("t"))]
    planned = next(s for s in history if s.next == ("lane",))
    plan = planned.values["plan"]
    edited = {**plan, "steps": [{**plan["steps"][0], "args": {"item": "B"}}]}

    at = await agent.aupdate_state(planned.config, {"plan": edited}, as_node="plan")
    out = await agent.ainvoke(None, at)
    again = await agent.ainvoke(None, planned.config)

    assert out["results"]["a"]["output"]["id"] == "B"
    assert again["results"]["a"]["output"]["id"] == "A"
    assert desk.called("look") == [{"item": "A"}, {"item": "B"}]


def invoice_desk(status: list[str]) -> Any:
    """A tool that says whether an invoice is open."""

    @tool(effect="read", trust="internal")
    async def invoice(number: str) -> dict[str, Any]:
        """Look up an invoice."""
        return {"number": number, "status": status[0], "amount": 20.0}

    return invoice


async def test_what_was_checked_is_checked_again_before_an_approved_effect(
    desk: Any, w: Any
) -> None:
    """The invoice was paid elsewhere while the request waited."""
    status = ["open"]
    check = {"path": "status", "op": "eq", "value": "open", "message": "The invoice is open."}
    look = {**w.step("inv", "invoice", number="I-1"), "checks": [check]}
    pay = w.step("pay", "pay", to="ann", amount={"$from": "inv", "path": "amount"})
    agent = desk.agent(
        planner=Fixed(look, pay), tools=[invoice_desk(status)], limits={"max_revisions": 0}
    )
    await desk.ask(agent, "Pay invoice 1")
    status[0] = "paid"

    out = await desk.resume(agent, w.APPROVE)

    assert not desk.called("pay")
    assert "no longer holds" in out["results"]["pay"]["failure"]["message"]


async def test_what_still_holds_lets_the_approved_effect_happen(desk: Any, w: Any) -> None:
    """The second look changes nothing where nothing has changed."""
    check = {"path": "status", "op": "eq", "value": "open", "message": "The invoice is open."}
    look = {**w.step("inv", "invoice", number="I-1"), "checks": [check]}
    middle = w.step("mid", "look", ["inv"], item="x")
    pay = w.step("pay", "pay", ["mid"], to="ann", amount={"$from": "inv", "path": "amount"})
    agent = desk.agent(planner=Fixed(look, middle, pay), tools=[invoice_desk(["open"])])
    await desk.ask(agent, "Pay invoice 1")

    await desk.resume(agent, w.APPROVE)

    assert desk.called("pay") == [{"to": "ann", "amount": 20.0}]


async def test_equal_calls_of_one_gate_happen_as_often_as_they_were_approved(
    desk: Any, w: Any
) -> None:
    """The person reads that the second repeats the first, and decides on both."""
    twice = [w.step(n, "pay", to="ann", amount=5.0) for n in ("one", "two")]
    agent = desk.agent(w.plan(*twice))
    out = await desk.ask(agent, "Pay ann twice")
    assert [r.get("repeats", "") for r in w.requests(out)] == ["", "one"]
    assert "happens once more" in out["__interrupt__"][0].value["action_requests"][1]["description"]

    await desk.resume(agent, w.APPROVE, w.APPROVE)

    assert len(desk.called("pay")) == 2


async def test_an_equal_call_of_a_revised_plan_is_not_made_again(desk: Any, w: Any) -> None:
    """The first one has paid; the second plan repeats it under another name, unattended."""
    policy = """@id("small") permit (principal, action == Action::"callUnattended", resource)
        when { resource.effect == "money" };"""
    pay, look = w.step("pay_ann", "pay", to="ann", amount=5.0), w.step("ok", "look", item="A")
    broken = w.step("bad", "look", ["pay"], item={"$from": "pay", "path": "nothing"})
    first = w.plan(w.step("pay", "pay", to="ann", amount=5.0), broken)
    second = w.plan(w.step("pay", "pay", to="ann", amount=5.0), pay, look)
    agent = desk.agent(first, second, policy=policy)

    out = await desk.ask(agent, "Pay ann")

    assert len(desk.called("pay")) == 1
    assert out["results"]["pay_ann"]["attempts"][0]["replayed"]


async def test_the_deadline_moves_by_the_time_that_was_waited_once(desk: Any, w: Any) -> None:
    """Two requests of one gate are decided one after the other."""
    pays = [w.step(n, "pay", to=n, amount=5.0) for n in ("one", "two")]
    agent = desk.agent(w.plan(*pays), deadline_seconds=50)
    first, second = w.requests(await desk.ask(agent, "Pay both"))
    before = (await agent.aget_state(desk.at("t"))).values["run"]["deadline_at"]
    desk.clock.now += 100
    await desk.resume(agent, {"approval_id": first["id"], **w.APPROVE})
    desk.clock.now += 100
    out = await desk.resume(agent, {"approval_id": second["id"], **w.APPROVE})

    after = (await agent.aget_state(desk.at("t"))).values["run"]["deadline_at"]
    assert 199 < after - before < 201
    assert out["answer"]["status"] == "complete"


def slow_tool(desk: Any, seconds: float) -> Any:
    """Make a tool that works for a while."""

    @tool(effect="read", trust="internal")
    async def slow(item: str) -> str:
        """Look long."""
        desk.clock.now += seconds
        return item

    return slow


async def deadline(desk: Any, agent: Any) -> float:
    """Return a run's deadline."""
    return (await agent.aget_state(desk.at("t"))).values["run"]["deadline_at"]


async def test_work_beside_a_request_does_not_move_the_deadline(desk: Any, w: Any) -> None:
    """A lane goes on for 100 s after the request was made, and a person takes 7 s."""
    steps = [w.step("pay", "pay", to="one", amount=5.0), w.step("slow", "slow", item="A")]
    agent = desk.agent(w.plan(*steps), tools=[slow_tool(desk, 100)], deadline_seconds=600)
    await desk.ask(agent, "Pay one and look")
    before = await deadline(desk, agent)
    desk.clock.now += 7
    out = await desk.resume(agent, w.APPROVE)

    assert 7 <= await deadline(desk, agent) - before < 8
    assert out["answer"]["status"] == "complete"


async def test_work_between_two_decisions_does_not_move_the_deadline(desk: Any, w: Any) -> None:
    """What the first approval set off takes 30 s, while the second request waits besides."""
    pays = [w.step(n, "pay", to=n, amount=5.0) for n in ("one", "two")]
    plan = w.plan(*pays, w.step("slow", "slow", ["one"], item="A"))
    agent = desk.agent(plan, tools=[slow_tool(desk, 30)], deadline_seconds=600)
    first, second = w.requests(await desk.ask(agent, "Pay both, and look after the first"))
    before = await deadline(desk, agent)
    desk.clock.now += 50
    await desk.resume(agent, {"approval_id": first["id"], **w.APPROVE})
    desk.clock.now += 7
    await desk.resume(agent, {"approval_id": second["id"], **w.APPROVE})

    assert 57 <= await deadline(desk, agent) - before < 58


async def test_an_unbounded_chain_of_requests_gains_no_time_for_its_work(desk: Any, w: Any) -> None:
    """Each approval sets off work beside the next request: all of it counts."""
    names = [f"p{n}" for n in range(5)]
    steps = [
        step
        for before, name in zip(("", *names), names, strict=False)
        for step in (
            w.step(name, "pay", [before] if before else [], to=name, amount=5.0),
            w.step(f"slow_{name}", "slow", [before] if before else [], item=name),
        )
    ]
    agent = desk.agent(w.plan(*steps), tools=[slow_tool(desk, 20)], deadline_seconds=90)
    out = await desk.ask(agent, "Pay all")
    for _ in names:
        if w.requests(out):
            out = await desk.resume(agent, w.APPROVE)

    assert out["stop"]["reason"] == "deadline"
