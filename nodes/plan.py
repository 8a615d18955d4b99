"""plan: make the plan, keep count of the run's limits, and say what is ready."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import get_args

from langgraph.runtime import Runtime
from langgraph.types import Send

from ..errors import BudgetExceededError
from ..planners.protocols import Declined
from ..runs.dependencies import Dependencies
from ..runs.events import emit
from ..runs.loops import LoopScope, advance_loops
from ..runs.notice import Notice, unheard_notice
from ..runs.observed import observed_skip
from ..runs.planning import announce, make_plan, plan_request, show, without_plan
from ..runs.spending import history, spent
from ..runs.step import started
from ..runs.thread_memory import recall
from ..runs.updates import RunUpdate
from ..runs.view import RunView
from ..runs.withdrawal import withdraw, withdraw_open
from ..state.context import AgentContext
from ..state.interim import untold
from ..state.parked import ParkedRun
from ..state.plan import Plan
from ..state.progress import Move, hard_stop, is_unfinished, next_move, skip_blocked
from ..state.results import StepResult
from ..state.run import Run, Stop, StopReason

DISPATCH = "ready chains, side by side"
ASK = "steps wait for a person"
TELL = "steps wait for a person, and what needs nobody was found"
REVISE = "steps failed that another plan may avoid, or the plan asks to look again"
_STOPS = ", ".join(reason.replace("_", " ") for reason in get_args(StopReason))
FINISH = f"done, stopped ({_STOPS}), or a question to the user"
FOLLOW = "the state was edited: loops begin or end, steps are left out"
AFTER_PLAN: dict[Hashable, str] = {
    DISPATCH: "lane",
    ASK: "gate",
    TELL: "interim",
    REVISE: "revise",
    FINISH: "synthesize",
    FOLLOW: "plan",
}


async def plan(
    view: RunView, runtime: Runtime[AgentContext], dependencies: Dependencies
) -> RunUpdate:
    """Move the run on by one pass; `after_plan` reads from the state where it goes."""
    results = view.results
    turns = view.turns if _passes_the_gate(view) else view.turns + 1
    revised = view.revisions > 0
    stop = await _stop(view, turns, results, dependencies, revised=revised)
    made: Plan | None = None
    parked: Sequence[ParkedRun] | None = None
    notice: Notice | None = None
    run: Run | None = None
    skips: dict[str, StepResult] = {}
    if stop is None and not view.planned:
        first = await _first_plan(view, turns, runtime, dependencies)
        made, stop = (first, None) if isinstance(first, Plan) else (None, first)
    if made is not None:
        skips = recall(made, view, dependencies)
        if made.withdraws:
            parked = await withdraw(view.parked, made.withdraws, dependencies)
    if stop is None:
        follows = await _follow(made or view.plan, {**results, **skips}, view, dependencies)
        for result in follows.values():
            if result.status == "skipped":
                await observed_skip(result, "plan", runtime)
        skips |= follows
    if stop is not None:
        skips |= await withdraw_open(results, stop, dependencies)
        emit(runtime, "stopped", node="plan", reason=stop.reason, detail=stop.detail)
    else:
        show(made or view.plan, {**results, **skips}, runtime)
        move = next_move(
            made or view.plan,
            {**results, **skips},
            may_revise=may_revise(view),
            may_look=may_look(view),
        )
        if move.kind == "dispatch":
            chains = [list(chain) for chain in move.chains]
            emit(runtime, "dispatched", node="plan", chains=chains)
        run = _noting_the_wait(view.run, move, now=dependencies.clock())
        if move.kind == "ask" and not untold(
            made or view.plan, {**results, **skips}, view.run.told
        ):
            notice = unheard_notice(view, dependencies)
    return RunUpdate(
        run=run,
        turns=turns,
        plan=made,
        results=skips,
        stop=stop,
        parked=parked,
        messages=[notice.message] if notice else (),
        said=[*view.said, notice.digest] if notice else None,
    )


def _noting_the_wait(run: Run, move: Move, *, now: float) -> Run | None:
    """Return a run that begins to wait, or waits no more; `None` if it goes on as before."""
    since = (run.waits_since or now) if move.kind == "ask" else 0.0
    return None if since == run.waits_since else run.model_copy(update={"waits_since": since})


def _passes_the_gate(view: RunView) -> bool:
    """Whether this pass only leads to a person or comes from one: that does not count as one."""
    decided = any(result.status == "cleared" for result in view.results.values())
    return decided or move_of(view).kind == "ask"


def after_plan(view: RunView) -> str | list[Send]:
    """Decide where the run goes: into lanes, or along a key of `AFTER_PLAN`.

    It reads nothing but the state, so a state that was edited in Studio goes on like any other:
    LangGraph takes an edit for a pass through `plan`, which has not seen it.
    """
    move = move_of(view)
    if move.kind == "dispatch":
        return [Send("lane", sent) for sent in view.lanes(move.chains)]
    if move.kind == "ask" and not view.as_parked().approvals:
        # All that waits are questions, which are messages.
        return FINISH
    if move.kind == "ask" and untold(view.plan, view.results, view.run.told):
        return TELL
    if move.kind != "ask" and view.stop is None and is_unfinished(view.plan, view.results):
        return FOLLOW
    return {"ask": ASK, "revise": REVISE, "finish": FINISH}[move.kind]


def move_of(view: RunView) -> Move:
    """Return the next move that the state calls for."""
    if view.stop is not None or not view.planned:
        return Move(kind="finish")
    return next_move(view.plan, view.results, may_revise=may_revise(view), may_look=may_look(view))


async def _follow(
    plan: Plan, results: Mapping[str, StepResult], view: RunView, dependencies: Dependencies
) -> dict[str, StepResult]:
    """Return what follows from the results: loops that begin or end, steps that cannot run."""
    update: dict[str, StepResult] = {}
    while True:
        known = {**results, **update}
        scope = LoopScope(
            plan=plan,
            results=known,
            attachments={a.name: a for a in view.task.attachments} if view.task else {},
            payloads=dependencies.store.payloads,
            thread=view.run.thread_id,
            memory=view.memory,
            now=started(view.run),
            max_inline=dependencies.settings.max_inline_bytes,
        )
        new = {**skip_blocked(plan, known), **await advance_loops(scope)}
        if not new:
            return update
        update |= new


def may_revise(view: RunView) -> bool:
    """Whether the limits leave room for another plan."""
    return view.revisions < view.run.limits.max_revisions


def may_look(view: RunView) -> bool:
    """Whether the limits leave room for another look."""
    return view.looks < view.run.limits.max_looks


async def _stop(
    view: RunView,
    turns: int,
    results: dict[str, StepResult],
    dependencies: Dependencies,
    *,
    revised: bool = False,
) -> Stop | None:
    outcomes = await history(view.run, results, revised, dependencies)
    return hard_stop(
        view.run,
        turns=turns,
        now=dependencies.clock(),
        usage=await spent(view, outcomes, dependencies),
        results=results,
        history=outcomes,
        plan=view.plan,
        may_revise=may_revise(view),
    )


async def _first_plan(
    view: RunView, turns: int, runtime: Runtime[AgentContext], dependencies: Dependencies
) -> Plan | Stop:
    request = await plan_request(view, runtime, dependencies)
    try:
        made = await make_plan(request, view.memory, dependencies)
    except BudgetExceededError as error:
        return Stop(reason="budget", detail=str(error))
    if isinstance(made, Declined):
        # A planner that ran into the deadline declines too; the deadline is then the reason.
        stop = await _stop(view, turns, {}, dependencies)
        return stop or without_plan(made)
    announce(made, runtime)
    return made
