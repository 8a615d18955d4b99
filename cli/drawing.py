"""Drawing: the compiled graph as Mermaid text or as a picture, without network."""

from __future__ import annotations

from pathlib import Path

from langchain_core.runnables.graph import Graph

from ..errors import ConfigError
from .exits import DONE
from .output import Output
from .session import open_session


async def draw(output: Output, config: str, png: Path | None) -> int:
    """Print the graph as Mermaid text, or draw it into a file; return the exit code.

    Raises:
        ConfigError: The parts that draw are not installed.
    """
    async with open_session(config) as session:
        graph = session.agent.get_graph(xray=True)
    if png is not None:
        _draw_png(graph, png)
        if output.json:
            output.document({"png": str(png)})
        else:
            output.line(f"Drawn: {png}")
    elif output.json:
        output.document({**graph.to_json(), "mermaid": graph.draw_mermaid()})
    else:
        output.line(graph.draw_mermaid())
    return DONE


def _draw_png(graph: Graph, file: Path) -> None:
    try:
        from .picture import draw_picture
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"Pictures need {error.name}, which is not installed.",
            where="--png",
            fix='Install it: pip install "pointsman[draw]". Or use --mermaid.',
        ) from None
    draw_picture(graph, file)
