"""What LangGraph's drawings, schemas and Studio know of a graph's inside.

LangGraph looks for the subgraph of a node when the node is compiled, and leaves out one that keeps
no checkpoints. There is no public way to name it: `PregelNode.subgraphs` is where LangGraph looks.
"""

from __future__ import annotations

from typing import Any

from langchain_core.runnables.graph import Graph
from langgraph.graph.state import CompiledStateGraph

from ..state.values import JsonObject


def show_subgraph(
    graph: CompiledStateGraph[Any, Any, Any, Any],
    node: str,
    subgraph: CompiledStateGraph[Any, Any, Any, Any],
) -> None:
    """Have a node's subgraph drawn with the graph."""
    graph.nodes[node].subgraphs = [subgraph]


def drawing(drawn: Graph) -> JsonObject:
    """Return a drawing for programs: `nodes`, `edges`, and `mermaid`, the text that draws it."""
    return {**drawn.to_json(), "mermaid": drawn.draw_mermaid()}
