"""What a run decides, noted in the audit log: one entry a decision.

Entries go with the next write, so they cost no trip, and nothing that follows from a decision is
durable without it. Personal data and secrets in them are masked by the settings.
"""

from __future__ import annotations

from typing import Literal

from ..planners.protocols import Declined
from ..state.answer import Answer
from ..state.plan import Plan, Step
from ..state.results import Attempt, StepResult
from ..state.run import Run
from ..state.task import Task
from ..state.values import JsonObject, digest
from ..state.verdict import ActOutcome
from ..stores.audit import AuditDraft
from .dependencies import Dependencies
from .lane_view import Route

Kind = Literal[
    "input", "policy_version", "plan", "route", "tool_call", "verdict", "override", "answer"
]
"""Others note what belongs to them: the gateway its attempts, the store requests and decisions."""


async def audited(
    kind: Kind, run: Run, body: JsonObject, dependencies: Dependencies, *, actor: str = ""
) -> None:
    """Note one decision of a run.

    Args:
        kind: What was decided.
        run: Of which run.
        body: What was decided, and why.
        dependencies: Where to, and what masks it.
        actor: Whose decision it is; the run's own if empty.
    """
    masker, tenant = dependencies.masker, run.principal.tenant
    masked = await masker.at_length(body, masker.kinds_at("audit"), masker.pseudonyms(tenant))
    await dependencies.store.audit.note(
        AuditDraft(
            kind=kind,
            at=dependencies.clock(),
            tenant=tenant,
            thread_id=run.thread_id,
            run_id=run.id,
            actor=actor,
            body=masked,
            is_last=kind == "answer",
        )
    )


async def audited_input(task: Task, run: Run, dependencies: Dependencies) -> None:
    """Note what a run was asked, by whom, and under which policy; its text the first time."""
    policy, audit = dependencies.policy, dependencies.store.audit
    if audit.first_time(run.principal.tenant, policy.version):
        texts = await dependencies.store.payloads.put_with_next_write(policy.texts)
        body = {"policy": policy.version, "texts": texts}
        await audited("policy_version", run, body, dependencies)
    body = {
        "text": task.text,
        "digest": run.input_digest,
        "attachments": {item.name: item.payload for item in task.attachments},
        "policy": policy.version,
    }
    await audited("input", run, body, dependencies, actor=run.principal.id)


async def audited_plan(
    made: Plan | Declined, version: int, run: Run, dependencies: Dependencies
) -> None:
    """Note a plan, or why there is none."""
    body: JsonObject = {"planner": made.planner, "version": version}
    if isinstance(made, Plan):
        steps = [_told(step) for step in made.every_step()]
        body |= {"steps": steps, "digest": digest(made.to_json())}
    else:
        body["declined"] = made.reason
    await audited("plan", run, body, dependencies)


def _told(step: Step) -> JsonObject:
    return {"id": step.id, "kind": step.kind, "tool": step.tool, "goal": step.goal}


async def audited_route(
    step: str, routed: Route | StepResult, run: Run, dependencies: Dependencies
) -> None:
    """Note how a step is to run, or that it may not, under which policy and by whose word."""
    body: JsonObject = {"step": step, "policy": dependencies.policy.version}
    if isinstance(routed, Route):
        told = routed.to_json()
        kept = ("action", "why", "approval", "again", "leans_on", "args", "provenance")
        body |= {key: told[key] for key in kept if key in told}
        body["candidates"] = [candidate.name for candidate in routed.candidates]
    else:
        body["status"] = routed.status
        if routed.failure:
            body["failure"] = routed.failure.to_json()
        if routed.approval:
            body["request"] = routed.approval.id
    await audited("route", run, body, dependencies)


async def audited_call(
    step: Step, outcome: ActOutcome, run: Run, dependencies: Dependencies
) -> None:
    """Note what became of a tool call; the ledger holds it under its key."""
    ended = "unknown" if outcome.happened_unknown else "failed" if outcome.failure else "done"
    body: JsonObject = {
        "step": step.id,
        "tool": step.tool,
        "key": outcome.effect_key,
        "ended": ended,
        "replayed": outcome.replayed,
        "output": digest(outcome.output) if ended == "done" else "",
    }
    if outcome.failure:
        body["failure"] = outcome.failure.to_json()
    await audited("tool_call", run, body, dependencies)


async def audited_verdict(
    step: str, attempt: Attempt, run: Run, dependencies: Dependencies
) -> None:
    """Note what `verify` said of an attempt at a step."""
    verdict = attempt.verdict.to_json() if attempt.verdict else {}
    body = {"step": step, "attempt": attempt.number, "by": attempt.performed_by, **verdict}
    await audited("verdict", run, body, dependencies)


async def audited_answer(answer: Answer, run: Run, dependencies: Dependencies) -> None:
    """Note what was answered, each sentence with its evidence."""
    told = answer.to_json()
    kept = ("status", "text", "citations", "dropped", "written_by")
    body = {key: told[key] for key in kept if key in told}
    await audited("answer", run, {**body, "digest": digest(told)}, dependencies)
