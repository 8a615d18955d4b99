"""gate: put every waiting step before a person in one interrupt, and take the decisions whole.

What is asked is read from state, so that the request a person saw and the request that the decision
is matched to are the same, however often LangGraph runs this node. A bad decision goes back to this
node with the reason in state: nothing else changes, and the thread keeps waiting.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence

from langgraph.errors import GraphInterrupt
from langgraph.runtime import Runtime
from langgraph.types import interrupt

from ..errors import StoreError
from ..runs.asking import LAPSED, item_tables, renewed, told_apart, waiting_results
from ..runs.carrying_out import carried_out
from ..runs.decisions import CLOSED, explained, record_newest, with_facts
from ..runs.dependencies import Dependencies
from ..runs.events import emit
from ..runs.spending import history, spent
from ..runs.taking_up import taken_up
from ..runs.updates import RunUpdate
from ..runs.view import RunView
from ..state.approval import ApprovalRequest, interrupt_value, read_decisions
from ..state.context import AgentContext
from ..state.parked import QUESTION, ParkedRun, in_conversation
from ..state.results import StepResult
from ..state.run import going_on
from ..state.values import Json, JsonObject
from ..stores.records import ApprovalRecord

DECIDED = "decided"
AGAIN = "decision refused, or request renewed"
AFTER_GATE: dict[Hashable, str] = {DECIDED: "plan", AGAIN: "gate"}
NOTHING_RECORDED = "Nothing has been decided yet."


async def gate(
    view: RunView, runtime: Runtime[AgentContext], dependencies: Dependencies
) -> RunUpdate:
    """Ask a person, wait, and turn the decisions into results."""
    run, waiting = view.run, asked_results(view)
    view.memory.approvals_changed(run.id)
    records = await dependencies.store.approvals.open_all(
        run.id, run.thread_id, told_apart([r.approval for r in waiting if r.approval])
    )
    undecided = any(record.status not in CLOSED for record in records)
    # What earlier runs of the thread wait for stands in the same question.
    earlier = await _of_parked(view, dependencies)
    undecided &= all(record.status not in CLOSED for record in earlier)
    # Whose newer word was refused, or not heard, must know before an older one is carried out.
    waits = undecided or bool(view.refused)
    records = [*records, *earlier]
    # A replay asks later for what is on record, whose expiry is the one that holds.
    requests = [await with_facts(r.request, view, dependencies) for r in records]
    known = {record.request.id: record for record in records}
    resumed = _sent(await _question(view, requests, records, dependencies), needed=waits)
    if resumed is not None:
        try:
            decided = await record_newest(
                read_decisions(resumed, requests), known, requests, runtime, dependencies
            )
        except StoreError as error:
            return _unheard(error, runtime)
        except Exception as error:  # noqa: BLE001 - a tool's own check too may have raised it
            problem = explained(error)
            emit(runtime, "decided", node="gate", refused=problem)
            return await _again(waiting, problem, dependencies)
        known |= {record.request.id: record for record in decided}
    if (other := _decided_elsewhere(view, waiting, known)) is not None:
        # It is decided, and this run is not: it goes first.
        rest = [parked for parked in view.parked if parked is not other]
        return taken_up(other, [*rest, view.as_parked()], view, dependencies)
    try:
        return await _settled(view, known, runtime, dependencies)
    except StoreError as error:
        return _unheard(error, runtime)


async def _of_parked(view: RunView, dependencies: Dependencies) -> list[ApprovalRecord]:
    ids = [request.id for parked in view.parked for request in parked.approvals]
    return [*await dependencies.store.approvals.get_all(ids)]


def _decided_elsewhere(
    view: RunView, waiting: Sequence[StepResult], known: Mapping[str, ApprovalRecord]
) -> ParkedRun | None:
    """Return an earlier run of which something is decided, if nothing is of this one."""
    if any(r.approval and known[r.approval.id].status in CLOSED for r in waiting):
        return None
    return next(
        (p for p in view.parked if any(known[r.id].status in CLOSED for r in p.approvals)), None
    )


def asked_results(view: RunView) -> list[StepResult]:
    """Return the results that wait for a decision; questions of the conversation do not."""
    asked = waiting_results(view.plan, view.results)
    spoken = in_conversation(view.run)
    return [r for r in asked if not (spoken and r.approval and r.approval.tool == QUESTION)]


def _unheard(error: StoreError, runtime: Runtime[AgentContext]) -> RunUpdate:
    """End the node without the store. Had it raised, LangGraph would keep what was sent to it.

    The node starts over, and waits with the reason, or fails before it waits; then whatever is sent
    next is heard.
    """
    emit(runtime, "decided", node="gate", refused=str(error))
    return RunUpdate(refused=str(error))


def _sent(question: JsonObject, *, needed: bool) -> Json:
    """Return what a person has sent, `None` if nothing; only where it is needed, wait for it.

    All may be decided on record, by a command or a page. What is sent to the thread all the same is
    newer, and it counts.
    """
    try:
        return interrupt(question)
    except GraphInterrupt:
        if needed:
            raise
        return None


def after_gate(view: RunView) -> str:
    """Decide where the run goes after a decision; a key of `AFTER_GATE`."""
    return AGAIN if view.refused else DECIDED


async def _question(
    view: RunView,
    requests: Sequence[ApprovalRequest],
    records: Sequence[ApprovalRecord],
    dependencies: Dependencies,
) -> JsonObject:
    run = view.run
    outcomes = await history(run, view.results, view.revisions > 0, dependencies)
    usage = await spent(view, outcomes, dependencies)
    return interrupt_value(
        requests,
        {
            "thread_id": run.thread_id,
            "run_id": run.id,
            "requester": run.principal.id,
            "cost_so_far_usd": usage.usd,
            "error": view.refused,
            "decided": {r.request.id: r.status for r in records if r.status in CLOSED},
            "tables": item_tables(requests),
        },
    )


async def _again(
    waiting: Sequence[StepResult], error: str, dependencies: Dependencies
) -> RunUpdate:
    """Ask once more; a request that has expired or was withdrawn is replaced by a new one."""
    asked = [(result, result.approval) for result in waiting if result.approval]
    records = await dependencies.store.approvals.get_all([request.id for _, request in asked])
    anew = {
        result.step: renewed(result, request, now=dependencies.clock())
        for (result, request), record in zip(asked, records, strict=True)
        if record.status in LAPSED
    }
    return RunUpdate(refused=error, results=anew)


async def _settled(
    view: RunView,
    records: Mapping[str, ApprovalRecord],
    runtime: Runtime[AgentContext],
    dependencies: Dependencies,
) -> RunUpdate:
    """Turn what is decided into results, and go on if anything is."""
    run, waiting = view.run, asked_results(view)
    update: dict[str, StepResult] = {}
    asked_at = [r.approval.requested_at for r in waiting if r.approval]
    for result in waiting:
        record = records[result.approval.id] if result.approval else None
        if record is not None and record.status in CLOSED:
            update[result.step] = await carried_out(result, record, view, dependencies)
            emit(runtime, "decided", node="gate", step=result.step, status=record.status)
    if not update:
        return await _again(waiting, NOTHING_RECORDED, dependencies)
    now = dependencies.clock()
    resumed = going_on(run, asked_at=min(asked_at, default=now), now=now)
    return RunUpdate(results=update, refused="", run=resumed)
