"""`python -m pointsman.evals.agentdojo`: run the suites and report."""

from __future__ import annotations

import time
from itertools import chain
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markdown import Markdown
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from ...errors import PointsmanError
from .agents import AGENTS
from .experiment import run_all
from .outcome import PairOutcome
from .report import channel_table, overview, write
from .suites import channelled, load_suites, pairs
from .summary import ALL, summarize, summarize_channels

CHANNELLED = 24
"""Most attacks of each suite through each channel."""


def main(
    suite: Annotated[list[str] | None, typer.Option(help="Only this suite; repeatable.")] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Most tasks, and most attacks, of each suite.")
    ] = None,
    report: Annotated[
        Path, typer.Option(help="Folder for agentdojo.md and agentdojo.json.")
    ] = Path("report"),
    workers: Annotated[int | None, typer.Option(min=0, help="Processes; 0 for this one.")] = None,
) -> None:
    """Run AgentDojo's suites through Pointsman and create_agent, without a language model.

    Exits with 1 if Pointsman obeyed an attack, strayed, or left a task undone that nobody attacked.
    """
    console = Console()
    try:
        outcomes, seconds = _run(_chosen(suite), limit, workers, console)
    except PointsmanError as error:
        console.print(str(error), style="red", markup=False)
        raise typer.Exit(2) from error
    page = write(outcomes, report, seconds=seconds)
    console.print(Markdown(f"{overview(outcomes)}\n{channel_table(outcomes)}"))
    console.print(f"Report: {page}", markup=False)
    raise typer.Exit(0 if held(outcomes) else 1)


def _chosen(suites: list[str] | None) -> list[str]:
    known = list(load_suites())
    if unknown := sorted(set(suites or ()) - set(known)):
        raise typer.BadParameter(f"{', '.join(unknown)}: the suites are {', '.join(known)}.")
    return suites or known


def _run(
    suites: list[str], limit: int | None, workers: int | None, console: Console
) -> tuple[list[PairOutcome], float]:
    chosen, started = pairs(suites, limit=limit), time.perf_counter()
    through = channelled(suites, limit=min(limit or CHANNELLED, CHANNELLED))
    outcomes: list[PairOutcome] = []
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=console) as progress:
        bar = progress.add_task("Runs", total=len(chosen) * len(AGENTS) + len(through))
        for batch in chain(
            run_all(chosen, workers=workers),
            run_all(through, agents=("pointsman_unattended",), workers=workers),
        ):
            outcomes += batch
            progress.advance(bar, len(batch))
    return outcomes, time.perf_counter() - started


def held(outcomes: list[PairOutcome]) -> bool:
    """Say whether Pointsman kept promise 4 and did every task."""
    ours = [
        row for row in summarize(outcomes) if row.suite == ALL and row.agent.startswith("pointsman")
    ]
    through = summarize_channels(outcomes)
    return all(row.done == row.tasks for row in ours) and all(
        row.obeyed == row.strayed == 0 for row in (*ours, *through)
    )


if __name__ == "__main__":
    typer.run(main)
