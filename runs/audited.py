"""What a run decides, noted in the audit log: one entry a decision.

Entries go with the next write, so they cost no trip, and nothing that follows from a decision is
durable without it. Personal data and secrets in them are masked by the settings.
"""

from __future__ import annotations

from typing import Literal

from ..planners.protocols import Declined
from ..state.plan import Plan, Step
from ..state.results import Attempt, StepResult
from ..state.run import Run
from ..state.task import Task
from ..state.values import JsonObject, digest
from ..state.verdict import ActOutcome
from ..stores.audit import AuditDraft
from .dependencies import Dependencies
from .lane_view import Route

NotedKind = Literal[
    "input", "policy_version", "plan", "route", "tool_call", "verdict", "override", "answer"
]
"""Others note what belongs to them: the gateway its attempts, the store requests and decisions."""


async def audited(
    kind: NotedKind,
    run: Run,
    facts: JsonObject,
    dependencies: Dependencies,
    *,
    texts: JsonObject | None = None,
    actor: str = "",
) -> None:
    """Note one decision of a run.

    Args:
        kind: What was decided.
        run: Of which run.
        facts: What was decided: names, numbers and digests of ours.
        dependencies: Where to, and what masks it.
        texts: What people, models and tools may have written, which is masked.
        actor: Whose decision it is; the run's own if empty.
    """
    masker, tenant = dependencies.masker, run.principal.tenant
    kinds, pseudonyms = masker.kinds_at("audit"), masker.pseudonyms(tenant)
    masked = await masker.at_length(texts, kinds, pseudonyms) if texts else {}
    await dependencies.store.audit.note(
        AuditDraft(
            kind=kind,
            at=dependencies.clock(),
            tenant=tenant,
            thread_id=run.thread_id,
            run_id=run.id,
            actor=actor,
            body=facts | masked,
            is_last=kind == "answer",
        )
    )


async def audited_input(task: Task, run: Run, dependencies: Dependencies) -> None:
    """Note what a run was asked, by whom, and under which policy; its text the first time."""
    policy, audit = dependencies.policy, dependencies.store.audit
    if audit.first_time(run.principal.tenant, policy.version):
        texts = await dependencies.store.payloads.put_with_next_write(policy.texts)
        version: JsonObject = {"policy": policy.version, "texts": texts}
        await audited("policy_version", run, version, dependencies)
    facts: JsonObject = {"digest": run.input_digest, "policy": policy.version}
    if task.attachments:
        facts["attachments"] = [item.payload for item in task.attachments]
    said: JsonObject = {"text": task.text}
    await audited("input", run, facts, dependencies, texts=said, actor=run.principal.id)


async def audited_plan(
    made: Plan | Declined, noted: JsonObject, version: int, run: Run, dependencies: Dependencies
) -> None:
    """Note a plan, or why there is none; the journal has it as it was `noted`."""
    facts: JsonObject = {"planner": made.planner, "version": version}
    texts: JsonObject = {"declined": made.reason} if isinstance(made, Declined) else {}
    if isinstance(made, Plan):
        steps = [*made.every_step()]
        facts["steps"] = [{"id": s.id, "kind": s.kind, "tool": s.tool} for s in steps]
        facts["digest"] = digest(noted)
        texts = {"goals": {s.id: s.goal for s in steps if s.goal}}
    await audited("plan", run, facts, dependencies, texts=texts)


async def audited_route(
    step: str, routed: Route | StepResult, run: Run, dependencies: Dependencies
) -> None:
    """Note how a step is to run, or that it may not, under which policy and by whose word."""
    facts: JsonObject = {"step": step, "policy": dependencies.policy.version}
    if isinstance(routed, Route):
        facts |= {
            "action": routed.action,
            "approval": routed.approval,
            "leans_on": routed.leans_on,
            "candidates": [candidate.name for candidate in routed.candidates],
        }
        sources = {name: list(of) for name, of in routed.provenance.items() if of}
        texts: JsonObject = {"why": routed.why, "args": routed.args, "sources": sources}
    else:
        facts |= {"status": routed.status, "request": routed.approval.id if routed.approval else ""}
        failure = routed.failure.message if routed.failure else ""
        texts = {"failure": failure, "why": routed.reason}
    await audited("route", run, facts, dependencies, texts=texts)


async def audited_call(
    step: Step, outcome: ActOutcome, run: Run, dependencies: Dependencies
) -> None:
    """Note what became of a tool call; the ledger holds it under its key."""
    ended = "unknown" if outcome.happened_unknown else "failed" if outcome.failure else "done"
    facts: JsonObject = {
        "step": step.id,
        "tool": step.tool,
        "key": outcome.effect_key,
        "ended": ended,
        "replayed": outcome.replayed,
        "output": digest(outcome.output) if ended == "done" else "",
    }
    texts: JsonObject = {"failure": outcome.failure.message} if outcome.failure else {}
    await audited("tool_call", run, facts, dependencies, texts=texts)


async def audited_verdict(
    step: str, attempt: Attempt, run: Run, dependencies: Dependencies
) -> None:
    """Note what `verify` said of an attempt at a step."""
    facts: JsonObject = {"step": step, "attempt": attempt.number, "by": attempt.performed_by}
    texts: JsonObject = {}
    if (verdict := attempt.verdict) is not None:
        facts |= {"action": verdict.action, "confidence": verdict.confidence}
        # What says only that all is well is nobody's text.
        texts = {} if verdict.action == "accept" else {"why": verdict.reason}
    await audited("verdict", run, facts, dependencies, texts=texts)


async def audited_answer(told: JsonObject, run: Run, dependencies: Dependencies) -> None:
    """Note what was answered, with its evidence, of what the journal has of it."""
    kept = ("text", "citations", "dropped", "written_by")
    texts = {key: told[key] for key in kept if key in told}
    facts: JsonObject = {"status": told["status"], "digest": digest(told)}
    await audited("answer", run, facts, dependencies, texts=texts)
