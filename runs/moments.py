"""What was known at a moment: of a thread's checkpoints, of its requests, of a call."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from ..errors import NotFoundError
from ..stores.records import ApprovalRecord, AuditEntry, EffectRecord

if TYPE_CHECKING:
    from langgraph.types import StateSnapshot


def known_at(thread: str, history: Sequence[StateSnapshot], at: str) -> Sequence[StateSnapshot]:
    """Return the part of a history, newest first, that begins at a checkpoint or a moment.

    Raises:
        NotFoundError: The thread has no such checkpoint, or had none yet.
    """
    try:
        moment = datetime.fromisoformat(at).astimezone().timestamp()
    except ValueError:
        moment = None
    for number, snapshot in enumerate(history):
        if checkpoint_id(snapshot) == at or (moment is not None and moment_of(snapshot) <= moment):
            return history[number:]
    raise NotFoundError(
        f"It has no checkpoint {at}." if moment is None else f"It was not there yet at {at}.",
        where=f"thread {thread}",
        fix="`pointsman trace THREAD --full` lists its checkpoints.",
    )


def checkpoint_id(snapshot: StateSnapshot) -> str:
    """Return the id of a checkpoint."""
    return str(snapshot.config.get("configurable", {}).get("checkpoint_id", ""))


def moment_of(snapshot: StateSnapshot) -> float:
    """Return the Unix time of a checkpoint, in seconds."""
    return datetime.fromisoformat(snapshot.created_at or "").timestamp()


def approvals_at(
    moment: float, approvals: Sequence[ApprovalRecord], audit: Sequence[AuditEntry]
) -> list[ApprovalRecord]:
    """Return the requests made by a moment, each with the decisions given by then.

    One that was decided or withdrawn later waited then.
    """
    later = {
        entry.body["approval_id"]
        for entry in audit
        if entry.kind == "approval_withdrawn" and entry.at > moment
    }
    known = [a for a in approvals if a.request.requested_at <= moment]
    return [
        record
        if record.request.id not in later
        and all(decision.decided_at <= moment for decision in record.decisions)
        else record.model_copy(
            update={
                "status": "waiting",
                "reason": "",
                "decisions": tuple(d for d in record.decisions if d.decided_at <= moment),
            }
        )
        for record in known
    ]


def effect_at(moment: float, record: EffectRecord) -> EffectRecord:
    """Return what the ledger knew of a call at a moment: one that was settled later was claimed."""
    if record.settled_at is None or record.settled_at <= moment:
        return record
    unsettled = {"state": "claimed", "output": None, "error": "", "note": "", "settled_at": None}
    return record.model_copy(update=unsettled)
