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
from ..runs.lane_view import LaneOutput, LaneState, LaneView, releasing
from ..runs.node import as_edge, as_node
from ..state.context import AgentContext


def build_lane(dependencies: Dependencies) -> CompiledStateGraph[Any, Any, Any, Any]:
    """Wire the lane."""
    lane = StateGraph(LaneState, context_schema=AgentContext, output_schema=LaneOutput)
    lane.add_node("route", as_node(releasing(route), LaneView, dependencies))
    lane.add_node("act", as_node(releasing(act), LaneView, dependencies))
    lane.add_node("verify", as_node(releasing(verify), LaneView, dependencies))
    lane.add_edge(START, "route")
    lane.add_conditional_edges("route", as_edge(after_route, LaneView), AFTER_ROUTE)
    lane.add_edge("act", "verify")
    lane.add_conditional_edges("verify", as_edge(after_verify, LaneView), AFTER_VERIFY)
    return lane.compile(checkpointer=False, name="lane")
