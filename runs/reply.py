"""Reply: what a new message is to the runs that wait."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..state.approval import Decision
from ..state.parked import QUESTION, ParkedRun
from ..state.provenance import union
from ..state.results import StepResult
from ..state.run import Run, going_on
from ..state.task import Task
from .dependencies import Dependencies
from .said import told
from .withdrawal import takes_back, withdrawable


def taken_back(
    text: str, waiting: Sequence[ParkedRun], dependencies: Dependencies
) -> dict[str, str]:
    """Return what a message takes back by itself, in words that leave nothing to be understood.

    Where several requests wait, "cancel it" is for the planner to understand; without one all are
    taken back, after which nothing is done that the user does not want.
    """
    if not waiting or not takes_back(text):
        return {}
    known = withdrawable(waiting)
    return known if len(known) == 1 or not dependencies.models.serves("planner") else {}


def asked_before(text: str, waiting: Sequence[ParkedRun]) -> ParkedRun | None:
    """Return the run whose question a message replies to: the newest, unless it asks itself."""
    if "?" in text:
        return None
    return next((run for run in reversed(waiting) if run.questions), None)


def was_heard(results: Mapping[str, StepResult]) -> bool:
    """Whether a run has gone on with a reply to its question."""
    asked = (r for r in results.values() if r.approval and r.approval.tool == QUESTION)
    return any(result.status == "accepted" for result in asked)


async def hear(asker: ParkedRun, task: Task, came: Run, dependencies: Dependencies) -> ParkedRun:
    """Return the run that has asked, with the reply as the result of its question.

    Args:
        asker: The run.
        task: The reply as a task, with the conversation before it.
        came: The run that the message would have begun.
        dependencies: Journal and clock.
    """
    [question, *_] = asker.questions
    result = asker.results[question.step]
    said = Decision(approval_id=question.id, type="respond", message=task.text, approver="the user")
    # Who has heard of an earlier turn's data may repeat it.
    asked = result.model_copy(update={"data_class": union([result.data_class, task.data_class])})
    heard = told(asked, {"text": task.text}, said)
    run = asker.run
    await dependencies.store.journal.record_outcome(run.id, run.thread_id, heard)
    now = dependencies.clock()
    files = {item.name: item for item in (*asker.task.attachments, *task.attachments)}
    return asker.model_copy(
        update={
            "run": going_on(run, asked_at=question.requested_at, now=now).model_copy(
                update={
                    "turn": max(run.turn, came.turn - 1),
                    "input_id": came.input_id,
                    "input_digest": came.input_digest,
                }
            ),
            "task": task.model_copy(update={"attachments": tuple(files.values())}),
            "results": {**asker.results, question.step: heard},
        }
    )
