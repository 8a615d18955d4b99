"""Pointsman: a graph-based, multi-model agent framework on LangGraph."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .lazy import exports

if TYPE_CHECKING:
    from .agent import Agent, build_agent
    from .errors import NothingHappenedError, PointsmanError
    from .settings import Settings
    from .state.context import AgentContext
    from .stores.store import open_store
    from .tools.contract import Tool, ToolCall, ToolContract
    from .tools.decorator import tool

__all__ = [
    "Agent",
    "AgentContext",
    "NothingHappenedError",
    "PointsmanError",
    "Settings",
    "Tool",
    "ToolCall",
    "ToolContract",
    "build_agent",
    "open_store",
    "tool",
]

__getattr__ = exports(
    __name__,
    {
        "Agent": "agent",
        "AgentContext": "state.context",
        "NothingHappenedError": "errors",
        "PointsmanError": "errors",
        "Settings": "settings",
        "Tool": "tools.contract",
        "ToolCall": "tools.contract",
        "ToolContract": "tools.contract",
        "build_agent": "agent",
        "open_store": "stores.store",
        "tool": "tools.decorator",
    },
)
