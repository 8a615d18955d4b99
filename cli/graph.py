"""`graph`: the compiled graph as text that draws it."""

from __future__ import annotations

import typer

from .exits import DONE, finish
from .given.options import DEFAULT_CONFIG, Config, JsonOption
from .opened.session import open_session
from .show.output import Output

app = typer.Typer()


@app.command()
def graph(config: Config = DEFAULT_CONFIG, as_json: JsonOption = False) -> None:
    """Draw the agent's graph as Mermaid text, the inside of the lane included."""
    output = Output(as_json=as_json)
    finish(_draw(output, config), output)


async def _draw(output: Output, config: str) -> int:
    from ..graphs.drawn import drawing

    async with open_session(config) as session:
        drawn = session.agent.get_graph(xray=True)
    if output.json:
        output.document(drawing(drawn))
    else:
        output.line(drawn.draw_mermaid())
    return DONE
