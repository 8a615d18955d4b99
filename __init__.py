"""Pointsman: a graph-based, multi-model agent framework on LangGraph."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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

_HOMES = {
    "Agent": "agent",
    "AgentContext": "state.context",
    "PointsmanError": "errors",
    "Settings": "settings",
    "Tool": "tools.contract",
    "ToolCall": "tools.contract",
    "ToolContract": "tools.contract",
    "build_agent": "agent",
    "open_store": "stores.store",
    "tool": "tools.decorator",
}


def __getattr__(name: str) -> Any:
    """Import a public name on first use (PEP 562): a command that needs no agent starts quickly."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
