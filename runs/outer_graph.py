"""The graph or server around an agent, as the configuration that it hands on shows it.

LangGraph has no public word for either question. Its keys for what a graph hands on to the graphs
inside of it begin with `__pregel_`, and the one with the checkpointer is among them.
"""

from __future__ import annotations

from typing import Any

from langchain_core.runnables import RunnableConfig, ensure_config

_PREFIX = "__pregel_"
_CHECKPOINTER = "__pregel_checkpointer"


def is_inside(config: RunnableConfig | None) -> bool:
    """Whether a graph or server around this one has started the run."""
    return any(key.startswith(_PREFIX) for key in _configurable(config))


def brings_checkpointer(config: RunnableConfig | None) -> bool:
    """Whether a graph or server around this one brings its checkpointer."""
    return bool(_configurable(config).get(_CHECKPOINTER))


def _configurable(config: RunnableConfig | None) -> dict[str, Any]:
    ambient: RunnableConfig = ensure_config()
    return {**ambient.get("configurable", {}), **(config or {}).get("configurable", {})}
