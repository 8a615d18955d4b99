"""What the plan has checked is looked at again before an approved effect, loops included."""

from __future__ import annotations

from typing import Any

import pytest

from pointsman import tool
from pointsman.planners.protocols import PlanRequest
from pointsman.state.plan import Plan

OPEN = {"path": "status", "op": "eq", "value": "open", "message": "The invoice is open."}
FUNDED = {"path": "left", "op": "ge", "value": 10, "message": "The account has money."}
FREE = {
    "models": [
        {
            "id": "ScriptedModel",
            "endpoint": "nowhere",
            "prices": {"input": 0, "output": 0},
            "structured_output": "tool_call",
        }
    ],
    "endpoints": {"nowhere": {"base_url": "http://127.0.0.1:9/v1"}},
}


class Fixed:
    """A planner that has one plan, with fields that a model's plan may not have."""

    def __init__(self, *steps: Any) -> None:
        self.steps = steps

    async def plan(self, request: PlanRequest) -> Plan:
        """Return the plan."""
        return Plan.from_json({"steps": list(self.steps), "version": request.version})


class Books:
    """Invoices and an account, which others work with too."""

    def __init__(self, price: float = 0.0) -> None:
        self.status = {f"I-{n}": "open" for n in range(1, 5)}
        self.left = 100.0
        self.asked: list[str] = []

        @tool(effect="read", trust="internal")
        async def invoices(count: int) -> dict[str, Any]:
            """List invoices."""
            return {"all": [{"number": f"I-{n}"} for n in range(1, count + 1)]}

        @tool(effect="read", trust="internal", cost_usd=price)
        async def invoice(number: str) -> dict[str, Any]:
            """Look up an invoice."""
            self.asked.append(number)
            return {"number": number, "status": self.status[number], "amount": 20.0}

        @tool(effect="read", trust="internal", cost_usd=price)
        async def account() -> dict[str, Any]:
            """Look up what is left."""
            self.asked.append("account")
            return {"left": self.left}

        self.tools = [invoices, invoice, account]


def loop(*steps: Any, after: Any = ()) -> Any:
    """Write a loop over invoices."""
    inner = {"items": "list.all", "item": "one", "key": "one.number", "max": 2, "steps": steps}
    return {"id": "each", "kind": "each", "after": list(after), "for_each": inner}


def checked(w: Any, step_id: str = "inv", number: Any = None) -> Any:
    """Write a look at an invoice that must be open."""
    given = number or w.ref("one", "number")
    return {**w.step(step_id, "invoice", number=given), "checks": [OPEN]}


def pay(w: Any, *after: str, to: Any = None) -> Any:
    """Write a payment."""
    amount = w.ref("inv", "amount") if "inv" in after else 20.0
    return w.step("pay", "pay", list(after), to=to or w.ref("one", "number"), amount=amount)


def agent_of(desk: Any, w: Any, books: Books, *steps: Any, **more: Any) -> Any:
    """Build the agent; its plan lists two invoices first."""
    first = w.step("list", "invoices", count=2)
    return desk.agent(
        planner=Fixed(first, *steps), tools=books.tools, limits={"max_revisions": 0}, **more
    )


async def test_a_check_inside_a_loop_holds_for_its_item(desk: Any, w: Any) -> None:
    """What was paid elsewhere is not paid; the other item is."""
    books = Books()
    agent = agent_of(desk, w, books, loop(checked(w), pay(w, "inv")))
    await desk.ask(agent, "Pay the invoices")
    books.status["I-1"] = "paid"

    out = await desk.resume(agent, w.APPROVE, w.APPROVE)

    assert [args["to"] for args in desk.called("pay")] == ["I-2"]
    assert "no longer holds" in out["results"]["pay[I-1]"]["failure"]["message"]


async def test_a_check_outside_a_loop_holds_for_effects_in_it(desk: Any, w: Any) -> None:
    """The account was emptied meanwhile, so nothing is paid."""
    books = Books()
    funds = {**w.step("funds", "account"), "checks": [FUNDED]}
    agent = agent_of(desk, w, books, funds, loop(pay(w), after=["funds"]))
    await desk.ask(agent, "Pay the invoices")
    books.left = 0.0

    out = await desk.resume(agent, w.APPROVE, w.APPROVE)

    assert not desk.called("pay")
    assert "no longer holds" in out["results"]["pay[I-2]"]["failure"]["message"]


@pytest.mark.parametrize(
    "when", ["inv.status == 'open'", "inv.amount < 21 and inv.status != 'paid'"]
)
async def test_a_condition_is_decided_anew(desk: Any, w: Any, when: str) -> None:
    """What it read is looked at again: the invoice was paid while a person took their time."""
    books = Books()
    looked = w.step("inv", "invoice", number="I-1")
    agent = agent_of(desk, w, books, looked, {**pay(w, to="I-1"), "when": when})
    await desk.ask(agent, "Pay the invoice if it is open")
    books.status["I-1"] = "paid"

    out = await desk.resume(agent, w.APPROVE)

    assert not desk.called("pay")
    assert out["results"]["pay"]["failure"]["kind"] == "check"
    assert "has changed since" in out["messages"][-1].text


async def test_a_condition_that_still_holds_keeps_nothing_back(desk: Any, w: Any) -> None:
    """It is looked at once more, and what was approved happens."""
    books = Books()
    looked = w.step("inv", "invoice", number="I-1")
    paid = {**pay(w, to="I-1"), "when": "inv.status == 'open'"}
    agent = agent_of(desk, w, books, looked, paid)
    await desk.ask(agent, "Pay the invoice if it is open")

    out = await desk.resume(agent, w.APPROVE)

    assert out["results"]["pay"]["status"] == "accepted"
    assert books.asked == ["I-1"] * 2


async def test_a_condition_in_a_loop_is_decided_anew_for_its_item(desk: Any, w: Any) -> None:
    """What was paid elsewhere is not paid; the other item is."""
    books = Books()
    looked = w.step("inv", "invoice", number=w.ref("one", "number"))
    paid = {**pay(w, "inv"), "when": "inv.status == 'open'"}
    agent = agent_of(desk, w, books, loop(looked, paid))
    await desk.ask(agent, "Pay the open invoices")
    books.status["I-1"] = "paid"

    await desk.resume(agent, w.APPROVE, w.APPROVE)

    assert [args["to"] for args in desk.called("pay")] == ["I-2"]


async def test_a_condition_that_an_own_effect_has_changed_stands(desk: Any, w: Any) -> None:
    """Both effects were approved on it, and nobody else has touched what it read."""
    books = Books()

    @tool(effect="money", trust="internal", idempotency="key")
    async def settle(number: str, part: int) -> dict[str, Any]:
        """Settle a part of an invoice."""
        books.status[number] = "settled"
        return {"part": part}

    books.tools.append(settle)
    looked = w.step("inv", "invoice", number="I-1")
    is_open = {"when": "inv.status == 'open'"}
    parts = [
        {**w.step("first", "settle", number="I-1", part=1), **is_open},
        {**w.step("second", "settle", ["first"], number="I-1", part=2), **is_open},
    ]
    agent = agent_of(desk, w, books, looked, *parts)
    await desk.ask(agent, "Settle the invoice in two parts if it is open")

    out = await desk.resume(agent, w.APPROVE, w.APPROVE)

    while out.get("__interrupt__"):
        out = await desk.resume(agent, w.APPROVE)
    assert out["results"]["second"]["status"] == "accepted"


async def test_what_the_first_effect_of_a_loop_changes_does_not_stop_the_second(
    desk: Any, w: Any
) -> None:
    """A payment leaves less in the account, as the plan wants, and nobody else has changed it."""
    books = Books()

    @tool(effect="money", trust="internal", idempotency="key")
    async def spend(to: str) -> dict[str, Any]:
        """Pay from the account."""
        books.left -= 95.0
        return {"to": to}

    books.tools.append(spend)
    funds = {**w.step("funds", "account"), "checks": [FUNDED]}
    spending = w.step("spend", "spend", to=w.ref("one", "number"))
    agent = agent_of(desk, w, books, funds, loop(spending, after=["funds"]))
    await desk.ask(agent, "Pay the invoices")

    out = await desk.resume(agent, w.APPROVE, w.APPROVE)

    assert out["results"]["spend[I-2]"]["status"] == "accepted"
    # Planned on, before the first, after it, before the second; nothing rests on it after that.
    assert books.asked == ["account"] * 4


async def test_an_effect_that_did_not_happen_has_changed_nothing(desk: Any, w: Any) -> None:
    """The first is refused because the account is empty; the second is looked at for itself."""
    books = Books()
    funds = {**w.step("funds", "account"), "checks": [FUNDED]}
    agent = agent_of(desk, w, books, funds, loop(checked(w), pay(w, "inv"), after=["funds"]))
    await desk.ask(agent, "Pay the invoices")
    books.status["I-1"], books.left = "paid", 0.0

    out = await desk.resume(agent, w.APPROVE, w.APPROVE)

    assert not desk.called("pay")
    assert out["results"]["pay[I-2]"]["failure"]["kind"] == "check"


async def test_an_effect_after_a_loop_rests_on_the_checks_of_its_items(desk: Any, w: Any) -> None:
    """All invoices must still be open when the sum of them is paid."""
    books = Books()
    total = w.step("pay", "pay", ["each"], to="ann", amount=40.0)
    agent = agent_of(desk, w, books, loop(checked(w)), total)
    await desk.ask(agent, "Pay the sum of the invoices")
    books.status["I-2"] = "paid"

    out = await desk.resume(agent, w.APPROVE)

    assert not desk.called("pay")
    assert "no longer holds" in out["results"]["pay"]["failure"]["message"]


async def test_an_effect_after_a_loop_of_unchanged_items_happens(desk: Any, w: Any) -> None:
    """Each item is looked at again, by its own arguments."""
    books = Books()
    total = w.step("pay", "pay", ["each"], to="ann", amount=40.0)
    agent = agent_of(desk, w, books, loop(checked(w)), total)
    await desk.ask(agent, "Pay the sum of the invoices")
    books.asked.clear()

    await desk.resume(agent, w.APPROVE)

    assert len(desk.called("pay")) == 1
    assert sorted(books.asked) == ["I-1", "I-2"]


@pytest.mark.parametrize("looped", [False, True], ids=["plain", "in-a-loop"])
async def test_another_look_is_paid_for_and_stands_under_the_cap(
    desk: Any, w: Any, looped: bool
) -> None:
    """The cap leaves room for the first looks alone, so nothing is paid unseen."""
    books = Books(price=0.30)
    steps = [loop(checked(w), pay(w, "inv"))] if looped else None
    plain = [checked(w, number="I-1"), pay(w, "inv", to="ann")]
    agent = agent_of(desk, w, books, *(steps or plain), catalog=FREE, deadline_seconds=600)
    out = await desk.ask(agent, "Pay", budget_usd=0.75 if looped else 0.5)

    out = await desk.resume(agent, *[w.APPROVE] * len(w.requests(out)))

    state = (await agent.aget_state(desk.at("t"))).values
    run = state["run"]["id"]
    assert not desk.called("pay")
    assert state["stop"]["reason"] == "budget"
    assert (await desk.store.budgets.balance("run", run)).spent_usd <= (0.75 if looped else 0.5)


async def test_what_another_look_costs_is_counted(desk: Any, w: Any) -> None:
    """The run's usage holds the first look and the second."""
    books = Books(price=0.30)
    agent = agent_of(
        desk, w, books, checked(w, number="I-1"), pay(w, "inv", to="ann"), catalog=FREE
    )
    await desk.ask(agent, "Pay", budget_usd=5.0)

    out = await desk.resume(agent, w.APPROVE)

    assert len(desk.called("pay")) == 1
    assert out["usage"]["usd"] == pytest.approx(0.60)


async def test_a_tool_that_was_frozen_meanwhile_is_not_looked_at_again(desk: Any, w: Any) -> None:
    """Policy decides on the second look too, and without it nothing is paid."""
    books = Books()
    agent = agent_of(desk, w, books, checked(w, number="I-1"), pay(w, "inv", to="ann"))
    await desk.ask(agent, "Pay")
    await desk.switch("freeze_tool", "invoice", "broken")
    books.asked.clear()

    out = await desk.resume(agent, w.APPROVE)

    assert not desk.called("pay")
    assert not books.asked
    assert "may not be asked again" in out["results"]["pay"]["failure"]["message"]


async def test_a_look_that_a_person_has_agreed_to_may_be_made_again(desk: Any, w: Any) -> None:
    """Under `ask_always` the check itself was approved."""
    books = Books()
    agent = agent_of(desk, w, books, checked(w, number="I-1"), pay(w, "inv", to="ann"))
    out = await desk.ask(agent, "Pay", autonomy="ask_always")
    while "__interrupt__" in out:
        out = await desk.resume(agent, *[w.APPROVE] * len(w.requests(out)))

    assert len(desk.called("pay")) == 1
    assert books.asked == ["I-1", "I-1"]


@pytest.mark.parametrize(
    ("kind", "target"),
    [("revoke_token", "t1"), ("revoke_principal", "bea"), ("freeze_tool", "pay"), ("pause", "")],
)
async def test_what_is_switched_off_during_a_look_stops_the_call(
    desk: Any, w: Any, kind: str, target: str
) -> None:
    """The approval is checked after looking, which takes time, and not before alone."""
    looks: list[str] = []

    @tool(effect="read", trust="internal")
    async def bill(number: str) -> dict[str, Any]:
        """Look up a bill."""
        looks.append(number)
        if len(looks) > 1:
            await desk.switch(kind, target)
        return {"status": "open"}

    looked = {**w.step("bill", "bill", number="I-1"), "checks": [OPEN]}
    pay = {**w.step("pay", "pay", to="ann", amount=20.0), "after": ["bill"]}
    agent = desk.agent(planner=Fixed(looked, pay), tools=[bill])
    [request] = w.requests(await desk.ask(agent, "Pay ann"))
    await desk.decide(agent, request["id"], w.APPROVE, "bea", token="t1")

    await desk.go_on(agent)

    assert (len(looks), desk.called("pay")) == (2, [])
