"""Deciding: list what waits, record one person's answer, and go on with the thread."""

from __future__ import annotations

from ..errors import DecisionError
from ..runs.decisions import record_decisions, with_facts
from ..runs.thread import ThreadState
from ..state.approval import read_decisions
from ..state.values import JsonObject
from ..stores.protocols import ApprovalRecord
from .execution import go_on
from .exits import DONE
from .output import Output
from .pages import show_question
from .report import OpenRequest, answering_commands
from .session import Office, Session, open_office, open_records, open_threads


async def list_approvals(output: Output, config: str, thread: str | None) -> int:
    """Print what waits for a person, oldest first; return the exit code."""
    async with open_records(config) as (_settings, store):
        waiting = await store.approvals.waiting(thread)
    questions = [
        OpenRequest(record=r, commands=answering_commands(config, r.request)) for r in waiting
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
    """Record an answer as the caller's, then go on unless told not to, or the thread is elsewhere.

    Raises:
        NotFoundError: There is no such request.
        DecisionError: The answer cannot be taken; nothing was recorded.
    """
    async with open_office(config) as office:
        asked = await office.store.approvals.get(approval)
        if not resume and asked.request.facts:
            _tell_recorded(office, output, await _record(office, asked, answer))
            return DONE
        async with open_threads(office) as session:
            state = await session.thread(asked.thread_id)
            record = await _record(office, await _current(session, asked, state), answer)
            if resume and state.status != "absent":
                return await go_on(session, output, record.thread_id)
            _tell_recorded(office, output, record, elsewhere=state.status == "absent")
            return DONE


async def _current(session: Session, asked: ApprovalRecord, state: ThreadState) -> ApprovalRecord:
    """Return a request with what policy must know, if its run is still the thread's."""
    if state.status == "absent":
        return asked
    run = state.view.run
    if run.id != asked.run_id:
        raise DecisionError(
            "The thread has gone on to another run.",
            where=f"approval {asked.request.id}",
            fix=f"See what waits: {session.command('approvals')}",
        )
    request = await with_facts(asked.request, run, state.view.plan, session.dependencies)
    return asked.model_copy(update={"request": request})


async def _record(office: Office, asked: ApprovalRecord, answer: JsonObject) -> ApprovalRecord:
    [record] = await record_decisions(
        read_decisions(answer, [asked.request]),
        [asked.request],
        approver=office.caller.principal,
        authenticated=office.caller.authenticated,
        dependencies=office.dependencies,
    )
    return record


def _tell_recorded(
    office: Office, output: Output, record: ApprovalRecord, *, elsewhere: bool = False
) -> None:
    resume = office.command("resume", record.thread_id)
    go_on = "Whoever runs the thread goes on with it." if elsewhere else f"Go on: {resume}"
    if output.json:
        facts = {"approval": record.request.id, "status": record.status}
        where = {"resume": "" if elsewhere else resume}
        output.document({**facts, "thread": record.thread_id, **where})
    elif record.status == "waiting":
        given = len(record.decisions)
        output.line(f"Recorded: {given} of {record.request.quorum} have agreed.")
    else:
        output.line(f"Recorded: {record.status}. {go_on}")
