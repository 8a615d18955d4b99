"""take_up: go on with a run that waits, once the conversation's newest turn has its answer."""

from __future__ import annotations

from collections.abc import Hashable

from langgraph.graph import END
from langgraph.runtime import Runtime

from ..runs.dependencies import Dependencies
from ..runs.taking_up import taken_up
from ..runs.updates import RunUpdate
from ..runs.view import RunView
from ..state.context import AgentContext
from ..state.parked import ParkedRun

WAITS = "an earlier request waits"
OVER = "the turn is over"
AFTER_SYNTHESIZE: dict[Hashable, str] = {WAITS: "take_up", OVER: END}


async def take_up(
    view: RunView,
    runtime: Runtime[AgentContext],  # noqa: ARG001 - every node is given it
    dependencies: Dependencies,
) -> RunUpdate:
    """Put the run that waits in the place of the one that has answered."""
    chosen = _next(view)
    if chosen is None:
        return RunUpdate()
    rest = [parked for parked in view.parked if parked is not chosen]
    own = [view.as_parked()] if _still_asks(view) else []
    # The thread's turns are counted on: its next run must not take the place of this one.
    run = chosen.run.model_copy(update={"turn": max(chosen.run.turn, view.run.turn)})
    return taken_up(chosen.model_copy(update={"run": run}), [*rest, *own], view, dependencies)


def after_synthesize(view: RunView) -> str:
    """Decide whether the turn is over; a key of `AFTER_SYNTHESIZE`."""
    return OVER if _next(view) is None else WAITS


def _next(view: RunView) -> ParkedRun | None:
    """Return the newest run that waits for a decision, or asks where nothing else is asked."""
    for parked in reversed(view.parked):
        if parked.approvals:
            return parked
    if _still_asks(view):
        return None
    return next((parked for parked in reversed(view.parked) if parked.questions), None)


def _still_asks(view: RunView) -> bool:
    return view.stop is None and bool(view.as_parked().questions)
