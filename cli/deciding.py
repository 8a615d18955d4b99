"""Deciding: list what waits, record one person's answer, and go on with the thread."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import DecisionError
from ..runs.decisions import record_decisions
from ..state.approval import read_decisions
from ..state.plan import Plan
from ..state.run import Run
from ..state.values import JsonObject
from ..stores.protocols import ApprovalRecord
from .execution import go_on
from .exits import DONE
from .output import Output
from .pages import show_question
from .report import OpenRequest, answering_commands
from .session import Session, open_records, open_session


async def list_approvals(output: Output, config: str, thread: str | None) -> int:
    """Print what waits for a person, oldest first; return the exit code."""
    async with open_records(config) as (_settings, store):
        waiting = await store.approvals.waiting(thread)
    questions = [
        OpenRequest(record=r, evidence=(), commands=answering_commands(config, r.request))
        for r in waiting
    ]
    if output.json:
        output.document({"approvals": [question.to_json() for question in questions]})
        return DONE
    for question in questions:
        show_question(output, question, thread=question.record.thread_id)
        output.line()
    output.line(f"{len(questions)} waiting" if questions else "Nothing waits for a person.")
    return DONE


async def decide(
    output: Output, config: str, approval: str, answer: JsonObject, *, resume: bool
) -> int:
    """Record an answer as the caller's, then go on unless told not to.

    Raises:
        NotFoundError: There is no such request.
        DecisionError: The answer cannot be taken; nothing was recorded.
    """
    async with open_session(config) as session:
        [record] = await _record(session, approval, answer)
        if resume:
            return await go_on(session, output, record.thread_id)
        _tell_recorded(session, output, record)
        return DONE


async def _record(session: Session, approval: str, answer: JsonObject) -> Sequence[ApprovalRecord]:
    asked = await session.store.approvals.get(approval)
    state = await session.known_thread(asked.thread_id)
    run = Run.from_json(state.values["run"])
    if run.id != asked.run_id:
        raise DecisionError(
            "The thread has gone on to another run.",
            where=f"approval {approval}",
            fix=f"See what waits: {session.command('approvals')}",
        )
    return await record_decisions(
        read_decisions(answer, [asked.request]),
        [asked.request],
        run=run,
        plan=Plan.from_json(state.values.get("plan") or {}),
        approver=session.caller.principal,
        authenticated=session.caller.authenticated,
        dependencies=session.dependencies,
    )


def _tell_recorded(session: Session, output: Output, record: ApprovalRecord) -> None:
    resume = session.command("resume", record.thread_id)
    if output.json:
        facts = {"approval": record.request.id, "status": record.status}
        output.document({**facts, "thread": record.thread_id, "resume": resume})
    elif record.status == "waiting":
        given = len(record.decisions)
        output.line(f"Recorded: {given} of {record.request.quorum} have agreed.")
    else:
        output.line(f"Recorded: {record.status}. Go on: {resume}")
