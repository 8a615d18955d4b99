"""The world may move between two effects of one approval; our own effects are told apart."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pointsman import tool
from pointsman.errors import ToolError
from pointsman.planners.protocols import PlanRequest
from pointsman.state.plan import Plan

FUNDED = {"path": "left", "op": "ge", "value": 10, "message": "The account has money."}
UNATTENDED = """@id("small") permit (principal, action == Action::"callUnattended", resource)
    when { context has amountCents && context.amountCents <= 5000 };"""


class Account:
    """An account that others use too: what happens after the n-th look is the test's."""

    def __init__(self, left: float, then: dict[int, Callable[[Account], None]]) -> None:
        self.left, self.looks, self.then = left, 0, then
        self.spent: list[str] = []
        self.broken = False

        @tool(effect="read", trust="internal")
        async def account() -> dict[str, Any]:
            """Look up what is left."""
            if self.broken:
                raise ToolError("closed for the day")
            self.looks += 1
            found = {"left": self.left, "as_of": f"look {self.looks}"}
            self.then.get(self.looks, lambda _: None)(self)
            return found

        @tool(effect="money", trust="internal", idempotency="key", amount="amount")
        async def spend(to: str, amount: float) -> dict[str, Any]:
            """Pay from the account."""
            self.left -= amount
            self.spent.append(to)
            return {"to": to}

        @tool(effect="read", trust="internal")
        async def people() -> dict[str, Any]:
            """List whom to pay."""
            return {"all": [{"name": name} for name in ("ann", "bob", "cyd")]}

        self.tools = [account, spend, people]


class Fixed:
    """A planner that has one plan, with fields that a model's plan may not have."""

    def __init__(self, *steps: Any) -> None:
        self.steps = steps

    async def plan(self, request: PlanRequest) -> Plan:
        """Return the plan."""
        return Plan.from_json({"steps": list(self.steps), "version": request.version})


def steps_of(w: Any, amounts: tuple[float, ...]) -> list[Any]:
    """Write payments that each rest on the same look at the account."""
    names = ("ann", "bob", "cyd")
    pay = [
        w.step(name, "spend", ["funds"], to=name, amount=amount)
        for name, amount in zip(names, amounts, strict=False)
    ]
    return [{**w.step("funds", "account"), "checks": [FUNDED]}, *pay]


def loop_of(w: Any, amount: float) -> list[Any]:
    """Write the same as a loop."""
    each = w.step("spend", "spend", to=w.ref("one", "name"), amount=amount)
    loop = {"items": "people.all", "item": "one", "key": "one.name", "max": 3, "steps": [each]}
    return [
        {**w.step("funds", "account"), "checks": [FUNDED]},
        w.step("people", "people"),
        {"id": "each", "kind": "each", "after": ["funds"], "for_each": loop},
    ]


def chain_of(w: Any, amounts: tuple[float, ...]) -> list[Any]:
    """Write payments one after the other."""
    first, *pay = steps_of(w, amounts)
    return [
        first,
        *({**p, "after": [q["id"], "funds"]} for q, p in zip([first, *pay[:-1]], pay, strict=True)),
    ]


def agent_of(desk: Any, account: Account, *steps: Any, **more: Any) -> Any:
    """Build the agent."""
    limits = {"max_revisions": 0}
    return desk.agent(planner=Fixed(*steps), tools=account.tools, limits=limits, **more)


async def approve_all(desk: Any, w: Any, agent: Any) -> Any:
    """Ask, and approve whatever is asked until nothing is."""
    out = await desk.ask(agent, "Pay them")
    while "__interrupt__" in out:
        out = await desk.resume(agent, *[w.APPROVE] * len(w.requests(out)))
    return out


def plans(w: Any, amount: float) -> list[Any]:
    """Return the three forms of a plan that pays three people."""
    three = (amount,) * 3
    return [steps_of(w, three), loop_of(w, amount), chain_of(w, three)]


@pytest.mark.parametrize("form", [0, 1, 2], ids=["side-by-side", "loop", "chain"])
async def test_what_others_change_between_two_effects_stops_the_second(
    desk: Any, w: Any, form: int
) -> None:
    """The account was emptied after the first payment, by somebody else."""

    def empty(account: Account) -> None:
        account.left = 0.0

    # The third look is the one right after the first payment.
    account = Account(1000.0, {3: empty})
    agent = agent_of(desk, account, *plans(w, 20.0)[form])

    await approve_all(desk, w, agent)

    assert account.spent == ["ann"]


@pytest.mark.parametrize("form", [0, 1, 2], ids=["side-by-side", "loop", "chain"])
async def test_what_the_effects_themselves_change_stops_none(desk: Any, w: Any, form: int) -> None:
    """The first payment leaves less than the plan has checked for, as the plan wants."""
    account = Account(100.0, {})
    agent = agent_of(desk, account, *plans(w, 95.0)[form])

    await approve_all(desk, w, agent)

    assert account.spent == ["ann", "bob", "cyd"]


@pytest.mark.parametrize("form", [0, 1, 2], ids=["side-by-side", "loop", "chain"])
async def test_a_change_on_top_of_our_own_is_somebody_elses(desk: Any, w: Any, form: int) -> None:
    """Below what was checked already by our own payment, and then moved once more."""

    def take(account: Account) -> None:
        account.left -= 1.0

    account = Account(100.0, {3: take})
    agent = agent_of(desk, account, *plans(w, 95.0)[form])

    await approve_all(desk, w, agent)

    assert account.spent == ["ann"]


async def test_an_effect_that_ran_unattended_is_told_apart_too(desk: Any, w: Any) -> None:
    """A small payment needs nobody and leaves little; the large one was approved after it."""
    account = Account(55.0, {})
    plan = chain_of(w, (50.0, 100.0))
    agent = agent_of(desk, account, *plan, policy=UNATTENDED)
    await desk.ask(agent, "Pay them")
    assert account.spent == ["ann"]

    await desk.resume(agent, w.APPROVE)

    assert account.spent == ["ann", "bob"]


async def test_what_others_changed_after_an_unattended_effect_counts(desk: Any, w: Any) -> None:
    """While the large payment waited for its approval."""
    account = Account(200.0, {})
    agent = agent_of(desk, account, *chain_of(w, (50.0, 100.0)), policy=UNATTENDED)
    await desk.ask(agent, "Pay them")
    account.left = 5.0

    await desk.resume(agent, w.APPROVE)

    assert account.spent == ["ann"]


async def test_where_nobody_could_look_after_an_effect_the_check_must_hold(
    desk: Any, w: Any
) -> None:
    """What is below the limit then may be anybody's doing."""

    def close(account: Account) -> None:
        account.broken = True

    account = Account(100.0, {2: close})
    agent = agent_of(desk, account, *steps_of(w, (95.0, 1.0)))
    out = await desk.ask(agent, "Pay them")
    out = await desk.resume(agent, w.APPROVE, w.APPROVE)

    assert account.spent == ["ann"]
    assert "could not be asked again" in out["results"]["bob"]["failure"]["message"]
