"""`resume`: a thread that stands still goes on."""

from __future__ import annotations

import typer

from .exits import finish
from .given.options import DEFAULT_CONFIG, Config, JsonOption, ThreadId
from .opened.session import open_session
from .show.output import Output
from .turn.execution import go_on

app = typer.Typer()


@app.command()
def resume(thread: ThreadId, config: Config = DEFAULT_CONFIG, as_json: JsonOption = False) -> None:
    """Go on with a thread that was cut off, or whose requests have been decided."""
    output = Output(as_json=as_json)
    finish(_resume(output, config, thread), output)


async def _resume(output: Output, config: str, thread: str) -> int:
    async with open_session(config) as session:
        return await go_on(session, output, thread)
