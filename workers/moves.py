"""What a worker does with a thread next, and how far its tasks have come: pure decisions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from langchain_core.messages import AIMessage, HumanMessage

from ..runs.thread import ThreadState
from ..stores.records import QueuedTask, QueuedTaskState

_ANSWER = "answer-"
"""How the id of an answer's message begins; the run's id follows."""


@dataclass(frozen=True, kw_only=True)
class ThreadMove:
    """How a thread goes on."""

    kind: Literal["begin", "go_on", "resume"]
    """`begin`: with a task's message. `go_on`: from where it was cut off. `resume`: with the
    decisions on record."""
    task: QueuedTask | None = None
    """For whom: the task that it is about, where there is one."""


@dataclass(frozen=True, kw_only=True)
class TaskProgress:
    """How far a task has come."""

    state: QueuedTaskState
    run_id: str = ""
    answered: bool = False
    """Whether its answer is the thread's newest; else the journal has it."""


def next_move(
    state: ThreadState, tasks: Sequence[QueuedTask], *, decided: bool, refused: bool, now: float
) -> ThreadMove | None:
    """Return what there is to do on a thread, `None` if nothing is.

    A message goes to a thread that waits for a person too: it may reply, amend or ask for
    something else. One that was cut off comes to its end or pause first.

    Args:
        state: Where the thread stands.
        tasks: Its open tasks, oldest first.
        decided: Whether something that it waits for is decided.
        refused: Whether what it was last given was refused, so that nothing comes of it.
        now: Unix time in seconds.
    """
    current = _current(state, tasks)
    if state.status == "fresh" and not refused:
        return ThreadMove(kind="begin" if current else "go_on", task=current)
    if state.status == "unfinished":
        return ThreadMove(kind="go_on", task=current)
    if state.status == "waiting" and decided:
        return ThreadMove(kind="resume", task=current)
    due = (task for task in tasks if task.due_at <= now and not was_heard(state, task))
    first = next(due, None)
    return ThreadMove(kind="begin", task=first) if first is not None else None


def was_heard(state: ThreadState, task: QueuedTask) -> bool:
    """Say whether a thread has taken a task's message in."""
    if state.status in ("absent", "fresh") and last_message(state) in ("", task.message_id):
        return False
    return any(m.id == task.message_id for m in state.view.messages if isinstance(m, HumanMessage))


def last_message(state: ThreadState) -> str:
    """Return the id of the newest message that a person has sent; empty if there is none."""
    if state.view.given_task:
        return ""
    said = [m for m in state.view.messages if isinstance(m, HumanMessage)]
    return said[-1].id or "" if said else ""


def progress(state: ThreadState, task: QueuedTask) -> TaskProgress | None:
    """Return how far a task has come; `None` if its message has not been taken in."""
    if not was_heard(state, task):
        return None
    run = _run_of(state, task)
    if any(parked.run.id == run for parked in state.view.parked):
        return TaskProgress(state="paused", run_id=run)
    if not state.view.begun or state.view.run.id != run:
        return TaskProgress(state="ended", run_id=run)
    if state.status == "waiting":
        return TaskProgress(state="paused", run_id=run)
    if state.status == "finished":
        return TaskProgress(state="ended", run_id=run, answered=True)
    return None


def _run_of(state: ThreadState, task: QueuedTask) -> str:
    """Return the run that a message began, or that heard it as a reply."""
    view = state.view
    runs = [*([view.run] if view.begun else []), *(parked.run for parked in view.parked)]
    known = next((run.id for run in runs if run.input_id == task.message_id), task.run_id)
    if known:
        return known
    at = next(i for i, m in enumerate(view.messages) if m.id == task.message_id)
    answers = (
        m.id.removeprefix(_ANSWER)
        for m in view.messages[at:]
        if isinstance(m, AIMessage) and m.id and m.id.startswith(_ANSWER)
    )
    return next(answers, view.run.id)


def _current(state: ThreadState, tasks: Sequence[QueuedTask]) -> QueuedTask | None:
    """Return the task that the thread is at work on."""
    at_work = last_message(state) if state.status == "fresh" else ""
    if state.status != "fresh" and state.view.begun:
        at_work = state.view.run.input_id
    return next((task for task in tasks if at_work and task.message_id == at_work), None)
