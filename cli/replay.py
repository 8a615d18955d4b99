"""`replay`: a run once more from what is on record, under today's policy, prices and code."""

from __future__ import annotations

from typing import Annotated

import typer

from .exits import DONE, finish
from .given.options import (
    DEFAULT_CONFIG,
    Config,
    EveryFactOption,
    JsonOption,
    ThreadId,
    TurnOption,
)
from .opened.session import open_session
from .show.comparison import ComparisonPage
from .show.output import Output
from .show.trace import SHORT

app = typer.Typer()


@app.command()
def replay(
    thread: ThreadId,
    checkpoint: Annotated[
        str, typer.Option("--from", help="Id of the checkpoint to begin at; else the run's first.")
    ] = "",
    turn: TurnOption = None,
    full: EveryFactOption = False,
    config: Config = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Replay a run without its calls, and show where today would decide otherwise."""
    output = Output(as_json=as_json)
    finish(_replay(output, config, thread, checkpoint, turn, full=full), output)


async def _replay(
    output: Output, config: str, thread: str, checkpoint: str, turn: int | None, *, full: bool
) -> int:
    """Replay the run, and lay it beside what is on record."""
    # Imported when it is needed: the help page does without.
    from ..replays.replay import replay as replayed

    async with open_session(config) as session:
        await session.known_thread(thread)
        found = await replayed(session.agent, thread, turn=turn, checkpoint=checkpoint)
    if output.json:
        output.document(found.model_dump(mode="json"))
        return DONE
    page = ComparisonPage(output, limit=None if full else SHORT, every=full)
    page.show(found.comparison, before="on record", after="today")
    for heading, calls in (("not on record", found.missing), ("not made today", found.unused)):
        for call in calls:
            page.line(heading, call)
    return DONE
