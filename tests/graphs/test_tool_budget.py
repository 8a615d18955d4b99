"""Tools under the cap: reserved before they are called, settled after, counted from the record."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from pointsman import report_cost, tool
from pointsman.errors import ToolError

from .conftest import Bench

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
"""The scripted planner costs nothing, so that a cap on money can be kept."""


class Meter:
    """A paid look-up, and how often it was really called."""

    def __init__(self, *, price: float = 0.30, told: float | None = None, fails: int = 0) -> None:
        self.calls = 0
        self.told = told
        self.fails = fails

        @tool(effect="read", trust="internal", cost_usd=price, max_attempts=5, backoff=0.0)
        async def search(q: str) -> dict[str, Any]:
            """Search."""
            self.calls += 1
            if self.told is not None:
                report_cost(self.told)
            await asyncio.sleep(0.02)
            if self.calls <= self.fails:
                raise RuntimeError("unreachable")
            return {"found": q}

        self.tool = search


def plan(count: int, *, chained: bool = False) -> dict[str, Any]:
    """A plan of paid look-ups, side by side or one after the other."""
    steps: list[dict[str, Any]] = []
    for number in range(count):
        step: dict[str, Any] = {
            "id": f"s{number}",
            "kind": "tool",
            "tool": "search",
            "args": {"q": str(number)},
        }
        if chained and number:
            step["after"] = [f"s{number - 1}"]
        steps.append(step)
    return {"steps": steps}


async def outcome(agent: Any, thread: str, budget: float | None) -> dict[str, Any]:
    """Run a task under a budget, and return the state that it ends in."""
    config = {"configurable": {"thread_id": thread}}
    message = {"role": "user", "content": "Search for it."}
    await agent.ainvoke({"messages": [message]}, config, context={"budget_usd": budget})
    return (await agent.aget_state(config)).values


@pytest.mark.parametrize("chained", [False, True], ids=["side by side", "one after the other"])
async def test_tools_stay_under_the_cap(bench: Bench, chained: bool) -> None:
    """However many look-ups ask at once, only those that the cap pays for are called."""
    meter = Meter(price=0.1)
    capped = {**FREE, "budget": {"run": {"usd": 0.35}}}
    agent = bench.agent(plan(5, chained=chained), tools=[meter.tool], settings_models=capped)

    ended = await outcome(agent, "t", None)

    balance = await bench.store.budgets.balance("run", ended["run"]["id"])
    assert meter.calls == 3
    assert balance.spent_usd == pytest.approx(0.3)
    assert balance.reserved_usd == pytest.approx(0.0, abs=1e-9)
    assert ended["usage"]["usd"] == pytest.approx(balance.spent_usd)
    assert ended["stop"]["reason"] == "budget"


async def test_a_dearer_call_than_its_contract_says_takes_no_more_than_is_left(
    bench: Bench,
) -> None:
    """What a call reports beyond its contract is charged as far as the cap goes."""
    meter = Meter(price=0.1, told=0.4)
    agent = bench.agent(plan(3, chained=True), tools=[meter.tool], settings_models=FREE)

    ended = await outcome(agent, "t", 0.5)

    balance = await bench.store.budgets.balance("run", ended["run"]["id"])
    assert meter.calls == 2
    assert balance.spent_usd == pytest.approx(0.5)
    assert ended["usage"]["usd"] == pytest.approx(0.5)


async def test_retries_are_paid_for_each(bench: Bench) -> None:
    """A call that fails has been made: its retry is reserved anew, and the cap ends it."""
    meter = Meter(price=0.2, fails=99)
    agent = bench.agent(
        plan(1), {"steps": [], "cannot": "no"}, tools=[meter.tool], settings_models=FREE
    )

    ended = await outcome(agent, "t", 0.5)

    balance = await bench.store.budgets.balance("run", ended["run"]["id"])
    assert meter.calls == 2
    assert balance.spent_usd == pytest.approx(0.4)
    assert ended["usage"]["usd"] == pytest.approx(0.4)


async def test_what_a_call_reports_replaces_its_contract(bench: Bench) -> None:
    """A cheaper call gives the rest back, so that more of them fit."""
    meter = Meter(price=0.2, told=0.01)
    agent = bench.agent(plan(2, chained=True), tools=[meter.tool], settings_models=FREE)

    ended = await outcome(agent, "t", 0.5)

    assert meter.calls == 2
    assert ended["usage"]["usd"] == pytest.approx(0.02)
    assert ended["answer"]["status"] != "stopped"


async def test_revisions_forget_neither_cost_nor_failures(bench: Bench) -> None:
    """What failed under an earlier plan was paid, and counts toward the limit on failures."""
    meter = Meter(price=0.05, fails=99)
    again = plan(1)
    again["steps"][0] = {**again["steps"][0], "id": "other", "args": {"q": "else"}}
    third = plan(1)
    third["steps"][0] = {**third["steps"][0], "id": "third", "args": {"q": "more"}}
    agent = bench.agent(plan(1), again, third, tools=[meter.tool], settings_models=FREE)

    ended = await outcome(agent, "t", 5.0)

    balance = await bench.store.budgets.balance("run", ended["run"]["id"])
    assert balance.spent_usd == pytest.approx(0.05 * meter.calls)
    assert ended["usage"]["usd"] == pytest.approx(balance.spent_usd)
    assert ended["usage"]["tool_calls"] == meter.calls
    assert ended["stop"]["reason"] == "tool_failure"


@pytest.mark.parametrize("usd", [-1.0, float("nan"), float("inf")])
def test_a_cost_is_an_amount(usd: float) -> None:
    """What is no amount of money is refused where it is reported."""
    with pytest.raises(ToolError):
        report_cost(usd)


BY_SPEND = """
@id("small") permit (principal, action == Action::"callUnattended", resource)
when { resource.effect == "money" };
@id("dear") @reason("The run has spent more than $0.50.")
forbid (principal, action == Action::"callUnattended", resource) when { context.spentCents > 50 };
"""


@pytest.mark.parametrize(("searches", "asked"), [(1, False), (2, True)])
async def test_policy_sees_what_tools_have_cost(
    bench: Bench, tmp_path: Path, searches: int, asked: bool
) -> None:
    """A rule on the run's spend holds, whoever the money went to."""
    (tmp_path / "spend.cedar").write_text(BY_SPEND, "utf-8")
    planned = plan(searches, chained=True)
    paying = {"id": "pay", "kind": "tool", "tool": "pay", "args": {"to": "ann", "amount": 5.0}}
    planned["steps"].append({**paying, "after": [f"s{searches - 1}"]})
    agent = bench.agent(
        planned,
        tools=[Meter(price=0.3).tool],
        settings_models=FREE,
        policy={"additions": [tmp_path / "spend.cedar"]},
    )

    await outcome(agent, "t", None)

    waiting = (await agent.aget_state({"configurable": {"thread_id": "t"}})).interrupts
    assert bool(waiting) == asked
    if waiting:
        facts = waiting[0].value["pointsman"]
        assert facts["cost_so_far_usd"] == pytest.approx(0.6)


async def test_a_used_up_budget_stops_the_run_whoever_was_paid(bench: Bench) -> None:
    """The hard stop counts tools: a free step after it does not run."""
    planned = plan(1)
    free = {"id": "free", "kind": "tool", "tool": "look", "args": {"item": "A"}}
    cleared = {"id": "pay", "kind": "tool", "tool": "pay", "args": {"to": "ann", "amount": 1.0}}
    planned["steps"] += [{**free, "after": ["pay"]}, {**cleared, "after": ["s0"]}]
    agent = bench.agent(planned, tools=[Meter(price=0.3).tool], settings_models=FREE)

    ended = await outcome(agent, "t", 0.3)

    assert ended["stop"]["reason"] == "budget"
    assert bench.count("pay") == bench.count("look") == 0
