"""Cataloguing: models listed and discovered, routes explained and learned."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from rich.table import Table
from rich.text import Text

from ..errors import ConfigError, NotFoundError
from ..models.calling.signals import signals_for
from ..models.catalog.discovery import list_endpoint
from ..models.learned.outcomes import read_log, read_table
from ..models.protocols import Ranking
from ..settings import Settings
from ..state.values import JsonObject
from .amounts import dollars, seconds
from .exits import DONE
from .models_listing import ModelListing, explain, list_models
from .output import Output, visible
from .session import open_records


async def show_models(output: Output, config: str) -> int:
    """Print the models; return the exit code."""
    async with open_records(config) as (settings, store):
        attempts = await store.attempts.recent()
    listed = await list_models(settings.models, attempts=attempts, now=time.time())
    if output.json:
        output.document({"models": [model.model_dump(mode="json") for model in listed]})
    elif listed:
        output.show(_models_table(listed))
    else:
        output.line("No language model is configured.")
    return DONE


def _models_table(listed: tuple[ModelListing, ...]) -> Table:
    table = _table("model", "tier", "roles", "context", "in/1M", "out/1M", "health", "routes")
    for m in listed:
        health = m.health
        fared = f"{health.ok}/{health.attempts} ok" if health.attempts else "untried"
        if health.median_seconds is not None:
            fared += f", {seconds(health.median_seconds)}"
        if health.last_failure:
            fared += f", last failure: {health.last_failure}"
        table.add_row(
            visible(f"{m.model}@{m.endpoint}") + (" (disabled)" if m.disabled else ""),
            str(m.quality),
            ", ".join(m.roles),
            f"{m.context_window:,}" if m.context_window else "unknown",
            dollars(m.usd_per_million_input),
            dollars(m.usd_per_million_output),
            fared,
            ", ".join(m.routes),
        )
    return table


async def discover(output: Output, config: str, only: str | None) -> int:
    """Print what endpoints serve; return the exit code.

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


async def explain_route(
    output: Output, config: str, text: str, said: JsonObject, *, budget: float | None
) -> int:
    """Print the router's decision about a request; return the exit code."""
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
        _show_ranking(output, ranking)
    return DONE


def _show_ranking(output: Output, ranking: Ranking) -> None:
    guards = f", guards: {', '.join(ranking.guards)}" if ranking.guards else ""
    output.line(Text(f"row {ranking.row or '-'}{guards}", style="bold"))
    table = _table("", "model", "tier", "expected", "reason")
    for position, c in enumerate(ranking.candidates, start=1):
        cost = dollars(c.expected_usd)
        table.add_row(str(position), visible(c.name), str(c.quality), cost, visible(c.reason))
    for e in ranking.excluded:
        table.add_row("✗", visible(f"{e.model}@{e.endpoint}"), "", "", visible(e.reason))
    output.show(table)
    if not ranking.candidates:
        output.line("No model may take it.")


async def learn_routes(
    output: Output,
    config: str,
    table: Path | None,
    *,
    names: tuple[str, str],
    costs: tuple[float, float],
    save: Path | None,
) -> int:
    """Fit a router and print what it is worth on the held-out part; return the exit code.

    Raises:
        ConfigError: There is too little to learn from, or scikit-learn is not installed.
    """
    learning: Any = _learning()
    if table is not None:
        recorded = read_table(table)
    else:
        async with open_records(config) as (_settings, store):
            recorded = await read_log(store)
    report = learning.learn(
        recorded,
        weak=names[0],
        strong=names[1],
        costs=learning.Costs(weak=costs[0], strong=costs[1]),
        save_to=save,
    )
    if output.json:
        output.document(report.model_dump(mode="json"))
    else:
        output.line(Text(visible(report.to_markdown())))
    return DONE


def _learning() -> Any:
    try:
        from ..models.learned import learning
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"Learning needs {error.name}, which is not installed.",
            where="routes learn",
            fix='Install it: pip install "pointsman[learn]".',
        ) from None
    return learning


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table
