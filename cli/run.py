"""`run`: a task, from the words to the answer or the pause."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from ..errors import TaskError
from ..runs.thread import ThreadState
from ..state.context import AgentContext
from .exits import finish
from .given.attachments import Attach, read_attachments
from .given.options import (
    DEFAULT_CONFIG,
    BudgetOption,
    Config,
    DeadlineOption,
    JsonOption,
    LatencyOption,
)
from .opened.session import Session, open_session
from .show.output import Output
from .turn.execution import execute
from .turn.readable_id import readable_id

app = typer.Typer()


@app.command()
def run(
    task: Annotated[str, typer.Argument(help="What to do, in your own words.")],
    config: Config = DEFAULT_CONFIG,
    thread: Annotated[
        str | None, typer.Option(help="Thread to run on; by default a new one.")
    ] = None,
    attach: Attach = None,
    budget: BudgetOption = None,
    deadline: DeadlineOption = None,
    latency: LatencyOption = "normal",
    as_json: JsonOption = False,
) -> None:
    """Run a task: show its progress, then the answer, or what a person is asked."""
    output = Output(as_json=as_json)
    context = AgentContext(
        budget_usd=budget, deadline_seconds=deadline, latency=latency, questions="interrupt"
    )
    work = _run(output, config, task, thread=thread, attachments=attach or (), context=context)
    finish(work, output)


async def _run(
    output: Output,
    config: str,
    task: str,
    *,
    thread: str | None,
    attachments: Sequence[Path],
    context: AgentContext,
) -> int:
    given = {"task": task, "attachments": read_attachments(attachments)}
    async with open_session(config) as session:
        chosen = thread or await _new_thread(session)
        _refuse_busy(session, await session.thread(chosen))
        return await execute(session, output, chosen, given, context=context)


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
