"""The agent's graph as far as reading its threads needs it: no node does anything.

A thread's state and what it waits for depend on the channels and on the nodes' names alone. So a
thread can be read while its tools or models are broken, and without the time that they take to
load.
"""

from __future__ import annotations

from typing import Any

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import START, StateGraph
from langgraph.graph.state import CompiledStateGraph

from ..errors import OperatorError
from ..state.agent import AgentState, InputState, OutputState
from ..state.context import AgentContext

NODES = ("normalize", "plan", "lane", "revise", "interim", "gate", "synthesize", "take_up")
"""The nodes of `build_graph`."""


def build_reader(
    checkpointer: BaseCheckpointSaver[Any],
) -> CompiledStateGraph[Any, AgentContext, Any, Any]:
    """Compile a graph whose threads can be read and not run.

    Args:
        checkpointer: That of the agent whose threads are read.
    """
    graph = StateGraph(
        AgentState,
        context_schema=AgentContext,
        input_schema=InputState,
        output_schema=OutputState,
    )
    for name in NODES:
        graph.add_node(name, _refuse)
    graph.add_edge(START, NODES[0])
    return graph.compile(checkpointer=checkpointer, name="reader")


def _refuse(state: AgentState) -> AgentState:  # noqa: ARG001 - LangGraph passes it
    raise OperatorError(
        "This graph only reads threads.", where="graph", fix="Run the thread with `build_agent`."
    )
