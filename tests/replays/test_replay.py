"""`replay`: nothing is called, and what today decides otherwise is told."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, StateGraph
from langgraph.types import Command
from sqlalchemy import select

from pointsman import Settings, build_agent, open_store, replay, tool, trace
from pointsman.errors import ConfigError, NotFoundError
from pointsman.replays.replay import Replay
from pointsman.state.agent import AgentState
from pointsman.state.values import JsonObject
from pointsman.stores.schema import METADATA
from pointsman.stores.store import SqlStore
from pointsman.testing import ScriptedGateway, ScriptedModel

THREAD: Any = {"configurable": {"thread_id": "t1"}}


def paying() -> JsonObject:
    """Write a plan that pays each bill that is large enough."""
    number = {"$from": "bill", "path": "no"}
    fee = {"id": "fee", "kind": "tool", "tool": "fee", "args": {"no": number}}
    pay = {
        "id": "pay",
        "kind": "tool",
        "tool": "pay",
        "when": "bill.due > 10",
        "args": {"no": number, "usd": {"$expr": "bill.due + fee.usd"}},
    }
    loop = {"items": "open", "item": "bill", "key": "bill.no", "max": 9, "steps": [fee, pay]}
    return {
        "reason": "Pay what is due.",
        "steps": [
            {"id": "open", "kind": "tool", "tool": "bills"},
            {"id": "each", "kind": "each", "for_each": loop},
        ],
    }


class World:
    """Tools that count their calls."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def tools(self, **contract: Any) -> list[Any]:
        """Return the tools; `contract` is more of what is said of `pay`."""
        note = self.calls.append

        @tool(effect="read", trust="internal")
        async def bills() -> list[dict[str, Any]]:
            """List the open bills."""
            note("bills")
            await asyncio.sleep(0)
            return [{"no": n, "due": n * 10.0} for n in (1, 2, 3)]

        @tool(effect="read", trust="internal")
        async def fee(no: int) -> dict[str, float]:
            """Look up a bill's fee."""
            note(f"fee {no}")
            return {"usd": 2.0 + no}

        @tool(effect="money", trust="internal", idempotency="key", **contract)
        async def pay(no: int, usd: float) -> dict[str, Any]:
            """Pay a bill."""
            note(f"pay {no}")
            return {"receipt": f"R-{no}", "paid": usd}

        return [bills, fee, pay]


class Paid:
    """A thread in which two of three bills were paid, after a person agreed."""

    def __init__(self, home: Path, store: SqlStore) -> None:
        self.world = World()
        self.home = home
        self.store = store
        self.saver = InMemorySaver()

    def agent(
        self, *replies: JsonObject, contract: JsonObject | None = None, **settings: Any
    ) -> Any:
        """Build an agent over the thread."""
        return build_agent(
            Settings.parse({"home": self.home, **settings}),
            tools=self.world.tools(**(contract or {})),
            models={"planner": ScriptedModel(replies=list(replies))},
            checkpointer=self.saver,
            store=self.store,
        )

    async def run(self) -> None:
        """Ask, agree, and forget what was called."""
        agent = self.agent(paying())
        asked = await agent.ainvoke({"task": "Pay what is due."}, THREAD)
        [question] = asked["__interrupt__"]
        decisions = [{"type": "approve"} for _ in question.value["action_requests"]]
        out = await agent.ainvoke(Command(resume={"decisions": decisions}), THREAD)
        assert out["answer"]["status"] == "complete", out["answer"]
        assert sorted(self.world.calls)[-2:] == ["pay 2", "pay 3"]
        self.world.calls.clear()

    async def rows(self) -> JsonObject:
        """Return all that the store holds."""

        def work(connection: Any) -> JsonObject:
            return {
                table.name: [tuple(row) for row in connection.execute(select(table))]
                for table in METADATA.sorted_tables
            }

        await self.store.database.write_what_waits()
        return await self.store.database.read(work)


@pytest.fixture
async def paid(tmp_path: Path) -> Any:
    """Give the paid thread."""
    home = tmp_path / "home"
    home.mkdir(exist_ok=True)
    async with open_store(home / "pointsman.db") as store:
        thread = Paid(home, store)
        await thread.run()
        yield thread


def told(found: Replay) -> dict[str, set[str]]:
    """Return the differences: step → names of facts."""
    names: dict[str, set[str]] = {}
    for step, fact in found.comparison.differences():
        names.setdefault(step, set()).add(fact.name)
    return names


async def test_the_same_rules_lead_to_the_same_run(paid: Paid) -> None:
    """From any checkpoint, without a call and without a word in the record."""
    agent = paid.agent()
    before = await paid.rows()
    [run] = (await trace(agent, "t1")).runs
    places = [c.id for c in run.checkpoints if not {"__start__", "normalize"} & {*c.next}]

    found = [await replay(agent, "t1", checkpoint=place) for place in places]

    assert len(places) > 4
    assert [(told(f), f.missing, f.unused) for f in found] == [({}, (), ())] * len(places)
    assert paid.world.calls == []
    assert await paid.rows() == before


async def test_a_policy_that_refuses_today_is_told(paid: Paid) -> None:
    """The step, what became of it and what the answer would be."""
    found = await replay(paid.agent(policy={"tools": {"pay": {"frozen": True}}}), "t1")

    differences = told(found)
    assert {"status", "failure"} <= differences["pay[2]"] & differences["pay[3]"]
    assert "answer" in differences[""]
    assert [call for call in found.unused if "pay" in call] != []
    assert paid.world.calls == []


async def test_a_policy_that_no_longer_asks_is_told(paid: Paid) -> None:
    """The payment would run unattended today; its result is that of then."""
    found = await replay(paid.agent(policy={"tools": {"pay": {"effect": "read"}}}), "t1")

    differences = told(found)
    assert "approval" in differences["pay[2]"]
    assert "output" not in differences["pay[2]"]
    assert paid.world.calls == []


async def test_other_costs_of_a_tool_are_told(paid: Paid) -> None:
    """What a call costs is the contract's word of today."""
    found = await replay(paid.agent(contract={"cost_usd": 0.25}), "t1")

    assert told(found) == {"pay[2]": {"usd"}, "pay[3]": {"usd"}}


async def test_what_was_not_called_is_not_called(paid: Paid) -> None:
    """A default that has changed makes another call, which the record does not hold."""

    @tool(effect="read", trust="internal")
    async def fee(no: int, currency: str = "USD") -> dict[str, float]:
        """Look up a bill's fee."""
        raise AssertionError("called")

    bills, _, pay = paid.world.tools()
    agent = build_agent(
        Settings.parse({"home": paid.home}),
        tools=[bills, fee, pay],
        checkpointer=paid.saver,
        store=paid.store,
        models={"planner": ScriptedModel(replies=[])},
    )

    found = await replay(agent, "t1")

    assert [line for line in found.missing if "fee with these arguments" in line] != []
    assert "status" in told(found)["fee[1]"]
    assert paid.world.calls == []


async def test_prices_are_those_of_today(tmp_path: Path) -> None:
    """The provider is not asked again, and the same tokens cost what they cost now."""
    reply: JsonObject = {"reason": "Hello.", "steps": [], "answer": [{"text": "Hello!"}]}
    with ScriptedGateway({"planner": [reply]}) as server:

        def settings(price: float) -> Settings:
            model = {
                "id": "planner",
                "endpoint": "here",
                "roles": ["planner"],
                "prices": {"input": price, "output": price},
            }
            endpoint = {"base_url": server.base_url, "provider": "scripted"}
            models = {"endpoints": {"here": endpoint}, "models": [model]}
            return Settings.parse({"home": tmp_path / "home", "models": models})

        (tmp_path / "home").mkdir(exist_ok=True)
        async with open_store(tmp_path / "records.db") as store:
            saver = InMemorySaver()
            agent = build_agent(settings(1.0), checkpointer=saver, store=store)
            await agent.ainvoke({"task": "Hello"}, THREAD)
            dearer = build_agent(settings(3.0), checkpointer=saver, store=store)

            same = await replay(agent, "t1")
            found = await replay(dearer, "t1")
        server.assert_complete()

    assert told(same) == {}
    assert told(found) == {"": {"usd"}}
    [(_, usd)] = found.comparison.differences()
    assert usd.before > 0
    assert usd.after == pytest.approx(3 * usd.before)


@pytest.mark.parametrize(
    ("place", "problem"),
    [
        ({"thread": "nobody"}, "nobody"),
        ({"thread": "t1", "turn": 7}, "turn 7"),
        ({"thread": "t1", "checkpoint": "1ef0"}, "checkpoint 1ef0"),
    ],
)
async def test_a_place_that_is_not_there_is_named(
    paid: Paid, place: JsonObject, problem: str
) -> None:
    """A thread, a turn and a checkpoint."""
    with pytest.raises(NotFoundError, match=problem):
        await replay(paid.agent(), **place)


async def test_another_graph_cannot_be_replayed() -> None:
    """It does not know what it was built from."""
    graph = StateGraph(AgentState)

    def nothing(state: AgentState) -> JsonObject:
        return {}

    graph.add_node("nothing", nothing)
    graph.add_edge(START, "nothing")

    with pytest.raises(ConfigError, match="build_agent"):
        await replay(graph.compile(checkpointer=InMemorySaver()), "t1")
