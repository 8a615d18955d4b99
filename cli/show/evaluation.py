"""Evaluation pages: the progress of an experiment, and its report."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from ...evals.pages import approvals, per_case, problems
from ...evals.report import CaseReport, EvaluationReport, Tally
from .amounts import compact, dollars, seconds
from .output import Output, visible

_PROBLEM = 400
"""Characters of one problem; the report has the whole of it."""

_STYLES = {"passed": "green", "failed": "red", "error": "bold red"}


class CaseProgress:
    """Tells of each case as it ends: a line, and on a terminal a bar below the lines."""

    def __init__(self, output: Output, bar: Progress, total: int) -> None:
        self._output = output
        self._bar = bar
        self._task = bar.add_task("cases", total=total)
        self._total = total
        self._done = 0

    def __call__(self, case: CaseReport) -> None:
        """Tell of one."""
        self._done += 1
        self._bar.advance(self._task)
        self._output.line(_line(case, f"{self._done}/{self._total}"))
        for problem in problems(case):
            self._output.line(Text(f"         {compact(problem, limit=_PROBLEM)}", style="dim"))


@contextmanager
def case_progress(output: Output, total: int) -> Generator[CaseProgress]:
    """Tell of each case as it ends, on a terminal with a bar, until the block is left."""
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
        yield CaseProgress(output, bar, total)


def _line(case: CaseReport, count: str) -> Text:
    took = seconds(case.seconds) if case.seconds is not None else "-"
    line = Text(f"{count:>7}  ", style="dim")
    line.append(f"{case.verdict:<7}", style=f"not dim {_STYLES[case.verdict]}")
    return line.append(f"{case.kind:<8} {case.id}  {took}", style="not dim")


def show_evaluation(output: Output, report: EvaluationReport, files: Sequence[Path]) -> None:
    """Print the tallies of an experiment, and where the whole of it is."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in (
        "kind",
        "cases",
        "passed",
        "failed",
        "errors",
        "approvals",
        "cost",
        "median",
        "p95",
    ):
        table.add_column(column, justify="left" if column == "kind" else "right")
    for kind, tally in {**report.by_kind, "all": report.total}.items():
        table.add_row(kind, *_counts(tally))
    output.line()
    output.show(table)
    output.line()
    for name, tally in report.by_evaluator.items():
        average = "-" if tally.mean is None else f"{tally.mean:.3f}"
        output.line(f"{name}: {tally.passed} of {tally.graded} cases, mean score {average}")
    output.line(approvals(report))
    output.line(f"{seconds(report.seconds)} in all")
    for place in (*map(str, files), report.url):
        if place:
            output.line(visible(place))


def _counts(tally: Tally) -> list[str]:
    counts = (tally.cases, tally.passed, tally.failed, tally.errors)
    times = (tally.latency.median, tally.latency.p95) if tally.latency else ()
    latency = [seconds(value) for value in times] or ["-", "-"]
    return [*map(str, counts), per_case(tally.approvals), dollars(tally.usd), *latency]
