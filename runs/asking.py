"""Asking: which results wait for a person, and the requests that are made of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..state.approval import ApprovalRequest, approval_id
from ..state.approval_table import tables_of
from ..state.expansion import places
from ..state.plan import Plan
from ..state.results import StepResult
from ..state.values import JsonObject, digest
from ..stores.records import ApprovalStatus

LAPSED: frozenset[ApprovalStatus] = frozenset({"expired", "withdrawn"})
"""Statuses of requests that must be put anew."""


def waiting_results(plan: Plan, results: Mapping[str, StepResult]) -> list[StepResult]:
    """Return the results that wait for a person, in a stable order: in a loop that of its items."""
    found = [result for result in results.values() if result.status == "waiting"]
    place = places(plan, results)
    return sorted(found, key=lambda result: place.get(result.step, (result.step, ())))


def item_tables(requests: Sequence[ApprovalRequest]) -> list[JsonObject]:
    """Return what several items of a loop ask for, as the interrupt shows it."""
    return [table.to_json() for table in tables_of(requests)]


def told_apart(requests: Sequence[ApprovalRequest]) -> list[ApprovalRequest]:
    """Have each of several equal calls say which one it would repeat: a person decides on both."""
    first: dict[str, str] = {}
    told: list[ApprovalRequest] = []
    for request in requests:
        call = digest([request.tool, request.args])
        again = "" if request.effect == "read" or request.tool == "ask" else first.get(call, "")
        told.append(request.model_copy(update={"repeats": again}) if again else request)
        first.setdefault(call, request.step)
    return told


def renewed(result: StepResult, request: ApprovalRequest, *, now: float) -> StepResult:
    """Return a result that asks the same again, as of `now` (Unix time) and for as long."""
    lasted = request.expires_at - request.requested_at if request.expires_at else None
    fresh = request.model_copy(
        update={
            "id": approval_id(request.id, request.step, 0, request.digest),
            "requested_at": now,
            "expires_at": now + lasted if lasted is not None else None,
        }
    )
    return result.model_copy(update={"approval": fresh})
