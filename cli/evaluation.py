"""`eval`: the agent put to a dataset of cases."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .exits import finish
from .options import CONFIG_VARIABLE, Json
from .output import Output

evaluation = typer.Typer(
    no_args_is_help=True, help="Evaluation: the agent put to a dataset of cases."
)


@evaluation.callback()
def group() -> None:
    """Keep `run` a command of its own although it is the only one."""


@evaluation.command("run")
def eval_run(
    config: Annotated[
        str | None,
        typer.Option(
            "--config",
            "-c",
            envvar=CONFIG_VARIABLE,
            help="Settings file or folder; by default pointsman.yaml, and for the dataset that "
            "comes with the package the support desk that comes with it.",
        ),
    ] = None,
    dataset: Annotated[
        Path | None,
        typer.Option(help="YAML file of cases; by default the support desk's.", dir_okay=False),
    ] = None,
    case: Annotated[
        list[str] | None, typer.Option(help="Only the case of this id; may be repeated.")
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(help="Folder for evaluation.md and evaluation.json.", file_okay=False),
    ] = None,
    at_once: Annotated[int, typer.Option(min=1, max=64, help="Cases that run side by side.")] = 4,
    as_json: Json = False,
) -> None:
    """Run cases through the agent and grade answer, calls, database and citations.

    Exits with 0 if every case passes. With LANGSMITH_API_KEY set, the experiment is uploaded.
    """
    from .evaluating import evaluate

    output = Output(as_json=as_json)
    work = evaluate(output, config, dataset, cases=case or (), report=report, at_once=at_once)
    finish(work, output)
