"""`models`, `route` and `routes`: which models there are, and which would be chosen."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

import typer

from .exits import finish
from .options import DEFAULT_CONFIG, Config, Json
from .output import Output

models = typer.Typer(help="Models with price, health and the routes that use them.")
route = typer.Typer(no_args_is_help=True, help="How the router decides.")
routes = typer.Typer(no_args_is_help=True, help="Routers learned from recorded outcomes.")

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


@models.callback(invoke_without_command=True)
def models_list(
    context: typer.Context, config: Config = DEFAULT_CONFIG, as_json: Json = False
) -> None:
    """List the models with price, health and the routes that use them."""
    if context.invoked_subcommand is not None:
        return
    from .cataloguing import show_models

    output = Output(as_json=as_json)
    finish(show_models(output, config), output)


@models.command("discover")
def models_discover(
    endpoint: Annotated[str | None, typer.Argument(help="Only this endpoint.")] = None,
    config: Config = DEFAULT_CONFIG,
    as_json: Json = False,
) -> None:
    """Ask endpoints what they serve, whether or not the settings take it."""
    from .cataloguing import discover

    output = Output(as_json=as_json)
    finish(discover(output, config, endpoint), output)


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
    as_json: Json = False,
) -> None:
    """Show the candidates for a request in order, with reasons. Nothing is called."""
    from .cataloguing import explain_route

    output = Output(as_json=as_json)
    said = {
        "role": role,
        "task_type": task_type,
        "risk": risk,
        "latency": latency,
        "modalities": ("text", *(medium.value for medium in modality or ())),
        "data_class": data_class,
    }
    finish(explain_route(output, config, text, said, budget=budget), output)


@routes.command("learn")
def routes_learn(
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
    as_json: Json = False,
) -> None:
    """Fit a router to recorded outcomes and say honestly what it is worth. It ships off."""
    from .cataloguing import learn_routes

    output = Output(as_json=as_json)
    work = learn_routes(
        output,
        config,
        outcomes,
        names=(weak, strong),
        costs=(weak_cost, strong_cost),
        save=save,
    )
    finish(work, output)
