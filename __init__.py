"""Pointsman: a graph-based, multi-model agent framework on LangGraph."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .lazy import exports

if TYPE_CHECKING:
    from .agent import Agent, build_agent
    from .errors import NothingHappenedError, PointsmanError
    from .replays.replay import Replay, replay
    from .runs.comparison import RunComparison, compared
    from .runs.trace import RunTrace, StepTrace, Trace, trace, trace_now
    from .settings import Settings
    from .state.context import AgentContext
    from .stores.store import open_store
    from .tools.contract import Tool, ToolCall, ToolContract
    from .tools.costs import report_cost
    from .tools.decorator import tool
    from .workers.task_queue import TaskQueue

__all__ = [
    "Agent",
    "AgentContext",
    "NothingHappenedError",
    "PointsmanError",
    "Replay",
    "RunComparison",
    "RunTrace",
    "Settings",
    "StepTrace",
    "TaskQueue",
    "Tool",
    "ToolCall",
    "ToolContract",
    "Trace",
    "build_agent",
    "compared",
    "open_store",
    "replay",
    "report_cost",
    "tool",
    "trace",
    "trace_now",
]

__getattr__ = exports(
    __name__,
    {
        "Agent": "agent",
        "AgentContext": "state.context",
        "NothingHappenedError": "errors",
        "PointsmanError": "errors",
        "Replay": "replays.replay",
        "RunComparison": "runs.comparison",
        "RunTrace": "runs.trace",
        "Settings": "settings",
        "StepTrace": "runs.trace",
        "TaskQueue": "workers.task_queue",
        "Tool": "tools.contract",
        "ToolCall": "tools.contract",
        "ToolContract": "tools.contract",
        "Trace": "runs.trace",
        "build_agent": "agent",
        "compared": "runs.comparison",
        "open_store": "stores.store",
        "replay": "replays.replay",
        "report_cost": "tools.costs",
        "tool": "tools.decorator",
        "trace": "runs.trace",
        "trace_now": "runs.trace",
    },
)
