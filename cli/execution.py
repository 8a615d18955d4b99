"""Execution: start a task on a thread, or go on with one, and report where it ends."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any

from langgraph.types import Command

from ..errors import DecisionError, TaskError
from ..runs.thread import ThreadState, config_of
from ..state.approval import RECORDED
from ..state.context import AgentContext
from ..state.values import JsonObject
from .output import Output
from .pages import show_report
from .progress import Progress
from .readable_id import readable_id
from .report import read_report, records_of
from .session import Session, open_session


async def run_task(
    output: Output,
    config: str,
    task: str,
    *,
    thread: str | None,
    attachments: Sequence[Path],
    context: AgentContext,
) -> int:
    """Run a task and report; return the exit code.

    Raises:
        TaskError: The thread is busy, or the task or an attachment cannot be taken.
    """
    given = {"task": task, "attachments": [_attachment(file) for file in attachments]}
    async with open_session(config) as session:
        chosen = thread or await _new_thread(session)
        _refuse_busy(session, await session.thread(chosen))
        return await execute(session, output, chosen, given, context=context)


async def resume_thread(output: Output, config: str, thread: str) -> int:
    """Go on with a thread and report; return the exit code."""
    async with open_session(config) as session:
        return await go_on(session, output, thread)


async def go_on(session: Session, output: Output, thread: str) -> int:
    """Go on with a thread: after a crash from where it was, else with the recorded answers.

    Raises:
        NotFoundError: There is no such thread.
        DecisionError: Its last run is finished.
    """
    state = await session.known_thread(thread)
    if state.status == "finished":
        raise DecisionError(
            "It is not waiting: its last run is finished.",
            where=f"thread {thread}",
            fix=f"See it: {session.command('trace', thread)}",
        )
    if state.status != "waiting":
        return await execute(session, output, thread, None)
    records = await records_of(session, state.asked)
    if all(record.status == "waiting" for record in records):
        return await tell(session, output, thread)
    return await execute(session, output, thread, Command(resume=RECORDED))


async def execute(
    session: Session,
    output: Output,
    thread: str,
    given: Any,
    *,
    context: AgentContext | None = None,
) -> int:
    """Run the graph until it ends or waits, showing progress; return the exit code."""
    output.way_on = f"Nothing is lost. Go on: {session.command('resume', thread)}"
    stream = session.agent.astream(
        given,
        config_of(thread),
        context=context,
        stream_mode=["custom", "updates"],
        subgraphs=True,
    )
    with Progress(output) as progress:
        async with aclosing(stream) as items:  # pyright: ignore[reportArgumentType]
            async for _place, mode, data in items:
                progress.take(mode, data)
    output.way_on = ""
    return await tell(session, output, thread)


async def tell(session: Session, output: Output, thread: str) -> int:
    """Report where a thread stands; return the exit code."""
    report = await read_report(session, thread)
    if output.json:
        output.document(report.to_json())
    else:
        show_report(output, report)
    return report.exit_code


async def _new_thread(session: Session) -> str:
    while True:
        candidate = readable_id()
        if (await session.thread(candidate)).status == "absent":
            return candidate


def _refuse_busy(session: Session, state: ThreadState) -> None:
    """A new task on a thread in the middle of another would abandon that one without a word."""
    if state.status not in ("waiting", "unfinished"):
        return
    waits = "It waits for a person" if state.status == "waiting" else "Its last run was cut off"
    raise TaskError(
        f"{waits}; a new task would abandon that run.",
        where=f"thread {state.id}",
        fix=f"Go on with it: {session.command('resume', state.id)}. Or choose another --thread.",
    )


def _attachment(file: Path) -> JsonObject:
    try:
        data = file.read_bytes()
    except OSError as error:
        raise TaskError(
            f"It cannot be read: {error.strerror}.", where=str(file), fix="Name a readable file."
        ) from error
    return {"name": file.name, "data": base64.b64encode(data).decode()}
