"""`python -m pointsman.evals.tau2`: run domains and print the scores."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.markdown import Markdown
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from ...errors import PointsmanError
from .domains import DOMAINS, ServiceTask, load_tasks
from .experiment import TaskScore, run_all
from .report import shortfalls, table
from .tools import FORMS


def main(
    domain: Annotated[
        list[str] | None, typer.Option(help="Only this domain; repeatable. Default: retail.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Most tasks of each domain.")] = None,
    workers: Annotated[int | None, typer.Option(min=0, help="Processes; 0 for this one.")] = None,
) -> None:
    """Drive the expected calls of tau2's tasks through the graph, without a language model.

    Exits with 1 if a task did not end in the state that its expected calls leave.
    """
    console = Console()
    try:
        tasks = [task for name in _chosen(domain) for task in _spread(load_tasks(name), limit)]
        scores = _run(tasks, workers, console)
    except PointsmanError as error:
        console.print(str(error), style="red", markup=False)
        raise typer.Exit(2) from error
    console.print(Markdown(table(scores)))
    console.print(shortfalls(scores), markup=False)
    raise typer.Exit(0 if all(score.solved for score in scores) else 1)


def _chosen(domains: list[str] | None) -> list[str]:
    if unknown := sorted(set(domains or ()) - set(DOMAINS)):
        raise typer.BadParameter(f"{', '.join(unknown)}: the domains are {', '.join(DOMAINS)}.")
    return domains or ["retail"]


def _spread(tasks: list[ServiceTask], limit: int | None) -> list[ServiceTask]:
    if limit is None or limit >= len(tasks):
        return tasks
    return [tasks[position * len(tasks) // limit] for position in range(limit)]


def _run(tasks: list[ServiceTask], workers: int | None, console: Console) -> list[TaskScore]:
    scores: list[TaskScore] = []
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=console) as progress:
        bar = progress.add_task("Runs", total=len(tasks) * len(FORMS))
        for batch in run_all(tasks, workers=workers):
            scores += batch
            progress.advance(bar, len(batch))
    return scores


if __name__ == "__main__":
    typer.run(main)
