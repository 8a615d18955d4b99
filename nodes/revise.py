"""revise: have another plan made that avoids what went wrong, or decides what was left open."""

from __future__ import annotations

from dataclasses import replace

from langgraph.runtime import Runtime

from ..errors import BudgetExceededError
from ..planners.protocols import Declined
from ..runs.dependencies import Dependencies
from ..runs.evidence import outputs_of
from ..runs.observed import observed
from ..runs.planning import announce, make_plan, plan_request, without_plan
from ..runs.thread_memory import recall
from ..runs.updates import RunUpdate
from ..runs.view import RunView
from ..state.context import AgentContext
from ..state.data_classes import classes_of
from ..state.provenance import union
from ..state.readers import read_so_far
from ..state.revision import open_again
from ..state.run import Stop
from .plan import move_of


async def revise(
    view: RunView, runtime: Runtime[AgentContext], dependencies: Dependencies
) -> RunUpdate:
    """Ask the planner again; what has run stays, what failed is open again.

    A planner that has no other plan uses up the revisions, so that the run ends with what failed.
    One that says why, or cannot decide what was left open, ends it too: what it says is the user's.
    """
    results, move = view.results, move_of(view)
    request = replace(
        await plan_request(view, runtime, dependencies, problem=move.problem, look=move.look),
        outputs=await outputs_of(results, dependencies.store.payloads, view.memory),
    )
    name = f"look {view.looks + 1}" if move.look else f"revision {view.revisions + 1}"
    try:
        async with observed(name, {"asked": move.look or move.problem}):
            made = await make_plan(request, view.memory, dependencies)
    except BudgetExceededError as error:
        return RunUpdate(stop=Stop(reason="budget", detail=str(error)))
    if isinstance(made, Declined):
        if move.look or made.said:
            return RunUpdate(stop=without_plan(made))
        return RunUpdate(revisions=view.run.limits.max_revisions)
    # What the planner read before it planned again flows into every step that is still to run.
    read_by_planner = union([view.plan.taint, *(result.taint for result in results.values())])
    readers = read_so_far(view.plan, results, made.readers)
    read = classes_of(view.plan, results.values(), heard=made.data_class)
    revised = made.model_copy(
        update={
            "taint": union([made.taint, read_by_planner]),
            "readers": readers,
            "data_class": read,
        }
    )
    announce(revised, runtime)
    reopened = open_again(view.plan, revised, results, look=bool(move.look))
    reopened |= recall(revised, view, dependencies)
    if move.look:
        return RunUpdate(looks=view.looks + 1, plan=revised, results=reopened)
    return RunUpdate(revisions=view.revisions + 1, plan=revised, results=reopened)
