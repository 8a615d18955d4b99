"""`graph` and `config check`: the agent looked at, without running it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .exits import finish
from .options import DEFAULT_CONFIG, Config, Json
from .output import Output

config = typer.Typer(no_args_is_help=True, help="The settings.")


def graph(
    mermaid: Annotated[bool, typer.Option("--mermaid", help="Mermaid text (the default).")] = False,
    png: Annotated[
        Path | None, typer.Option(help="Draw a picture into this file.", dir_okay=False)
    ] = None,
    config: Config = DEFAULT_CONFIG,
    as_json: Json = False,
) -> None:
    """Draw the agent's graph, the inside of the lane included."""
    from .drawing import draw

    if mermaid and png:
        raise typer.BadParameter("Choose one of --mermaid and --png.")
    output = Output(as_json=as_json)
    finish(draw(output, config, png), output)


@config.command("check")
def config_check(config: Config = DEFAULT_CONFIG, as_json: Json = False) -> None:
    """Check settings, tools, playbooks, policy, models and keys; run nothing."""
    from .checking import check

    output = Output(as_json=as_json)
    finish(check(output, config), output)
