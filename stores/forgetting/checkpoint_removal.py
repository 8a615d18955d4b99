"""Removal of a thread's checkpoints, and what checkpoints say of payloads before that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from langchain_core.messages import BaseMessage
from langgraph.checkpoint.base import BaseCheckpointSaver, CheckpointTuple

from .payload_references import digests_in


@dataclass(frozen=True, kw_only=True)
class NamedInCheckpoints:
    """Digests that checkpoints name."""

    own: frozenset[str] = frozenset()
    """Those of the thread."""
    others: frozenset[str] = frozenset()
    """Those of all others."""
    count: int = 0
    """How many checkpoints the thread has, forks and nodes within included."""


async def named_in_checkpoints(saver: BaseCheckpointSaver[Any], thread: str) -> NamedInCheckpoints:
    """Return which digests a thread's checkpoints name, and which those of others."""
    own: set[str] = set()
    others: set[str] = set()
    count = 0
    async for found in saver.alist(None):
        mine = found.config.get("configurable", {}).get("thread_id") == thread
        (own if mine else others).update(_digests(found))
        count += mine
    return NamedInCheckpoints(own=frozenset(own), others=frozenset(others), count=count)


def _digests(found: CheckpointTuple) -> set[str]:
    digests: set[str] = set()
    waiting: list[Any] = [found.checkpoint["channel_values"], found.pending_writes]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            digests |= digests_in(value)
        elif isinstance(value, dict):
            waiting += [*value.keys(), *value.values()]
        elif isinstance(value, list | tuple | set | frozenset):
            waiting += value
        elif isinstance(value, BaseMessage):
            waiting.append(value.model_dump())
        elif value is not None and not isinstance(value, bool | int | float | bytes):
            # LangGraph's own objects, such as what an interrupt holds.
            waiting.append(repr(value))
    return digests
