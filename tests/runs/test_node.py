"""Nodes and edges: functions on views, under LangGraph's `invoke` and `ainvoke` alike."""

from __future__ import annotations

import threading
from typing import Any, TypedDict

from langgraph.graph import END, START, StateGraph

from pointsman.runs.memory import RunMemory
from pointsman.runs.node import as_edge
from pointsman.state.context import AgentContext


class State(TypedDict):
    """What the graph of these tests holds."""

    asked: int


class View:
    """A view of it."""

    def __init__(self, state: Any, memory: RunMemory) -> None:
        self.asked: int = state["asked"]
        self.memory = memory


def graph(seen: list[int]) -> Any:
    """Return a graph of one node and one edge, which notes its thread."""

    def ways_on(view: View) -> str:
        seen.append(threading.get_ident())
        return "end" if view.asked else "again"

    async def ask(state: State) -> State:
        return {"asked": state["asked"] + 1}

    built: Any = StateGraph(State, context_schema=AgentContext)
    built.add_node("ask", ask)
    built.add_edge(START, "ask")
    built.add_conditional_edges("ask", as_edge(ways_on, View), {"end": END, "again": "ask"})
    return built.compile()


async def test_an_edge_decides_on_the_loop() -> None:
    """LangGraph hands a plain function to a thread, which costs more than what it decides."""
    seen: list[int] = []

    out = await graph(seen).ainvoke({"asked": 0})

    assert out == {"asked": 1}
    assert seen == [threading.get_ident()]


def test_a_state_that_is_edited_from_outside_passes_its_edge() -> None:
    """As in Studio, where no run is at work."""

    def asked(view: View) -> int:
        return view.asked

    assert as_edge(asked, View).invoke({"asked": 3}) == 3
