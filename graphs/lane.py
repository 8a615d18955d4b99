"""The lane: one chain of steps, each routed, performed and verified.

A lane keeps no checkpoints. The journal holds each step's outcome, so a lane that starts over after
a crash passes through what it has done without a call (docs/decisions/001).
"""

from __future__ import annotations

from typing import Any

from langgraph.graph import START, StateGraph
from langgraph.graph.state import CompiledStateGraph

from ..nodes.act import act
from ..nodes.route import AFTER_ROUTE, after_route, route
from ..nodes.verify import AFTER_VERIFY, after_verify, verify
from ..runs.dependencies import Dependencies
from ..runs.node import as_node
from ..state.agent import LaneOutput, LaneState
from ..state.context import AgentContext


def build_lane(dependencies: Dependencies) -> CompiledStateGraph[Any, Any, Any, Any]:
    """Wire the lane."""
    lane = StateGraph(LaneState, context_schema=AgentContext, output_schema=LaneOutput)
    lane.add_node("route", as_node(route, dependencies))
    lane.add_node("act", as_node(act, dependencies))
    lane.add_node("verify", as_node(verify, dependencies))
    lane.add_edge(START, "route")
    lane.add_conditional_edges("route", after_route, AFTER_ROUTE)
    lane.add_edge("act", "verify")
    lane.add_conditional_edges("verify", after_verify, AFTER_VERIFY)
    return lane.compile(checkpointer=False, name="lane")
