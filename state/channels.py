"""Channels that are large or only grow: a checkpoint stores what was written, not all of it again.

They are LangGraph's `DeltaChannel`, which it marks as beta: the API and the form on disk may
change. It is used nowhere else. If it goes, plain channels with these reducers hold the same
values, only at greater length; `tests/state/test_agent_channels.py` shows when that is due.
"""

from __future__ import annotations

from collections.abc import Sequence

from langgraph.channels import DeltaChannel

from .values import JsonObject


def last(_current: JsonObject, writes: Sequence[JsonObject]) -> JsonObject:
    """Reducer of a delta channel that is replaced as a whole."""
    # The very object, so that what it was packed from is found again.
    return writes[-1]


def merge(current: JsonObject, writes: Sequence[JsonObject]) -> JsonObject:
    """Reducer of a delta channel that is updated by key; a key written as `None` is removed."""
    together = dict(current)
    for write in writes:
        together.update(write)
    return {key: value for key, value in together.items() if value is not None}


def merge_two(current: JsonObject, write: JsonObject) -> JsonObject:
    """`merge` for a channel without checkpoints."""
    return {**current, **write}


def replaced() -> DeltaChannel[JsonObject]:
    """Return a channel that holds the last object written."""
    return DeltaChannel(last)


def merged() -> DeltaChannel[JsonObject]:
    """Return a channel that holds an object which is written by key."""
    return DeltaChannel(merge)
