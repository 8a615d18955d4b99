"""An agent inside a larger graph uses what people have allowed as one by itself does."""

from __future__ import annotations

from typing import Any

from langgraph.graph import START, StateGraph

from pointsman.policy.bounds import read_bound
from pointsman.state.agent import AgentState

from .test_grants import given as grant
from .test_grants import used

WITHIN = (read_bound("to", "equal", "ann"), read_bound("amount", "at_most", 50))


def nested(desk: Any, agent: Any) -> Any:
    """Put the agent into a graph of one node."""
    outer = StateGraph(AgentState)
    outer.add_node("agent", agent)
    outer.add_edge(START, "agent")
    return outer.compile(checkpointer=desk.checkpointer)


async def test_a_grant_for_the_thread_covers_a_run_inside_of_another_graph(
    desk: Any, w: Any
) -> None:
    """One use, taken once although the outer graph is asked twice."""
    plan = w.plan(w.step("p", "pay", to="ann", amount=20.0))
    whole = nested(desk, desk.agent(plan, plan))
    await grant(desk, scope={"thread": "t"}, bounds=WITHIN, uses=1)

    for _ in range(2):
        await whole.ainvoke({"task": "Pay ann 20"}, desk.at("t"))
        desk.checkpointer.delete_thread("t")

    assert len(desk.called("pay")) == 1
    assert await used(desk) == [1]


async def test_a_grant_for_another_thread_does_not(desk: Any, w: Any) -> None:
    """The inner run's thread is the outer one's."""
    whole = nested(desk, desk.agent(w.plan(w.step("p", "pay", to="ann", amount=20.0))))
    await grant(desk, scope={"thread": "elsewhere"}, bounds=WITHIN, uses=1)

    out = await whole.ainvoke({"task": "Pay ann 20"}, desk.at("t"))

    assert w.requests(out)
    assert not desk.called("pay")
