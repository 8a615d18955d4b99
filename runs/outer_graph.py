"""The graph or server around an agent, as the configuration that it hands on shows it.

LangGraph has no public word for these questions. Its keys for what a graph hands on to the graphs
inside of it begin with `__pregel_`, and the one with the checkpointer is among them; a checkpoint's
namespace names the nodes around it, each as `node:task`; and a server hands on whom a credential
vouches for. `tests/graphs/test_langgraph_parts.py` fails when one of these changes.
"""

from __future__ import annotations

from typing import Any

from langchain_core.runnables import RunnableConfig, ensure_config

_PREFIX = "__pregel_"
_CHECKPOINTER = "__pregel_checkpointer"
_PLACE = ("thread_id", "checkpoint_ns", "checkpoint_id", "checkpoint_map")
_AROUND, _TASK = "|", ":"
AUTHENTICATED_USER = "langgraph_auth_user"
"""Key of the configuration under which a server hands on whom a credential vouches for."""


def is_inside(config: RunnableConfig | None) -> bool:
    """Whether a graph or server around this one has started the run."""
    return any(key.startswith(_PREFIX) for key in _configurable(config))


def brings_checkpointer(config: RunnableConfig | None) -> bool:
    """Whether a graph or server around this one brings its checkpointer."""
    return bool(_configurable(config).get(_CHECKPOINTER))


def nodes_around(checkpoint_ns: str) -> list[str]:
    """Return the nodes that a node is inside of, outermost first, each with the task it runs as."""
    *around, _node = checkpoint_ns.split(_AROUND)
    return around


def is_node(place: str, name: str) -> bool:
    """Say whether one of `nodes_around` is a node of that name."""
    return place.startswith(f"{name}{_TASK}")


def place_of(*configs: RunnableConfig | None) -> tuple[str, list[str]]:
    """Return the thread that a call of a graph is about, and the nodes which that is inside of.

    What a graph around hands on counts, unless the call names a place of its own.

    Args:
        configs: Those by which the graph is called, later ones over earlier ones.
    """
    given = [(config or {}).get("configurable", {}) for config in configs]
    if not any(entries.get(key) for entries in given for key in _PLACE):
        given.insert(0, ensure_config().get("configurable", {}))
    merged = {key: value for entries in given for key, value in entries.items()}
    around = str(merged.get("checkpoint_ns") or "")
    return str(merged.get("thread_id") or ""), around.split(_AROUND) if around else []


def _configurable(config: RunnableConfig | None) -> dict[str, Any]:
    ambient: RunnableConfig = ensure_config()
    return {**ambient.get("configurable", {}), **(config or {}).get("configurable", {})}
