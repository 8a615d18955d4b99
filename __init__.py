"""Pointsman: a graph-based, multi-model agent framework on LangGraph."""

from .agent import Agent, build_agent
from .errors import PointsmanError
from .settings import Settings
from .state.context import AgentContext
from .stores.store import open_store
from .tools.contract import Tool, ToolCall, ToolContract
from .tools.decorator import tool

__all__ = [
    "Agent",
    "AgentContext",
    "PointsmanError",
    "Settings",
    "Tool",
    "ToolCall",
    "ToolContract",
    "build_agent",
    "open_store",
    "tool",
]
