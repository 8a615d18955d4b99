"""Where a replay begins: a checkpoint of the run, and what its user said after it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from langchain_core.messages import AnyMessage, HumanMessage

from ..errors import NotFoundError
from ..runs.moments import checkpoint_id, moment_of
from ..runs.thread import awaits_input, config_of
from ..runs.view import RunView
from ..state.run import Run

if TYPE_CHECKING:
    from langgraph.graph.state import CompiledStateGraph
    from langgraph.types import StateSnapshot

LEADS_HERE = {"plan": "normalize", "take_up": "synthesize"}
"""Node that a checkpoint waits to enter → the node whose edge leads there again."""
ELSE_LEADS_HERE = "plan"
"""The node that decides where else to go: by the state alone, so it decides it again."""


@dataclass(frozen=True, kw_only=True)
class StartingPoint:
    """A checkpoint of a run."""

    id: str
    at: float
    """Unix time of it."""
    run: Run
    channels: dict[str, Any]
    """The state in it, without what would end a run that goes on so much later."""
    after: str
    """The node that has just been left."""
    said_later: tuple[AnyMessage, ...] = ()
    """What the user said to this run afterwards, oldest first."""


async def starting_point(
    agent: CompiledStateGraph[Any, Any, Any, Any],
    thread: str,
    *,
    turn: int | None = None,
    checkpoint: str = "",
) -> StartingPoint:
    """Find where to begin.

    Args:
        agent: Reads the thread.
        thread: The thread, which exists.
        turn: Which of its runs, from 1; by default the last, or that of the checkpoint.
        checkpoint: Id of a checkpoint; by default the run's first, once its task was taken in.

    Raises:
        NotFoundError: The thread has no such run, or the run no such checkpoint.
    """
    history = [each async for each in agent.aget_state_history(config_of(thread))][::-1]
    begun = [(each, RunView(each.values)) for each in history if each.values.get("work")]
    fit = [
        (each, view)
        for each, view in begun
        if turn in (None, view.run.turn) and checkpoint in ("", checkpoint_id(each))
    ]
    if not fit:
        asked = f"turn {turn}" if turn is not None else f"checkpoint {checkpoint}"
        raise NotFoundError(
            "There is nothing there that a replay could begin at.",
            where=f"thread {thread}, {asked}",
            fix="`pointsman trace THREAD --full` lists its turns and their checkpoints.",
        )
    run = fit[-1][1].run
    snapshot, view = next((each, view) for each, view in fit if view.run.id == run.id)
    return StartingPoint(
        id=checkpoint_id(snapshot),
        at=moment_of(snapshot),
        run=view.run,
        channels=_without_deadline(snapshot),
        after=_left(snapshot),
        said_later=tuple(_said_later(history, snapshot, run.id)),
    )


def _without_deadline(snapshot: StateSnapshot) -> dict[str, Any]:
    values: Any = snapshot.values
    return {**values, "run": {**values["run"], "deadline_at": None}}


def _left(snapshot: StateSnapshot) -> str:
    [*_, waiting] = [*snapshot.next] or [""]
    return LEADS_HERE.get(waiting, ELSE_LEADS_HERE)


def _said_later(
    history: Sequence[StateSnapshot], start: StateSnapshot, run: str
) -> list[AnyMessage]:
    """Return the messages that came to a run after a checkpoint.

    A message belongs to the run that took it in.
    """
    seen: set[str | None] = set()
    found: list[AnyMessage] = []
    started = False
    for snapshot in history:
        if awaits_input(snapshot):
            continue
        messages: Sequence[AnyMessage] = snapshot.values.get("messages", [])
        said = [m for m in messages if isinstance(m, HumanMessage) and m.id not in seen]
        seen |= {message.id for message in said}
        if started and said and RunView(snapshot.values).run.id == run:
            found += said
        started |= snapshot is start
    return found
