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
    return dict(writes[-1])


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
    """Why the last answer to an approval was refused."""


class LaneState(TypedDict, total=False):
    """One chain of steps on its way; never checkpointed, rebuilt from the journal."""

    run: Required[JsonObject]
    plan: Required[JsonObject]
    """The plan, reduced to the chain and what is needed to run it."""
    chain: Required[list[str]]
    """Step ids in order; the first is current."""
    inputs: JsonObject
    """Step id → `StepResult` of accepted steps outside the chain that it refers to."""
    attachments: list[JsonObject]
    """`Attachment`s that the chain refers to; their content stays in the payload store."""
    results: Annotated[JsonObject, merge_two]
    """Outcomes of this lane."""
    route: JsonObject | None
    """What `route` decided for the current step."""
    outcome: JsonObject | None
    """What `act` brought back."""
    verdict: JsonObject | None
    attempts: list[JsonObject]
    """Attempts at the current step so far."""


class LaneOutput(TypedDict, total=False):
    """What a lane hands back."""

    results: Annotated[JsonObject, merge_two]


def read(state: Any, channel: str, default: Json = None) -> Json:
    """Return a channel's value, or `default` where nothing has been written."""
    value = state.get(channel)
    return default if value is None else value
