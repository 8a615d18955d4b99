"""The agent's graph: its nodes, and the edges that lead from one to the next."""

from __future__ import annotations

from typing import Any

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import START, StateGraph
from langgraph.graph.state import CompiledStateGraph

from ..nodes.gate import AFTER_GATE, after_gate, gate
from ..nodes.interim import interim
from ..nodes.normalize import normalize
from ..nodes.plan import AFTER_PLAN, after_plan, plan
from ..nodes.revise import revise
from ..nodes.synthesize import synthesize
from ..nodes.take_up import AFTER_SYNTHESIZE, after_synthesize, take_up
from ..runs.dependencies import Dependencies
from ..runs.node import as_edge, as_node
from ..runs.view import RunView
from ..state.agent import AgentState, InputState, OutputState
from ..state.context import AgentContext
from ..state.forks import remember
from .drawn import show_subgraph
from .lane import build_lane
from .resumable import resumable
from .strict_resume import STRICT_RESUME


def build_graph(
    dependencies: Dependencies, *, checkpointer: BaseCheckpointSaver[Any] | None = None
) -> CompiledStateGraph[Any, AgentContext, Any, Any]:
    """Wire and compile the graph."""
    if checkpointer is not None:
        remember(checkpointer)
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
    graph.add_node("interim", as_node(interim, RunView, dependencies))
    graph.add_node("gate", as_node(gate, RunView, dependencies))
    graph.add_node("synthesize", as_node(synthesize, RunView, dependencies))
    graph.add_node("take_up", as_node(take_up, RunView, dependencies))
    graph.add_edge(START, "normalize")
    graph.add_edge("normalize", "plan")
    graph.add_conditional_edges("plan", as_edge(after_plan, RunView), AFTER_PLAN)
    graph.add_edge("lane", "plan")
    graph.add_edge("revise", "plan")
    graph.add_edge("interim", "gate")
    graph.add_conditional_edges("gate", as_edge(after_gate, RunView), AFTER_GATE)
    graph.add_conditional_edges("synthesize", as_edge(after_synthesize, RunView), AFTER_SYNTHESIZE)
    graph.add_edge("take_up", "plan")
    compiled = graph.compile(checkpointer=checkpointer, name=dependencies.settings.name)
    show_subgraph(compiled, "lane", lane)
    ours = resumable(compiled, dependencies)
    return ours.with_config(configurable=STRICT_RESUME)
