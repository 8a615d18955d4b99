"""`route`: how the router decides, and routers that are learned from graded replies."""

from __future__ import annotations

import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.text import Text

from ..models.calling.signals import signals_for
from ..state.values import JsonObject
from .exits import DONE, finish
from .given.options import DEFAULT_CONFIG, Config, JsonOption
from .opened.store import open_records
from .show.output import Output, visible
from .show.route import explain, show_ranking

app = typer.Typer()
route = typer.Typer(
    name="route",
    no_args_is_help=True,
    help="How the router decides, and routers learned from graded replies.",
)
routes = typer.Typer(name="routes", no_args_is_help=True, help="Former name of `route`.")
app.add_typer(route)
app.add_typer(routes)

RoleName = Literal[
    "planner", "extractor", "reasoner", "generator", "verifier", "chat", "transcriber"
]
RiskName = Literal["low", "medium", "high"]
LatencyName = Literal["fast", "normal", "batch"]


class Media(StrEnum):
    """What may come besides text."""

    image = "image"
    audio = "audio"
    video = "video"


@route.command("explain")
def route_explain(
    text: Annotated[str, typer.Argument(help="The request.")],
    role: Annotated[RoleName, typer.Option(help="What the model is wanted for.")] = "chat",
    task_type: Annotated[
        str, typer.Option(help="chat, long_reasoning, extraction, planning, drafting, …")
    ] = "general",
    risk: Annotated[RiskName, typer.Option(help="How bad a wrong result would be.")] = "low",
    latency: Annotated[LatencyName, typer.Option(help="How long it may take.")] = "normal",
    modality: Annotated[
        list[Media] | None, typer.Option(help="What comes besides text; may be repeated.")
    ] = None,
    data_class: Annotated[str, typer.Option(help="Class of the data that is sent.")] = "",
    budget: Annotated[float | None, typer.Option(min=0, help="US dollars that are left.")] = None,
    config: Config = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Show the candidates for a request in order, with reasons. Nothing is called."""
    output = Output(as_json=as_json)
    said = {
        "role": role,
        "task_type": task_type,
        "risk": risk,
        "latency": latency,
        "modalities": ("text", *(medium.value for medium in modality or ())),
        "data_class": data_class,
    }
    finish(_explain(output, config, text, said, budget=budget), output)


@routes.command("learn")
@route.command("learn")
def route_learn(
    outcomes: Annotated[
        Path | None,
        typer.Option(
            help="A CSV with prompt, weak_correct and strong_correct; by default our own log.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    weak: Annotated[str, typer.Option(help="The cheap model, as the outcomes name it.")] = "weak",
    strong: Annotated[str, typer.Option(help="The dear model.")] = "strong",
    weak_cost: Annotated[float, typer.Option(min=0, help="US dollars a call of it costs.")] = 0.0,
    strong_cost: Annotated[float, typer.Option(min=0, help="US dollars a call costs.")] = 1.0,
    save: Annotated[Path | None, typer.Option(help="Write the router into this file.")] = None,
    config: Config = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Fit a router to graded replies and say honestly what it is worth. It ships off."""
    output = Output(as_json=as_json)
    work = _learn(
        output,
        config,
        outcomes,
        names=(weak, strong),
        costs=(weak_cost, strong_cost),
        save=save,
    )
    finish(work, output)


async def _explain(
    output: Output, config: str, text: str, said: JsonObject, *, budget: float | None
) -> int:
    """Print the router's decision about a request."""
    async with open_records(config) as (settings, store):
        attempts = await store.attempts.recent()
    ranking = explain(
        signals_for(text, **said),
        settings=settings.models,
        attempts=attempts,
        budget_usd=budget,
        now=time.time(),
    )
    if output.json:
        output.document(ranking.model_dump(mode="json"))
    else:
        show_ranking(output, ranking)
    return DONE


async def _learn(
    output: Output,
    config: str,
    table: Path | None,
    *,
    names: tuple[str, str],
    costs: tuple[float, float],
    save: Path | None,
) -> int:
    """Fit a router and print what it is worth on the held-out part.

    Raises:
        ConfigError: There is too little to learn from, or scikit-learn is not installed.
    """
    # An optional part: nothing else of the command line may need it, or scikit-learn.
    from ..models.learned.learning import learn
    from ..models.learned.outcomes import read_log, read_table
    from ..models.learned.replay import Costs

    if table is not None:
        recorded = read_table(table)
    else:
        async with open_records(config) as (_settings, store):
            recorded = await read_log(store)
    report = learn(
        recorded,
        weak=names[0],
        strong=names[1],
        costs=Costs(weak=costs[0], strong=costs[1]),
        save_to=save,
    )
    if output.json:
        output.document(report.model_dump(mode="json"))
    else:
        output.line(Text(visible(report.to_markdown())))
    return DONE
