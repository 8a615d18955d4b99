"""Evaluating: an experiment with its progress, its report and its exit code."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from ..evals.dataset import SUPPORT_DESK, load_dataset
from ..evals.experiment import Experiment, run_experiment
from ..evals.pages import problems, write
from ..evals.report import CaseReport, EvaluationReport, Tally
from ..settings import Settings
from .amounts import compact, dollars, seconds
from .exits import DONE, FAILED
from .options import DEFAULT_CONFIG
from .output import Output, visible

DESK = Path(__file__).parent.parent / "examples" / "support_desk"
"""What the dataset that comes with the package is about."""

_PROBLEM = 400
"""Characters of one problem; the report has the whole of it."""

_STYLES = {"passed": "green", "failed": "red", "error": "bold red"}


async def evaluate(
    output: Output,
    config: str | None,
    dataset: Path | None,
    *,
    cases: Sequence[str],
    report: Path | None,
    at_once: int,
) -> int:
    """Run an experiment and report; return 0 if every case passes, else 1.

    Raises:
        ConfigError: The dataset or the settings are not valid.
        NotFoundError: There is no such case.
        OperatorError: LangSmith refuses, or the report cannot be written.
    """
    usual = DEFAULT_CONFIG if dataset else str(DESK)
    experiment = Experiment(
        config=Path(config or usual),
        dataset=load_dataset(dataset or SUPPORT_DESK),
        cases=tuple(cases),
        at_once=at_once,
    )
    Settings.load(experiment.config)
    with _progress(output, len(experiment.chosen.cases)) as told:
        evaluated = await run_experiment(experiment, on_case=told)
    files = write(evaluated, report) if report else ()
    if output.json:
        output.document(evaluated.document())
    else:
        _show(output, evaluated, files)
    return DONE if evaluated.passed else FAILED


class _Told:
    """Tells of each case as it ends: a line, and on a terminal a bar below the lines."""

    def __init__(self, output: Output, bar: Progress, total: int) -> None:
        self._output = output
        self._bar = bar
        self._task = bar.add_task("cases", total=total)
        self._total = total
        self._done = 0

    def __call__(self, case: CaseReport) -> None:
        self._done += 1
        self._bar.advance(self._task)
        self._output.line(_line(case, f"{self._done}/{self._total}"))
        for problem in problems(case):
            self._output.line(Text(f"         {compact(problem, limit=_PROBLEM)}", style="dim"))


@contextmanager
def _progress(output: Output, total: int) -> Generator[_Told]:
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=output.console,
        transient=True,
        disable=not output.console.is_terminal,
    )
    with bar:
        yield _Told(output, bar, total)


def _line(case: CaseReport, count: str) -> Text:
    took = seconds(case.seconds) if case.seconds is not None else "-"
    line = Text(f"{count:>7}  ", style="dim")
    line.append(f"{case.verdict:<7}", style=f"not dim {_STYLES[case.verdict]}")
    return line.append(f"{case.kind:<8} {case.id}  {took}", style="not dim")


def _show(output: Output, report: EvaluationReport, files: Sequence[Path]) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("kind", "cases", "passed", "failed", "errors", "cost", "median", "p95"):
        table.add_column(column, justify="left" if column == "kind" else "right")
    for kind, tally in {**report.by_kind, "all": report.total}.items():
        table.add_row(kind, *_counts(tally))
    output.line()
    output.show(table)
    output.line()
    for name, tally in report.by_evaluator.items():
        average = "-" if tally.mean is None else f"{tally.mean:.3f}"
        output.line(f"{name}: {tally.passed} of {tally.graded} cases, mean score {average}")
    output.line(f"{seconds(report.seconds)} in all")
    for place in (*map(str, files), report.url):
        if place:
            output.line(visible(place))


def _counts(tally: Tally) -> list[str]:
    counts = (tally.cases, tally.passed, tally.failed, tally.errors)
    times = (tally.latency.median, tally.latency.p95) if tally.latency else ()
    latency = [seconds(value) for value in times] or ["-", "-"]
    return [*map(str, counts), dollars(tally.usd), *latency]
