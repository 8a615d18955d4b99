"""ThreadState: where a thread stands, read from its newest checkpoint."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any, Literal

from langgraph.types import StateSnapshot

from ..state.approval import FACTS_KEY, ApprovalRequest
from ..state.values import JsonObject

_QUALITIES = "amber brisk calm clear early even fair gentle keen late level quiet steady swift"
_PLACES = "bridge crossing curve depot halt junction platform siding signal station switch tunnel"


@dataclass(frozen=True, kw_only=True)
class ThreadState:
    """Where a thread stands."""

    id: str
    status: Literal["absent", "fresh", "unfinished", "waiting", "finished"]
    """`fresh`: nothing has been taken in yet. `unfinished`: a run was cut off. `waiting`: for a
    person. `finished`: the last run has its answer."""
    values: JsonObject
    asked: tuple[ApprovalRequest, ...] = ()
    """What a person is asked."""
    facts: JsonObject
    """What the interrupt says besides: requester, cost so far, why an answer was refused."""


def read_thread(thread: str, snapshot: StateSnapshot) -> ThreadState:
    """Read a snapshot."""
    values: Any = snapshot.values
    facts: JsonObject = {}
    for interrupt in snapshot.interrupts:
        facts = interrupt.value.get(FACTS_KEY, {})
    return ThreadState(
        id=thread,
        status=_status(snapshot),
        values=dict(values) if isinstance(values, dict) else {},
        asked=tuple(ApprovalRequest.from_json(a) for a in facts.get("approvals", [])),
        facts=facts,
    )


def _status(
    snapshot: StateSnapshot,
) -> Literal["absent", "fresh", "unfinished", "waiting", "finished"]:
    if snapshot.created_at is None:
        return "absent"
    if snapshot.interrupts:
        return "waiting"
    values: Any = snapshot.values
    begun = bool(values.get("run")) and not values.get("task")
    if not begun or set(snapshot.next) & {"__start__", "normalize"}:
        return "fresh"
    # A thread that was cut off between the end of its nodes and the next checkpoint has no `next`.
    return "finished" if values.get("answer") and not snapshot.next else "unfinished"


def readable_id() -> str:
    """Return a new thread id that can be read out over the telephone: `quiet-siding-48213`."""
    words = [secrets.choice(words.split()) for words in (_QUALITIES, _PLACES)]
    return f"{'-'.join(words)}-{secrets.randbelow(90_000) + 10_000}"
