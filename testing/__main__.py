"""`python -m pointsman.testing serve`: a scripted gateway as a process of its own."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from typing import Annotated

import typer

from ..errors import ConfigError
from .gateway import ScriptedGateway
from .script_file import load_gateway

app = typer.Typer(no_args_is_help=True, add_completion=False)


@app.callback()
def main() -> None:
    """Test an agent without a provider."""


@app.command()
def serve(
    script: Annotated[Path, typer.Option(help="YAML script; the format is in docs/testing.md.")],
    host: Annotated[str, typer.Option(help="Where to listen.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Where to listen; 0 picks a free port.")] = 0,
) -> None:
    """Print the base URL and serve until interrupted; exit 1 if the script was not followed."""
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    try:
        with load_gateway(script, host=host, port=port) as gateway:
            typer.echo(gateway.base_url)
            stopped.wait()
        _report(gateway)
    except ConfigError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error


def _report(gateway: ScriptedGateway) -> None:
    for record in gateway.requests:
        billed = record.billed
        typer.echo(
            f"{record.number} {record.method} {record.path} {record.model} {record.status} "
            f"{record.fault or '-'} {record.outcome} "
            f"{billed.input_tokens}+{billed.output_tokens} tokens",
            err=True,
        )
    try:
        gateway.assert_complete()
    except AssertionError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error


if __name__ == "__main__":
    app(prog_name="python -m pointsman.testing")
