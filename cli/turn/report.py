"""Report: where a thread stands after a run, for a person and for a program."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ...runs.thread import ThreadState
from ...state.answer import Answer
from ...state.approval import ApprovalRequest
from ...state.plan import Plan
from ...state.results import StepResult
from ...state.run import Run, Stop
from ...state.usage import Usage, total
from ...state.values import JsonObject
from ...stores.records import ApprovalRecord, ModelAttempt
from ..exits import DONE, FAILED, WAITING
from ..opened.session import Session
from .requests import OpenRequest, deciding_commands

ReportStatus = Literal["done", "stopped", "waiting", "unfinished"]


@dataclass(frozen=True, kw_only=True)
class Report:
    """Where a thread stands."""

    status: ReportStatus
    thread: str
    run: Run | None
    plan: Plan
    results: dict[str, StepResult]
    answer: Answer | None
    usage: Usage
    """Of the run so far."""
    stop: Stop | None
    attempts: tuple[ModelAttempt, ...]
    questions: tuple[OpenRequest, ...] = ()
    refused: str = ""
    """Why the last decision was not taken."""
    resume: str = ""
    """The command that goes on."""

    @property
    def exit_code(self) -> int:
        """0: an answer was reached. 3: it waits for a person. 1: a hard stop ended the run."""
        return {"done": DONE, "waiting": WAITING}.get(self.status, FAILED)

    def as_document(self) -> JsonObject:
        """Return the form that programs read."""
        return {
            "status": self.status,
            "thread": self.thread,
            "run": self.run.id if self.run else None,
            "answer": self.answer.model_dump(mode="json") if self.answer else None,
            "results": {id_: r.model_dump(mode="json") for id_, r in self.results.items()},
            "usage": self.usage.model_dump(mode="json"),
            "stop": self.stop.model_dump(mode="json") if self.stop else None,
            "waiting": [question.as_document() for question in self.questions],
            "refused": self.refused,
            "resume": self.resume,
        }


async def read_report(session: Session, thread: str) -> Report:
    """Gather where a thread stands."""
    state = await session.thread(thread)
    view = state.view
    run = view.run if view.begun else None
    attempts = await session.store.attempts.of_run(run.id) if run else ()
    return Report(
        status=_status(state, view.stop),
        thread=thread,
        run=run,
        plan=view.plan,
        results=view.results,
        answer=view.answer,
        usage=await _usage(session, state),
        stop=view.stop,
        attempts=tuple(attempts),
        questions=await open_questions(session, state),
        refused=str(state.facts.get("error", "")),
        resume=session.command("resume", thread),
    )


def _status(state: ThreadState, stop: Stop | None) -> ReportStatus:
    if state.status == "waiting":
        return "waiting"
    if state.status == "finished":
        return "stopped" if stop else "done"
    return "unfinished"


async def _usage(session: Session, state: ThreadState) -> Usage:
    view = state.view
    if not view.begun or state.status == "finished":
        return view.usage
    tools = [
        attempt.usage
        for result in view.results.values()
        for attempt in result.attempts
        if attempt.performed_by.startswith("tool:")
    ]
    return await session.dependencies.models.usage(view.run.id) + total(tools)


async def open_questions(session: Session, state: ThreadState) -> tuple[OpenRequest, ...]:
    """Return what still waits for a decision, in the order of the request."""
    if not state.asked:
        return ()
    records = await records_of(session, state.asked)
    return tuple(
        OpenRequest(
            record=record,
            commands=deciding_commands(session.config, record.request),
        )
        for record in records
        if record.status == "waiting"
    )


async def records_of(
    session: Session, asked: Sequence[ApprovalRequest]
) -> tuple[ApprovalRecord, ...]:
    """Return the stored records of requests."""
    return tuple(await session.store.approvals.get_all([request.id for request in asked]))
