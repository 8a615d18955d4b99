"""The first validated form of a call's arguments binds, stays and runs."""

from __future__ import annotations

import itertools
import uuid
from typing import Annotated, Any

import pytest
from langchain_core.tools import StructuredTool
from pydantic import AfterValidator, BaseModel, Field
from sqlalchemy import update

from pointsman import tool
from pointsman.errors import OperatorError, ToolError
from pointsman.state.migrations import stamped as row_of
from pointsman.stores.schema import notes
from pointsman.tools import from_langchain

UNATTENDED = """@id("all") permit (principal, action == Action::"callUnattended", resource)
    when { resource.effect == "money" };"""
TICKS = itertools.count()


def new_id() -> str:
    """Make an id, as programs do."""
    return uuid.uuid4().hex


class Order(BaseModel):
    """Something to pay, with an id and a time of its own."""

    to: str
    key: str = Field(default_factory=new_id)


def stamped(text: str) -> str:
    """Note when a text was first seen."""
    return text if "@" in text else f"{text}@{next(TICKS)}"


Stamped = Annotated[str, AfterValidator(stamped)]


class Bank:
    """Pays, and goes dead for the first calls."""

    def __init__(self, *, dead: int = 0) -> None:
        self.paid: list[Any] = []
        self.dead = dead

    def book(self, args: Any) -> str:
        """Pay, and perhaps say nothing."""
        self.paid.append(args)
        if len(self.paid) <= self.dead:
            raise ToolError("The line went dead.", happened="unknown", retryable=True)
        return "paid"


def function_tool(bank: Bank, **contract: Any) -> Any:
    """A tool by decorator, with a factory in a model."""

    @tool(effect="money", trust="internal", **contract)
    async def order(order: Order) -> str:
        """Pay."""
        return bank.book((order.to, order.key))

    return order


def stamped_tool(bank: Bank, **contract: Any) -> Any:
    """A tool whose validator looks at a clock."""

    @tool(effect="money", trust="internal", **contract)
    async def order(order: Stamped) -> str:
        """Pay."""
        return bank.book(order)

    return order


def langchain_tool(bank: Bank, **contract: Any) -> Any:
    """A LangChain tool with an aliased field that a factory fills."""

    class Given(BaseModel):
        order: str
        key: str = Field(default_factory=new_id, alias="requestKey")

    def order(order: str, key: str) -> str:
        """Pay."""
        return bank.book((order, key))

    made = StructuredTool.from_function(
        order,
        args_schema=Given,
        metadata={"pointsman": {"effect": "money", "trust": "internal", **contract}},
    )
    return from_langchain(made)


TOOLS = [
    pytest.param(function_tool, {"to": "ann"}, id="a-factory-in-a-model"),
    pytest.param(stamped_tool, "ann", id="a-validator-that-reads-the-clock"),
    pytest.param(langchain_tool, "ann", id="an-aliased-factory-of-langchain"),
]


@pytest.mark.parametrize(("make", "given"), TOOLS)
async def test_a_retry_is_the_same_call(desk: Any, w: Any, make: Any, given: Any) -> None:
    """The bank takes a key, so the doubtful call is made again: with the same arguments."""
    bank = Bank(dead=1)
    tools = [make(bank, idempotency="key", max_attempts=3, backoff=0.0)]
    agent = desk.agent(w.plan(w.step("pay", "order", order=given)), tools=tools, policy=UNATTENDED)

    out = await desk.ask(agent, "Pay ann")

    assert out["results"]["pay"]["status"] == "accepted"
    assert len(bank.paid) == 2
    assert bank.paid[0] == bank.paid[1]
    [effect] = await desk.store.effects.of_run(
        (await agent.aget_state(desk.at("t"))).values["run"]["id"]
    )
    assert effect.attempts == 2


@pytest.mark.parametrize(("make", "given"), TOOLS)
async def test_another_step_with_the_same_given_arguments_is_the_same_call(
    desk: Any, w: Any, make: Any, given: Any
) -> None:
    """What the run gave is equal; that validation would make another id of it is no new order."""
    bank = Bank()
    tools = [make(bank, idempotency="none", max_attempts=1)]
    agent = desk.agent(
        w.plan(w.step("pay", "order", order=given), w.step("again", "order", ["pay"], order=given)),
        tools=tools,
        policy=UNATTENDED,
    )

    await desk.ask(agent, "Pay ann")

    assert len(bank.paid) == 1


@pytest.mark.parametrize(("make", "given"), TOOLS)
async def test_what_was_approved_is_what_runs(desk: Any, w: Any, make: Any, given: Any) -> None:
    """The approver reads the id that the call carries, and asking again asks for the same."""
    bank = Bank()
    agent = desk.agent(
        w.plan(w.step("pay", "order", order=given)), tools=[make(bank, idempotency="key")]
    )
    [first] = w.requests(await desk.ask(agent, "Pay ann"))
    history = [s async for s in agent.aget_state_history(desk.at("t"))]
    before = next(s for s in history if s.next == ("lane",))
    [second] = w.requests(await agent.ainvoke(None, before.config))

    assert (second["id"], second["args"]) == (first["id"], first["args"])
    await desk.resume(agent, w.APPROVE)
    assert len(bank.paid) == 1
    shown = str(first["args"])
    assert all(str(part) in shown for part in bank.paid[0] if isinstance(bank.paid[0], tuple))


@pytest.mark.parametrize("after", [[], ["pay"]], ids=["asked-together", "asked-later"])
@pytest.mark.parametrize(("make", "given"), TOOLS)
async def test_an_approved_repetition_carries_ids_of_its_own(
    desk: Any, w: Any, make: Any, given: Any, after: list[str]
) -> None:
    """A bank that knows a payment by its id would take the second for the first."""
    bank = Bank()
    plan = w.plan(w.step("pay", "order", order=given), w.step("again", "order", after, order=given))
    agent = desk.agent(plan, tools=[make(bank, idempotency="key")])
    out = await desk.ask(agent, "Pay ann twice")
    asked = list(w.requests(out))
    while w.requests(out):
        out = await desk.resume(agent, *[w.APPROVE] * len(w.requests(out)))
        asked += w.requests(out)

    assert len(bank.paid) == 2
    assert bank.paid[0] != bank.paid[1]
    assert sorted(request.get("repeats", "") != "" for request in asked) == [False, True]
    shown = [str(request["args"]) for request in asked]
    assert len(set(shown)) == 2
    history = [s async for s in agent.aget_state_history(desk.at("t"))]
    for state in (s for s in history if s.next == ("lane",)):
        await agent.ainvoke(None, state.config)
    assert len(bank.paid) == 2


async def test_a_rejected_call_is_not_repeated_by_the_next(desk: Any, w: Any) -> None:
    """What a person said no to is not made, so another step asks for just the same."""
    bank = Bank()
    first = w.plan(
        w.step("pay", "order", order={"to": "ann"}), {**w.step("look", "look", item="x")}
    )
    agent = desk.agent(first, tools=[function_tool(bank)], limits={"max_revisions": 2})
    [asked] = w.requests(await desk.ask(agent, "Pay ann"))
    desk.planner.replies.append(w.plan(w.step("other", "order", order={"to": "ann"})))

    out = await desk.resume(agent, {"type": "respond", "message": "Call it other."})

    [again] = w.requests(out)
    assert again["args"] == asked["args"]
    assert "repeats" not in again


async def test_another_run_has_a_form_of_its_own(desk: Any, w: Any) -> None:
    """Two turns that ask for the same are two payments."""
    bank = Bank()
    plan = w.plan(w.step("pay", "order", order={"to": "ann"}))
    agent = desk.agent(plan, plan, tools=[function_tool(bank)], policy=UNATTENDED)

    await desk.ask(agent, "Pay ann", thread="one")
    await desk.ask(agent, "Pay ann", thread="two")

    assert len({key for _, key in bank.paid}) == 2


@pytest.mark.parametrize("body", [{}, {"args": [1]}, {"args": None, "step": "pay"}])
async def test_a_note_of_another_shape_is_refused_by_name(desk: Any, w: Any, body: Any) -> None:
    """A damaged journal is told as one, and nothing is paid."""
    bank = Bank()
    agent = desk.agent(
        w.plan(w.step("pay", "order", order={"to": "ann"})), tools=[function_tool(bank)]
    )
    await desk.ask(agent, "Pay ann")
    history = [s async for s in agent.aget_state_history(desk.at("t"))]
    before = next(s for s in history if s.next == ("lane",))
    damaged = update(notes).where(notes.c.kind.startswith("args:")).values(body=row_of(body))
    await desk.store.database.write(lambda connection: connection.execute(damaged))

    with pytest.raises(OperatorError, match="NotedArguments"):
        await agent.ainvoke(None, before.config)

    assert bank.paid == []
