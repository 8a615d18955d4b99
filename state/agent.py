"""The graph's state: plain JSON values and messages, so that a thread outlives a release.

Channels that only grow or that are large are delta channels: a checkpoint stores what was written,
not the whole value again, and the size of a thread grows with its work.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Required

from langchain_core.messages import AnyMessage
from langgraph.channels import DeltaChannel
from langgraph.graph.message import add_messages
from typing_extensions import TypedDict

from .values import Json, JsonObject


def last(_current: JsonObject, writes: Sequence[JsonObject]) -> JsonObject:
    """Reducer of a delta channel that is replaced as a whole."""
    return writes[-1]


def merge(current: JsonObject, writes: Sequence[JsonObject]) -> JsonObject:
    """Reducer of a delta channel that is updated by key; a key written as `None` is removed."""
    merged = dict(current)
    for write in writes:
        merged.update(write)
    return {key: value for key, value in merged.items() if value is not None}


def merge_two(current: JsonObject, write: JsonObject) -> JsonObject:
    """`merge` for a channel without checkpoints."""
    return {**current, **write}


class InputState(TypedDict, total=False):
    """What a caller gives: messages, or a task with attachments."""

    messages: Annotated[list[AnyMessage], add_messages]
    task: str
    """The request in plain text, instead of or in addition to messages."""
    attachments: list[JsonObject]
    """`{"name": …, "text": …}` or `{"name": …, "media_type": …, "data": base64}` each."""


class OutputState(TypedDict, total=False):
    """What a caller gets."""

    messages: Annotated[list[AnyMessage], add_messages]
    answer: JsonObject
    """`Answer`: text, status, citations."""
    results: Annotated[JsonObject, DeltaChannel(merge)]
    """Step id → `StepResult`."""
    usage: JsonObject
    """`Usage` of the run."""
    stop: JsonObject | None
    """`Stop`, if a hard stop ended the run."""


class AgentState(InputState, OutputState, total=False):
    """Everything that must survive a restart."""

    schema_version: int
    run: Required[JsonObject]
    """`Run`."""
    work: Required[Annotated[JsonObject, DeltaChannel(last)]]
    """`Task` after normalization."""
    plan: Required[Annotated[JsonObject, DeltaChannel(last)]]
    """`Plan`."""
    turns: int
    """Passes through `plan` in this run."""
    revisions: int
    gate_error: str
    """Why the last decision on an approval was refused."""
    fence: int
    """Of the lease under which this state was written."""


def read(state: Any, channel: str, default: Json = None) -> Json:
    """Return a channel's value, or `default` where nothing has been written."""
    value = state.get(channel)
    return default if value is None else value
