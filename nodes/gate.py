"""gate: put every waiting step before a person in one interrupt, and take the decisions whole.

What is asked is read from state, so that the request a person saw and the request that the decision
is matched to are the same, however often LangGraph runs this node. A bad decision goes back to this
node with the reason in state: nothing else changes, and the thread keeps waiting.
"""

from __future__ import annotations

import logging
from collections.abc import Hashable, Mapping, Sequence
from typing import Literal

from langgraph.errors import GraphInterrupt
from langgraph.runtime import Runtime
from langgraph.types import interrupt

from ..errors import StoreError
from ..policy.approvals import action_digest
from ..policy.recorded import facts_of
from ..runs.decisions import CLOSED, explained, record_newest, standing, with_facts
from ..runs.dependencies import Dependencies
from ..runs.events import emit
from ..runs.facts import call_facts
from ..runs.view import RunUpdate, RunView
from ..state.approval import (
    DECISIONS,
    ApprovalRequest,
    Decision,
    approval_id,
    interrupt_value,
    read_decisions,
)
from ..state.context import AgentContext
from ..state.expansion import places
from ..state.happened import what_happened
from ..state.plan import Plan
from ..state.provenance import edited_provenance
from ..state.results import Evidence, Failure, StepResult
from ..state.run import Run
from ..state.values import Json, JsonObject, digest
from ..stores.protocols import ApprovalRecord

DECIDED = "decided"
AGAIN = "decision refused, or request renewed"
AFTER_GATE: dict[Hashable, str] = {DECIDED: "plan", AGAIN: "gate"}
NOTHING_RECORDED = "Nothing has been decided yet."
LAPSED = frozenset({"expired", "withdrawn"})

_log = logging.getLogger(__name__)


async def gate(
    view: RunView, runtime: Runtime[AgentContext], dependencies: Dependencies
) -> RunUpdate:
    """Ask a person, wait, and turn the decisions into results."""
    run, waiting = view.run, waiting_results(view.plan, view.results)
    view.memory.approvals_changed(run.id)
    records = await dependencies.store.approvals.open_all(
        run.id, run.thread_id, told_apart([r.approval for r in waiting if r.approval])
    )
    # A replay asks later for what is on record, whose expiry is the one that holds.
    requests = [await with_facts(r.request, run, view.plan, dependencies) for r in records]
    known = {record.request.id: record for record in records}
    undecided = any(record.status not in CLOSED for record in records)
    resumed = _sent(await _question(view, requests, records, dependencies), needed=undecided)
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
    try:
        return await _settled(view, known, runtime, dependencies)
    except StoreError as error:
        return _unheard(error, runtime)


def _unheard(error: StoreError, runtime: Runtime[AgentContext]) -> RunUpdate:
    """End the node without the store. Had it raised, LangGraph would keep what was sent to it.

    The node starts over. It goes on with what is on record, or waits for a newer decision, or fails
    before it waits; then whatever is sent next is heard.
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


def waiting_results(plan: Plan, results: Mapping[str, StepResult]) -> list[StepResult]:
    """Return the results that wait for a person, in a stable order: in a loop that of its items."""
    found = [result for result in results.values() if result.status == "waiting"]
    place = places(plan, results)
    return sorted(found, key=lambda result: place.get(result.step, (result.step, 0, 0)))


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


async def _question(
    view: RunView,
    requests: Sequence[ApprovalRequest],
    records: Sequence[ApprovalRecord],
    dependencies: Dependencies,
) -> JsonObject:
    run = view.run
    usage = await dependencies.models.usage(run.id)
    return interrupt_value(
        requests,
        {
            "thread_id": run.thread_id,
            "run_id": run.id,
            "requester": run.principal.id,
            "cost_so_far_usd": usage.usd,
            "error": view.refused,
            "decided": {r.request.id: r.status for r in records if r.status in CLOSED},
        },
    )


async def _again(
    waiting: Sequence[StepResult], error: str, dependencies: Dependencies
) -> RunUpdate:
    """Ask once more; a request that has expired or was withdrawn is replaced by a new one."""
    asked = [(result, result.approval) for result in waiting if result.approval]
    records = await dependencies.store.approvals.get_all([request.id for _, request in asked])
    renewed = {
        result.step: _renew(result, request, dependencies)
        for (result, request), record in zip(asked, records, strict=True)
        if record.status in LAPSED
    }
    return RunUpdate(refused=error, results=renewed)


def _renew(result: StepResult, request: ApprovalRequest, dependencies: Dependencies) -> StepResult:
    now = dependencies.clock()
    lasted = request.expires_at - request.requested_at if request.expires_at else None
    fresh = request.model_copy(
        update={
            "id": approval_id(request.id, request.step, 0, request.digest),
            "requested_at": now,
            "expires_at": now + lasted if lasted is not None else None,
        }
    )
    return result.model_copy(update={"approval": fresh})


async def _settled(
    view: RunView,
    records: Mapping[str, ApprovalRecord],
    runtime: Runtime[AgentContext],
    dependencies: Dependencies,
) -> RunUpdate:
    """Turn what is decided into results, and go on if anything is."""
    run, waiting = view.run, waiting_results(view.plan, view.results)
    update: dict[str, StepResult] = {}
    asked_at = [r.approval.requested_at for r in waiting if r.approval]
    for result in waiting:
        record = records[result.approval.id] if result.approval else None
        if record is not None and record.status in CLOSED:
            update[result.step] = await _carried_out(result, record, view, dependencies)
            emit(runtime, "decided", node="gate", step=result.step, status=record.status)
    if not update:
        return await _again(waiting, NOTHING_RECORDED, dependencies)
    # Waiting for a person does not count against the deadline of the work, and it counts once: what
    # was asked together may be decided one by one.
    now = dependencies.clock()
    paused = max(0.0, now - max(min(asked_at, default=now), run.resumed_at))
    deadline = run.deadline_at + paused if run.deadline_at is not None else None
    resumed = run.model_copy(update={"deadline_at": deadline, "resumed_at": now})
    return RunUpdate(results=update, refused="", run=resumed)


async def _carried_out(
    result: StepResult, record: ApprovalRecord, view: RunView, dependencies: Dependencies
) -> StepResult:
    """Turn one decision into the step's new result, or take it back and ask again.

    Whatever is raised here, by a tool's own check or because this release lacks the tool, must not
    leave the decision in force: the next one may be the opposite.
    """
    try:
        return await _apply(result, record, view.run, view.plan, dependencies)
    except StoreError:
        raise
    except Exception as error:  # noqa: BLE001 - see above; the person who decides next reads it
        reason = explained(error)
        _log.warning("A decision on step %s could not be carried out: %s", result.step, reason)
        await dependencies.store.approvals.withdraw(record.request.id, reason)
        fresh = _renew(result, record.request, dependencies)
        why = f"{record.request.why}\nThe last decision could not be carried out: {reason}"
        asked = fresh.approval and fresh.approval.model_copy(update={"why": why[:4000]})
        return fresh.model_copy(update={"approval": asked})


async def _apply(
    result: StepResult, record: ApprovalRecord, run: Run, plan: Plan, dependencies: Dependencies
) -> StepResult:
    """Turn one closed request into the step's new result."""
    decision = record.decisions[-1]
    request = record.request
    if request.unknown_effect:
        request = await with_facts(request, run, plan, dependencies)
        return await _apply_unknown(result, request, record.decisions, dependencies)
    match record.status:
        case "approved":
            return result.model_copy(update={"status": "cleared"})
        case "edited":
            return await _apply_edit(result, request, decision, run, plan, dependencies)
        case "responded" if request.tool == "ask":
            return _told(result, {"text": decision.message}, decision)
        case "responded":
            return _declined(result, "responded", decision)
        case _:
            return _declined(result, "rejected", decision)


async def _apply_edit(
    result: StepResult,
    request: ApprovalRequest,
    decision: Decision,
    run: Run,
    plan: Plan,
    dependencies: Dependencies,
) -> StepResult:
    """An edit is a new action. Its editor's approval is recorded for exactly the new arguments."""
    edited = await _edited(request, decision, run, plan, dependencies)
    record = await dependencies.store.approvals.open(run.id, run.thread_id, edited)
    if record.status == "waiting" and not record.decisions:
        approval = decision.model_copy(
            update={"approval_id": edited.id, "type": "approve", "args": None}
        )
        [record] = await dependencies.store.approvals.decide([approval])
    status = "cleared" if record.status == "approved" else "waiting"
    decided = result.model_copy(update={"status": status, "approval": edited})
    return _renew(decided, edited, dependencies) if record.status in LAPSED else decided


async def _edited(
    request: ApprovalRequest,
    decision: Decision,
    run: Run,
    plan: Plan,
    dependencies: Dependencies,
) -> ApprovalRequest:
    """Return the request that the new arguments would have made, under the policies in force."""
    args = await dependencies.tools.checked(request.tool, decision.args or {})
    provenance = edited_provenance(request.provenance, request.args, args)
    facts = await call_facts(
        run,
        plan,
        request.tool,
        args,
        provenance,
        dependencies,
        control=facts_of(request).taint if request.facts else (),
    )
    ruling = dependencies.policy.decide(dependencies.tools.get(request.tool).contract, facts)
    bound = action_digest(request.tool, args, request.step, plan.version, ruling.version)
    # As of the decision, so that a replay neither prolongs the consent nor revives it.
    at, lasts = decision.decided_at, ruling.expires_seconds
    return request.model_copy(
        update={
            "id": approval_id(request.id, request.step, plan.version, bound),
            "args": args,
            "why": ruling.reason,
            "digest": bound,
            "provenance": provenance,
            "preview": None,
            "policy": ruling.policies,
            # The editor has said yes already, whatever the others may still answer.
            "allowed": tuple(kind for kind in DECISIONS if kind in {*ruling.allowed, "approve"}),
            "quorum": ruling.quorum,
            "requested_at": at,
            "expires_at": at + lasts if lasts is not None else None,
        }
    )


async def _apply_unknown(
    result: StepResult,
    request: ApprovalRequest,
    decisions: Sequence[Decision],
    dependencies: Dependencies,
) -> StepResult:
    decision = decisions[-1]
    switches = await dependencies.switches.snapshot()
    for said in decisions:
        if objection := standing(said, request, switches, dependencies):
            # Said in time, but by somebody whose word counts no more: ask again.
            await dependencies.store.approvals.withdraw(request.id, objection)
            return _renew(result, request, dependencies)
    note = f"{decision.approver}: {decision.message}"
    if decision.type == "approve":
        await _clear_up(request.unknown_effect, "failed", None, note, dependencies)
        return result.model_copy(update={"status": "cleared"})
    if decision.type == "respond" and what_happened(decision.message) == "no":
        await _clear_up(request.unknown_effect, "failed", None, note, dependencies)
        return _declined(result, "did_not_happen", decision)
    if decision.type == "respond":
        output = {"confirmed_by": decision.approver, "text": decision.message}
        await _clear_up(request.unknown_effect, "done", output, note, dependencies)
        return _told(result, output, decision)
    return _declined(result, "rejected", decision)


async def _clear_up(
    key: str,
    verdict: Literal["done", "failed"],
    output: JsonObject | None,
    note: str,
    dependencies: Dependencies,
) -> None:
    """Record what the person said of an unknown call, once: this node may run again."""
    effects = dependencies.store.effects
    known = await effects.get(key)
    if known is not None and known.state != "unknown" and known.note == note:
        return
    await effects.reopen(key, verdict=verdict, output=output, note=note)


def _told(result: StepResult, output: JsonObject, decision: Decision) -> StepResult:
    """Return the step as accepted, with what the person said as its output."""
    source = f"reply of {decision.approver or 'the reviewer'}"
    return result.model_copy(
        update={
            "status": "accepted",
            "output": output,
            "evidence": (Evidence(id=result.step, step=result.step, source=source),),
        }
    )


def _declined(result: StepResult, kind: str, decision: Decision) -> StepResult:
    words = decision.message or "no reason given"
    said = "The reviewer says" if kind == "did_not_happen" else "The reviewer declined"
    return result.model_copy(
        update={"status": "rejected", "failure": Failure(kind=kind, message=f"{said}: {words}")}
    )
