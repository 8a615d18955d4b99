"""`models`: which there are, at what price and health, and what endpoints serve."""

from __future__ import annotations

import time
from typing import Annotated

import typer
from rich.text import Text

from ..errors import NotFoundError
from ..models.catalog.discovery import list_endpoint
from ..settings import Settings
from .exits import DONE, finish
from .given.options import DEFAULT_CONFIG, Config, JsonOption
from .opened.store import open_records
from .show.models import list_models, models_table
from .show.output import Output, visible

app = typer.Typer(name="models", help="Models with price, health and their routing rows.")


@app.callback(invoke_without_command=True)
def models_list(
    context: typer.Context, config: Config = DEFAULT_CONFIG, as_json: JsonOption = False
) -> None:
    """List the models with price, health and the routing rows that use them."""
    if context.invoked_subcommand is not None:
        return
    output = Output(as_json=as_json)
    finish(_list(output, config), output)


@app.command("discover")
def models_discover(
    endpoint: Annotated[str | None, typer.Argument(help="Only this endpoint.")] = None,
    config: Config = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Ask endpoints what they serve, whether or not the settings take it."""
    output = Output(as_json=as_json)
    finish(_discover(output, config, endpoint), output)


async def _list(output: Output, config: str) -> int:
    """Print the models."""
    async with open_records(config) as (settings, store):
        attempts = await store.attempts.recent()
    listed = await list_models(settings.models, attempts=attempts, now=time.time())
    if output.json:
        output.document({"models": [model.model_dump(mode="json") for model in listed]})
    elif listed:
        output.show(models_table(listed))
    else:
        output.line("No language model is configured.")
    return DONE


async def _discover(output: Output, config: str, only: str | None) -> int:
    """Print what endpoints serve.

    Raises:
        NotFoundError: There is no endpoint of that name.
        EndpointError: One does not answer with a list of models.
    """
    endpoints = Settings.load(config).models.endpoints
    if only is not None and only not in endpoints:
        known = ", ".join(endpoints) or "none"
        raise NotFoundError("No such endpoint.", where=only, fix=f"There is: {known}.")
    found = {
        name: await list_endpoint(name, endpoint)
        for name, endpoint in endpoints.items()
        if name == only or (only is None and endpoint.base_url and not endpoint.disabled)
    }
    if output.json:
        output.document({name: [model.id for model in models] for name, models in found.items()})
        return DONE
    for name, models in found.items():
        output.line(Text(visible(f"{name}: {len(models)} models"), style="bold"))
        for model in models:
            context = f"  {model.context_window:,} tokens" if model.context_window else ""
            output.line(visible(f"  {model.id}{context}"))
    if not found:
        output.line("No endpoint is configured.")
    return DONE
