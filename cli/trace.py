"""`trace`: what is known of a thread."""

from __future__ import annotations

from typing import Annotated

import typer

from .exits import DONE, finish
from .given.options import DEFAULT_CONFIG, Config, JsonOption, ThreadId
from .opened.session import open_threads
from .show.output import Output
from .show.trace import SHORT, TracePage

app = typer.Typer()


@app.command()
def trace(
    thread: ThreadId,
    full: Annotated[
        bool, typer.Option("--full", help="Prompts, replies and results to their last character.")
    ] = False,
    drawing: Annotated[
        bool, typer.Option("--drawing", help="The newest plan as a Mermaid flowchart, instead.")
    ] = False,
    at: Annotated[
        str, typer.Option("--at", help="Only what was known at a checkpoint, or at an ISO time.")
    ] = "",
    config: Config = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Explain a thread: every step, model and why, arguments, result, tries, cost, approver."""
    output = Output(as_json=as_json)
    finish(_trace(output, config, thread, at, full=full, drawing=drawing), output)


async def _trace(
    output: Output, config: str, thread: str, at: str, *, full: bool, drawing: bool
) -> int:
    """Print a thread's trace. As JSON it is always complete."""
    # Imported when it is needed: the help page does without.
    from ..home import masker_of
    from ..runs.masked_trace import shown_to
    from ..runs.trace import trace as trace_of

    async with open_threads(config) as (threads, store):
        await threads.known_thread(thread)
        found = await trace_of(threads.agent, thread, store=store, at=at)
        found = shown_to(found, threads.caller.principal, masker_of(threads.settings))
    drawn = found.runs[-1].drawing() if drawing and found.runs else ""
    if drawing and output.json:
        output.document({"mermaid": drawn})
    elif drawing:
        output.line(drawn)
    elif output.json:
        output.document(found.model_dump(mode="json"))
    else:
        TracePage(output, limit=None if full else SHORT).show(found)
    return DONE
