"""`run`, `resume` and `trace`: tasks, from the words to the answer."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .exits import finish
from .options import DEFAULT_CONFIG, Config, Json, ThreadId
from .output import Output


def run(
    task: Annotated[str, typer.Argument(help="What to do, in your own words.")],
    config: Config = DEFAULT_CONFIG,
    thread: Annotated[
        str | None, typer.Option(help="Thread to run on; by default a new one.")
    ] = None,
    attach: Annotated[
        list[Path] | None,
        typer.Option(
            help="A file that goes with the task; may be repeated.", dir_okay=False, exists=True
        ),
    ] = None,
    budget: Annotated[
        float | None, typer.Option(min=0, help="Most to spend, in US dollars.")
    ] = None,
    deadline: Annotated[
        float | None, typer.Option(min=0.001, help="Most working time, in seconds.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Run a task: show its progress, then the answer, or what a person is asked."""
    from ..state.context import AgentContext
    from .execution import run_task

    output = Output(as_json=as_json)
    context = AgentContext(budget_usd=budget, deadline_seconds=deadline)
    work = run_task(output, config, task, thread=thread, attachments=attach or (), context=context)
    finish(work, output)


def resume(thread: ThreadId, config: Config = DEFAULT_CONFIG, as_json: Json = False) -> None:
    """Go on with a thread that was cut off, or whose approvals have been answered."""
    from .execution import resume_thread

    output = Output(as_json=as_json)
    finish(resume_thread(output, config, thread), output)


def trace(
    thread: ThreadId,
    full: Annotated[
        bool, typer.Option("--full", help="Prompts, replies and results to their last character.")
    ] = False,
    config: Config = DEFAULT_CONFIG,
    as_json: Json = False,
) -> None:
    """Explain a thread: every step, model and why, arguments, result, tries, cost, approver."""
    from .trace_pages import show_thread

    output = Output(as_json=as_json)
    finish(show_thread(output, config, thread, full=full), output)
