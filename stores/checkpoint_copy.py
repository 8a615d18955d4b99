"""Threads copied from one place of checkpoints to another."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from itertools import groupby
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import BaseCheckpointSaver, CheckpointTuple


async def copy_threads(
    source: BaseCheckpointSaver[Any],
    target: BaseCheckpointSaver[Any],
    *,
    chosen: Callable[[str], Awaitable[bool]],
) -> int:
    """Copy every chosen thread that the target does not hold yet.

    A thread whose copying was cut off is copied again: its newest checkpoint, by which the target
    is known to hold it, comes last.

    Args:
        source: Where the threads are; it stays as it is.
        target: Where they should be.
        chosen: Says of a thread's id whether it is copied.

    Returns:
        How many threads were copied.
    """
    threads: dict[str, list[CheckpointTuple]] = {}
    async for found in source.alist(None):
        threads.setdefault(_place(found)["thread_id"], []).append(found)
    copied = 0
    for thread, found in threads.items():
        newest = max(found, key=lambda each: each.checkpoint["id"])
        if await chosen(thread) and await target.aget_tuple(newest.config) is None:
            for each in sorted(found, key=lambda each: each.checkpoint["id"]):
                await _copy(each, target)
            copied += 1
    return copied


async def _copy(found: CheckpointTuple, target: BaseCheckpointSaver[Any]) -> None:
    place = _place(found)
    before: RunnableConfig = found.parent_config or {
        "configurable": {key: place[key] for key in ("thread_id", "checkpoint_ns")}
    }
    # Its writes first: a checkpoint that is there has all that belongs to it.
    for task, writes in groupby(found.pending_writes or (), key=lambda write: write[0]):
        await target.aput_writes(found.config, [write[1:] for write in writes], task)
    versions = found.checkpoint["channel_versions"]
    await target.aput(before, found.checkpoint, found.metadata, versions)


def _place(found: CheckpointTuple) -> dict[str, Any]:
    return found.config.get("configurable", {})
