"""The graph's state: plain JSON values and messages, so that a thread outlives a release."""

from __future__ import annotations

from typing import Annotated, Any, Required

from langchain_core.messages import AnyMessage
from typing_extensions import TypedDict

from .channels import appended, merged, replaced
from .values import Json, JsonObject


class InputState(TypedDict, total=False):
    """What a caller gives: messages, or a task with attachments."""

    messages: Annotated[list[AnyMessage], appended()]
    task: str
    """The request in plain text, instead of or in addition to messages."""
    attachments: list[JsonObject]
    """`{"name": …, "text": …}` or `{"name": …, "media_type": …, "data": base64}` each."""


class OutputState(TypedDict, total=False):
    """What a caller gets."""

    messages: Annotated[list[AnyMessage], appended()]
    answer: JsonObject
    """`Answer`: text, status, citations."""
    results: Annotated[JsonObject, merged()]
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
    work: Required[Annotated[JsonObject, replaced()]]
    """`Task` after normalization."""
    plan: Required[Annotated[JsonObject, replaced()]]
    """`Plan`."""
    turns: int
    """Passes through `plan` in this run."""
    revisions: int
    looks: int
    """Times that the planner was asked again because a plan said `then_plan`."""
    gate_error: str
    """Why the last decision on an approval was refused."""
    parked: list[JsonObject]
    """`ParkedRun`s: earlier runs of the thread that wait for a person."""
    remembered: Annotated[JsonObject, merged()]
    """Name for plans → `Remembered`: results of earlier turns."""
    said: list[str]
    """Digests of what the agent has said besides its answers, newest last."""
    fence: int
    """Of the lease under which this state was written."""


def read(state: Any, channel: str, default: Json = None) -> Json:
    """Return a channel's value, or `default` where nothing has been written."""
    value = state.get(channel)
    return default if value is None else value
