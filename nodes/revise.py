"""revise: have another plan made that avoids what went wrong."""

from __future__ import annotations

from langgraph.runtime import Runtime

from ..errors import BudgetExceededError
from ..planners.protocols import Declined
from ..runs.dependencies import Dependencies
from ..runs.planning import announce, make_plan, plan_request
from ..runs.view import RunUpdate, RunView
from ..state.context import AgentContext
from ..state.provenance import union
from ..state.run import Stop
from .plan import move_of


async def revise(
    view: RunView, runtime: Runtime[AgentContext], dependencies: Dependencies
) -> RunUpdate:
    """Ask the planner again; what has run stays, what failed is open again.

    A planner that has no other plan uses up the revisions, so that the run ends.
    """
    results = view.results
    request = plan_request(view, runtime, dependencies, problem=move_of(view).problem)
    try:
        made = await make_plan(request, view.memory, dependencies)
    except BudgetExceededError as error:
        return RunUpdate(stop=Stop(reason="budget", detail=str(error)))
    if isinstance(made, Declined):
        return RunUpdate(revisions=view.run.limits.max_revisions)
    # What the planner read before it planned again flows into every step that is still to run.
    read_by_planner = union([view.plan.taint, *(result.taint for result in results.values())])
    revised = made.model_copy(update={"taint": union([made.taint, read_by_planner])})
    announce(revised, runtime)
    kept = {step.id for step in revised.steps}
    open_again = {
        step_id: None
        for step_id, result in results.items()
        if step_id in kept and result.status != "accepted"
    }
    return RunUpdate(revisions=view.revisions + 1, plan=revised, results=open_again)
