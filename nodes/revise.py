"""revise: have another plan made that avoids what went wrong."""

from __future__ import annotations

from typing import Any

from langgraph.runtime import Runtime

from ..errors import BudgetExceededError
from ..planners.protocols import Declined
from ..runs.dependencies import Dependencies
from ..state.agent import AgentState, read
from ..state.context import AgentContext
from ..state.plan import Plan
from ..state.provenance import union
from ..state.run import Run, Stop
from .plan import move_of, read_results
from .planning import announce, make_plan, plan_request


async def revise(
    state: AgentState, runtime: Runtime[AgentContext], dependencies: Dependencies
) -> dict[str, Any]:
    """Ask the planner again; what has run stays, what failed is open again.

    A planner that has no other plan uses up the revisions, so that the run ends.
    """
    run, results = Run.from_json(state["run"]), read_results(state)
    current = Plan.from_json(state["plan"])
    request = plan_request(
        state,
        run,
        runtime,
        dependencies,
        current=current,
        results=results,
        problem=move_of(state).problem,
    )
    try:
        made = await make_plan(request, dependencies)
    except BudgetExceededError as error:
        return {"stop": Stop(reason="budget", detail=str(error)).to_json()}
    if isinstance(made, Declined):
        return {"revisions": run.limits.max_revisions}
    # What the planner read before it planned again flows into every step that is still to run.
    read_by_planner = union([current.taint, *(result.taint for result in results.values())])
    revised = made.model_copy(update={"taint": union([made.taint, read_by_planner])})
    announce(revised, runtime)
    kept = {step.id for step in revised.steps}
    open_again = {
        step_id: None
        for step_id, result in results.items()
        if step_id in kept and result.status != "accepted"
    }
    return {
        "revisions": read(state, "revisions", 0) + 1,
        "plan": revised.to_json(),
        "results": open_again,
    }
