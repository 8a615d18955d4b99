"""Whether anybody listens to a run while it goes on.

What nobody reads sentence by sentence need not come word by word: a model's reply that arrives
whole costs a fraction of one that is put together from its chunks.
"""

from __future__ import annotations

from collections.abc import Iterable

from langchain_core.runnables import RunnableConfig, ensure_config

from .outer_graph import is_inside
from .thread import with_entry

KEY = "__pointsman_heard"
"""LangGraph keeps keys that begin so out of what checkpoints say of a run; it does not promise to,
and `tests/graphs/test_langgraph_parts.py` fails when it changes."""
SPOKEN_MODES = frozenset({"messages", "custom"})
"""The stream modes that carry an answer as it grows."""


def with_listeners(
    config: RunnableConfig | None, modes: str | Iterable[str] | None
) -> RunnableConfig:
    """Return a config that says whether anybody listens.

    Args:
        config: The run's config.
        modes: What is streamed; `None` for the state alone.
    """
    asked = {modes} if isinstance(modes, str) else set(modes or ())
    # A graph around this one listens through it, and says so to nobody.
    return with_entry(config, KEY, value=is_inside(config) or bool(asked & SPOKEN_MODES))


def is_heard() -> bool:
    """Whether somebody may be listening to the run of the current task."""
    return bool(ensure_config().get("configurable", {}).get(KEY, True))
