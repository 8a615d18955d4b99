"""Planning: have a plan made for a run's state, once, and held to the rules."""

from __future__ import annotations

from langgraph.runtime import Runtime

from ..errors import PlanError
from ..planners.protocols import Declined, PlanRequest
from ..planners.validation import validate
from ..runs.dependencies import Dependencies
from ..runs.events import emit, emitter
from ..state.agent import AgentState
from ..state.context import AgentContext
from ..state.plan import Plan
from ..state.results import StepResult
from ..state.run import Run
from ..state.task import Task
from ..state.values import JsonObject


def plan_request(
    state: AgentState,
    run: Run,
    runtime: Runtime[AgentContext],
    dependencies: Dependencies,
    *,
    current: Plan | None = None,
    results: dict[str, StepResult] | None = None,
    problem: str = "",
) -> PlanRequest:
    """Gather what a planner may know; `current`, `results` and `problem` ask for a revision."""
    visible = [
        tool.contract
        for tool in dependencies.tools.tools.values()
        if dependencies.policy.may_see(tool.contract, run.principal)
    ]
    return PlanRequest(
        task=Task.from_json(state["work"]),
        run=run,
        tools=visible,
        version=current.version + 1 if current else 1,
        previous=current,
        results=results or {},
        problem=problem,
        emit=emitter(runtime, node="plan"),
    )


async def make_plan(request: PlanRequest, dependencies: Dependencies) -> Plan | Declined:
    """Return the plan that the journal holds for this version, or have one made and record it.

    Raises:
        BudgetExceededError: No cap leaves room for planning.
    """
    journal, run = dependencies.store.journal, request.run
    noted = await journal.note(run.id, "plan", request.version)
    if noted is not None:
        return Declined(**noted["declined"]) if "declined" in noted else Plan.from_json(noted)
    made = await dependencies.planner.plan(request)
    if isinstance(made, Plan):
        made = made.model_copy(update={"version": request.version})
        try:
            validate(made, request, dependencies.tools)
        except PlanError as error:
            made = Declined(planner=made.planner, reason=f"The plan is not valid: {error}")
    body: JsonObject = (
        made.to_json()
        if isinstance(made, Plan)
        else {
            "declined": {
                "planner": made.planner,
                "reason": made.reason,
                "missing": list(made.missing),
                "can_do": list(made.can_do),
            }
        }
    )
    await journal.record_note(run.id, run.thread_id, "plan", request.version, body)
    return made


def announce(made: Plan, runtime: Runtime[AgentContext]) -> None:
    """Tell whoever streams the run what is planned, and why."""
    steps = [
        {"id": step.id, "kind": step.kind, "tool": step.tool, "goal": step.goal}
        for step in made.steps
    ]
    emit(runtime, "planned", node="plan", planner=made.planner, why=made.reason, steps=steps)


def explain(declined: Declined) -> str:
    """Say why there is no plan, what is missing, and what could be done instead."""
    parts = [declined.reason]
    if declined.missing:
        parts.append("Missing: " + "; ".join(declined.missing) + ".")
    if declined.can_do:
        lines = "\n".join(f"- {line}" for line in declined.can_do)
        parts.append(f"\nWhat I can do:\n{lines}")
    return " ".join(parts)
