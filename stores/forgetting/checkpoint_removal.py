"""Removal of a thread's checkpoints, and what checkpoints say of payloads before that."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from langchain_core.messages import BaseMessage
from langgraph.checkpoint.base import BaseCheckpointSaver, CheckpointTuple

from .payload_references import digests_in


@dataclass(frozen=True, kw_only=True)
class NamedInCheckpoints:
    """Digests that a thread's checkpoints name."""

    digests: frozenset[str]
    count: int
    """How many checkpoints it has, forks and nodes within included."""


async def named_by_thread(saver: BaseCheckpointSaver[Any], thread: str) -> NamedInCheckpoints:
    """Return which digests a thread's checkpoints name."""
    digests: set[str] = set()
    count = 0
    async for found in saver.alist({"configurable": {"thread_id": thread}}):
        digests |= _digests(found)
        count += 1
    return NamedInCheckpoints(digests=frozenset(digests), count=count)


async def named_by_others(
    saver: BaseCheckpointSaver[Any], threads: Collection[str]
) -> frozenset[str]:
    """Return which digests checkpoints of all other threads name. Reads them all."""
    digests: set[str] = set()
    async for found in saver.alist(None):
        if found.config.get("configurable", {}).get("thread_id") not in threads:
            digests |= _digests(found)
    return frozenset(digests)


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
