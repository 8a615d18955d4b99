"""Progress events: what a run says about itself while it works, on the `custom` stream.

Each event is a JSON object with `event`, and `node`, `step`, `seconds`, `usd` where they apply.
They are for people and dashboards; nothing in the graph depends on them.
"""

from __future__ import annotations

from typing import Any, Literal

from langgraph.runtime import Runtime

from ..models.requests import Emit
from ..state.context import AgentContext
from ..state.values import JsonObject

EventName = Literal[
    "run_started",
    "planned",
    "drawn",
    "dispatched",
    "step_started",
    "step_finished",
    "step_retried",
    "step_replayed",
    "step_skipped",
    "waiting",
    "decided",
    "stopped",
    "model_attempt",
    "writer_failed",
    "sentence",
    "finished",
]


def emit(runtime: Runtime[AgentContext], event: EventName, **facts: Any) -> None:
    """Send one event to whoever streams the run."""
    runtime.stream_writer({"event": event, **facts})


def emitter(runtime: Runtime[AgentContext], **always: Any) -> Emit:
    """Return a sink for events of the rooms below, with facts that are always added."""

    def send(event: JsonObject) -> None:
        runtime.stream_writer({**always, **event})

    return send
