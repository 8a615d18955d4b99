"""Channels that are large or only grow: a checkpoint stores what was written, not all of it again.

They are LangGraph's `DeltaChannel`, which it marks as beta: the API and the form on disk may
change. It is used nowhere else, nor is LangGraph's experimental reducer of messages, by which it
knows what to give ids to. If they go, plain channels with these reducers hold the same values, only
at greater length; `tests/state/test_agent_channels.py` shows when that is due.

A checkpoint that is read walks back to each channel's newest snapshot, and a snapshot stores the
whole value. So what is replaced as a whole is a snapshot each time; what is written by key, or
appended to, has one every few writes, which bounds the walk.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

from langchain_core.messages import AnyMessage
from langgraph.channels import DeltaChannel
from langgraph.graph.message import (
    _messages_delta_reducer,  # pyright: ignore[reportPrivateUsage]
)

from .migrations import by_name
from .values import JsonObject

WRITES_BY_KEY = 10
"""Writes of an object from one snapshot to the next."""
MESSAGES = 20
"""Writes of messages from one snapshot to the next: two or three a turn."""


def last(_current: JsonObject, writes: Sequence[JsonObject]) -> JsonObject:
    """Reducer of a delta channel that is replaced as a whole."""
    # The very object, so that what it was packed from is found again.
    return writes[-1]


def merge(current: JsonObject, writes: Sequence[JsonObject]) -> JsonObject:
    """Reducer of a delta channel that is updated by key; a key written as `None` is removed."""
    together = by_name(current)
    for write in writes:
        together.update(write)
    return {key: value for key, value in together.items() if value is not None}


def merge_two(current: JsonObject, write: JsonObject) -> JsonObject:
    """`merge` for a channel without checkpoints."""
    return {**current, **write}


def replaced() -> DeltaChannel[JsonObject]:
    """Return a channel that holds the last object written."""
    return DeltaChannel(last, snapshot_frequency=1)


def merged() -> DeltaChannel[JsonObject]:
    """Return a channel that holds an object which is written by key."""
    return DeltaChannel(merge, snapshot_frequency=WRITES_BY_KEY)


def appended() -> DeltaChannel[list[AnyMessage]]:
    """Return a channel of messages."""
    # LangGraph gives ids to the messages of a channel with its own reducer, and with no other.
    reducer = cast("Callable[[Any, Sequence[Any]], Any]", _messages_delta_reducer)
    return DeltaChannel(reducer, snapshot_frequency=MESSAGES)
