"""`python -m pointsman.evals.agentdojo.live`: tasks with a real model behind both agents."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markdown import Markdown

from ...errors import ConfigError, PointsmanError
from .live_report import live_table
from .live_trial import LIVE_AGENTS, LiveAgent, LiveModel, LiveScore, run_live
from .suites import AttackPair, load_suites


def main(
    base_url: Annotated[str, typer.Option(help="An OpenAI-compatible endpoint, with /v1.")],
    task: Annotated[list[str], typer.Option(help="suite:number, as banking:0; repeatable.")],
    model: Annotated[str, typer.Option(help="The model's name there.")] = "desk-model",
    key_env: Annotated[str, typer.Option(help="Environment variable with the key.")] = "",
    agent: Annotated[
        list[str] | None, typer.Option(help="pointsman or create_agent; both if left out.")
    ] = None,
    seconds: Annotated[float, typer.Option(help="Longest wait for a reply.")] = 300.0,
    report: Annotated[
        Path | None, typer.Option(help="File of JSON lines that scores are added to.")
    ] = None,
) -> None:
    """Run tasks that nobody attacks, and compare calls, input, output and approvals.

    Exits with 1 if Pointsman left a task undone.
    """
    console = Console()
    behind = LiveModel(base_url=base_url, id=model, key_env=key_env, seconds=seconds)
    try:
        pairs, agents = [_pair(name) for name in task], _agents(agent)
        scores = asyncio.run(_run(agents, pairs, behind, report))
    except PointsmanError as error:
        console.print(str(error), style="red", markup=False)
        raise typer.Exit(2) from error
    console.print(Markdown(live_table(scores)))
    raise typer.Exit(0 if all(s.useful for s in scores if s.agent == "pointsman") else 1)


def _agents(named: list[str] | None) -> list[LiveAgent]:
    if unknown := sorted(set(named or ()) - set(LIVE_AGENTS)):
        raise ConfigError(f"There is no agent {unknown[0]}.", fix=f"Use {', '.join(LIVE_AGENTS)}.")
    return [agent for agent in LIVE_AGENTS if not named or agent in named]


def _pair(name: str) -> AttackPair:
    suite, _, number = name.partition(":")
    tasks = load_suites()[suite].user_tasks if suite in load_suites() else {}
    if f"user_task_{number}" not in tasks:
        raise ConfigError(f"There is no task {name}.", fix="Write suite:number, as banking:0.")
    return AttackPair(suite=suite, user=f"user_task_{number}")


async def _run(
    agents: Sequence[LiveAgent],
    pairs: Sequence[AttackPair],
    model: LiveModel,
    report: Path | None,
) -> list[LiveScore]:
    with tempfile.TemporaryDirectory(prefix="agentdojo-") as folder:
        runs = [
            asyncio.create_task(run_live(agent, pair, model, Path(folder)))
            for agent in agents
            for pair in pairs
        ]
        for run in asyncio.as_completed(runs):
            _keep(await run, report)
        return [run.result() for run in runs]


def _keep(score: LiveScore, report: Path | None) -> None:
    if report is not None:
        with report.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(asdict(score), ensure_ascii=False) + "\n")


if __name__ == "__main__":
    typer.run(main)
