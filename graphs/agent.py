"""The agent's graph: normalize, plan, lanes side by side, revise, gate, synthesize."""

from __future__ import annotations

from typing import Any

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph

from ..nodes.gate import AFTER_GATE, after_gate, gate
from ..nodes.normalize import normalize
from ..nodes.plan import AFTER_PLAN, after_plan, plan
from ..nodes.revise import revise
from ..nodes.synthesize import synthesize
from ..runs.dependencies import Dependencies
from ..runs.node import as_edge, as_node
from ..runs.view import RunView
from ..state.agent import AgentState, InputState, OutputState
from ..state.context import AgentContext
from .lane import build_lane
from .resumable import ResumableGraph

STRICT_RESUME = {"__pregel_strict_resume": True}
"""Has LangGraph raise for an answer to an interrupt that does not wait, instead of ignoring it. The
key is not public: if a release drops it, a test says so."""


def build_graph(
    dependencies: Dependencies, *, checkpointer: BaseCheckpointSaver[Any] | None = None
) -> CompiledStateGraph[Any, AgentContext, Any, Any]:
    """Wire and compile the graph."""
    graph = StateGraph(
        AgentState,
        context_schema=AgentContext,
        input_schema=InputState,
        output_schema=OutputState,
    )
    graph.add_node("normalize", as_node(normalize, RunView, dependencies))
    graph.add_node("plan", as_node(plan, RunView, dependencies))
    lane = build_lane(dependencies)
    graph.add_node("lane", lane)
    graph.add_node("revise", as_node(revise, RunView, dependencies))
    graph.add_node("gate", as_node(gate, RunView, dependencies))
    graph.add_node("synthesize", as_node(synthesize, RunView, dependencies, last=True))
    graph.add_edge(START, "normalize")
    graph.add_edge("normalize", "plan")
    graph.add_conditional_edges("plan", as_edge(after_plan, RunView), AFTER_PLAN)
    graph.add_edge("lane", "plan")
    graph.add_edge("revise", "plan")
    graph.add_conditional_edges("gate", as_edge(after_gate, RunView), AFTER_GATE)
    graph.add_edge("synthesize", END)
    compiled = graph.compile(checkpointer=checkpointer, name=dependencies.settings.name)
    # LangGraph leaves subgraphs without checkpoints out of its drawings; people want to see it.
    compiled.nodes["lane"].subgraphs = [lane]
    # LangGraph's builder makes its own class and no other.
    compiled.__class__ = ResumableGraph
    return compiled.with_config(configurable=STRICT_RESUME)
