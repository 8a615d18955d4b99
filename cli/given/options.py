"""Options that many commands share."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

CONFIG_VARIABLE = "POINTSMAN_CONFIG"
DEFAULT_CONFIG = "pointsman.yaml"

Config = Annotated[
    str,
    typer.Option(
        "--config",
        "-c",
        envvar=CONFIG_VARIABLE,
        help="Settings file, or the folder that holds a pointsman.yaml.",
    ),
]
JsonOption = Annotated[
    bool, typer.Option("--json", help="Print one JSON document on standard output, nothing else.")
]
TurnOption = Annotated[
    int | None, typer.Option("--turn", min=1, help="Which of its runs; by default the last.")
]
EveryFactOption = Annotated[
    bool, typer.Option("--full", help="What is the same too, and values to their end.")
]
ThreadId = Annotated[str, typer.Argument(metavar="THREAD", help="The thread's id.")]

BudgetOption = Annotated[float | None, typer.Option(min=0, help="Most to spend, in US dollars.")]
DeadlineOption = Annotated[
    float | None, typer.Option(min=0.001, help="Most working time, in seconds.")
]
LatencyOption = Annotated[
    Literal["fast", "normal", "batch"], typer.Option(help="How soon models should reply.")
]


def command_line(config: str, *words: str) -> str:
    """Return a command of this program, ready to be copied, that uses the same settings."""
    usual = os.environ.get(CONFIG_VARIABLE) or DEFAULT_CONFIG
    suffix = [] if config == usual else ["-c", config]
    return f"{_program()} {shlex.join([*words, *suffix])}"


def _program() -> str:
    if shutil.which("pointsman"):
        return "pointsman"
    called = Path(sys.argv[0])
    if called.name.startswith("pointsman") and called.is_file():
        return shlex.quote(str(called))
    return f"{shlex.quote(sys.executable)} -m pointsman.cli"
