"""ThreadState: where a thread stands, read from its newest checkpoint."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from ..state.approval import FACTS_KEY, ApprovalRequest
from ..state.migrations import read_stored
from ..state.values import JsonObject

if TYPE_CHECKING:
    from langchain_core.runnables import RunnableConfig
    from langgraph.types import StateSnapshot

    from .view import RunView


@dataclass(frozen=True, kw_only=True)
class ThreadState:
    """Where a thread stands."""

    id: str
    status: Literal["absent", "fresh", "unfinished", "waiting", "finished"]
    """`fresh`: nothing has been taken in yet. `unfinished`: a run was cut off. `waiting`: for a
    person. `finished`: the last run has its answer."""
    values: JsonObject
    """The graph's channels, as they are stored."""
    view: RunView
    """The run in them."""
    asked: tuple[ApprovalRequest, ...] = ()
    """What a person is asked."""
    facts: JsonObject
    """What the interrupt says besides: requester, cost so far, why a decision was refused."""


def config_of(thread: str) -> RunnableConfig:
    """Return the graph's config for a thread."""
    return {"configurable": {"thread_id": thread}}


def with_entry(config: RunnableConfig | None, key: str, *, value: Any) -> RunnableConfig:
    """Return a config with one more entry in `configurable`, and nothing that it did not say."""
    known: RunnableConfig = config or {}
    return {**known, "configurable": {**known.get("configurable", {}), key: value}}


def read_thread(thread: str, snapshot: StateSnapshot) -> ThreadState:
    """Read a snapshot."""
    # Whoever has a snapshot has LangGraph, which a view needs and a command's help page does not.
    from .view import RunView

    values: Any = snapshot.values
    stored: JsonObject = dict(values) if isinstance(values, dict) else {}
    facts: JsonObject = {}
    for interrupt in snapshot.interrupts:
        facts = interrupt.value.get(FACTS_KEY, {})
    view = RunView(stored)
    return ThreadState(
        id=thread,
        status=_status(snapshot, view),
        values=stored,
        view=view,
        asked=tuple(
            read_stored(ApprovalRequest, asked, where=f"thread {thread}")
            for asked in facts.get("approvals", [])
        ),
        facts=facts,
    )


def awaits_input(snapshot: StateSnapshot) -> bool:
    """Say whether what came last has not been taken in: the checkpoint tells of the run before."""
    # Whoever has a snapshot has LangGraph, which a command's help page does without.
    from langgraph.constants import START

    return bool({START, "normalize"} & {*snapshot.next})


def _status(
    snapshot: StateSnapshot, view: RunView
) -> Literal["absent", "fresh", "unfinished", "waiting", "finished"]:
    if snapshot.created_at is None:
        return "absent"
    if snapshot.interrupts:
        return "waiting"
    values: Any = snapshot.values
    begun = bool(values.get("run")) and not values.get("task")
    if not begun or awaits_input(snapshot):
        return "fresh"
    # A thread that was cut off between the end of its nodes and the next checkpoint has no `next`.
    ended = view.answer is not None and view.answer.ends_run and not snapshot.next
    return "finished" if ended else "unfinished"
