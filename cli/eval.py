"""`eval`: the agent put to a dataset of cases."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from ..evals.dataset import SUPPORT_DESK, load_dataset
from ..evals.pages import write
from ..settings import Settings
from .exits import DONE, FAILED, finish
from .given.options import CONFIG_VARIABLE, DEFAULT_CONFIG, JsonOption
from .show.evaluation import case_progress, show_evaluation
from .show.output import Output

DESK = Path(__file__).parent.parent / "examples" / "support_desk"
"""What the dataset that comes with the package is about."""

app = typer.Typer(
    name="eval", no_args_is_help=True, help="Evaluation: the agent put to a dataset of cases."
)


@app.callback()
def group() -> None:
    """Keep `run` a command of its own although it is the only one."""


@app.command("run")
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
    as_json: JsonOption = False,
) -> None:
    """Run cases through the agent and grade answer, calls, database and citations.

    Exits with 0 if every case passes. With LANGSMITH_API_KEY set, the experiment is uploaded.
    """
    output = Output(as_json=as_json)
    work = _evaluate(output, config, dataset, cases=case or (), report=report, at_once=at_once)
    finish(work, output)


async def _evaluate(
    output: Output,
    config: str | None,
    dataset: Path | None,
    *,
    cases: Sequence[str],
    report: Path | None,
    at_once: int,
) -> int:
    """Run an experiment and report; 0 if every case passes, else 1.

    Raises:
        ConfigError: The dataset or the settings are not valid.
        NotFoundError: There is no such case.
        OperatorError: LangSmith refuses, or the report cannot be written.
    """
    # Imported late: it brings the agent and LangSmith's client, which help pages do not need.
    from ..evals.experiment import Experiment, run_experiment

    # LangSmith's bar, which it draws where tqdm is installed, would run through ours.
    os.environ.setdefault("TQDM_DISABLE", "1")
    usual = DEFAULT_CONFIG if dataset else str(DESK)
    experiment = Experiment(
        config=Path(config or usual),
        dataset=load_dataset(dataset or SUPPORT_DESK),
        cases=tuple(cases),
        at_once=at_once,
    )
    Settings.load(experiment.config)
    with case_progress(output, len(experiment.chosen.cases)) as told:
        evaluated = await run_experiment(experiment, on_case=told)
    files = write(evaluated, report) if report else ()
    if output.json:
        output.document(evaluated.document())
    else:
        show_evaluation(output, evaluated, files)
    return DONE if evaluated.passed else FAILED
