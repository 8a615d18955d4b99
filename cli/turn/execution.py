"""Execution: the graph runs on a thread, its progress is shown, and then where it stands."""

from __future__ import annotations

from contextlib import aclosing
from typing import Any

from ...errors import DecisionError
from ...runs.thread import config_of
from ...state.approval import RECORDED
from ...state.context import AgentContext
from ..opened.session import Session
from ..show.output import Output
from ..show.pages import show_report
from ..show.progress import Progress
from .report import read_report, records_of


async def go_on(session: Session, output: Output, thread: str) -> int:
    """Go on with a thread: after a crash from where it was, else with the recorded decisions.

    Raises:
        NotFoundError: There is no such thread.
        DecisionError: Its last run is finished.
    """
    # With a session the agent is there; commands that only show their help need not load it.
    from langgraph.types import Command

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
        output.document(report.as_document())
    else:
        show_report(output, report)
    return report.exit_code
