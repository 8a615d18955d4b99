"""Models: price, recorded health and routing rows of each, as a table. None is called."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from statistics import median

from rich.table import Table

from ...models.catalog.discovery import Discovery
from ...models.catalog.settings import Catalog, ModelSettings, ModelsSettings
from ...models.requests import Role
from ...state.task import Modality
from ...state.values import Record
from ...stores.records import ModelAttempt
from .amounts import dollars, seconds
from .output import visible
from .tables import table

NEUTRAL_OUTCOMES = frozenset({"cancelled", "refusal", "content_filter", "context_too_long"})
"""Outcomes that say nothing about a model's health."""


class RecentHealth(Record):
    """How a model has fared in the recorded attempts."""

    attempts: int = 0
    ok: int = 0
    median_seconds: float | None = None
    last_failure: str = ""
    """Outcome of the newest attempt that failed."""


class ModelListing(Record):
    """One line of `pointsman models`."""

    model: str
    endpoint: str
    provider: str
    roles: tuple[Role, ...]
    modalities: tuple[Modality, ...]
    quality: int
    context_window: int | None = None
    usd_per_million_input: float | None = None
    usd_per_million_output: float | None = None
    disabled: bool = False
    health: RecentHealth = RecentHealth()
    routes: tuple[str, ...] = ()
    """Rows of the routing table that may choose it."""


async def list_models(
    settings: ModelsSettings, *, attempts: Sequence[ModelAttempt] = (), now: float
) -> tuple[ModelListing, ...]:
    """List the models, those that endpoints list by themselves included.

    Args:
        settings: The section `models`.
        attempts: Recent attempts, newest first, for health.
        now: Unix time, for prices.
    """
    discovery = Discovery()
    await discovery.refresh(settings)
    catalog = Catalog(settings, discovered=discovery.listed(settings))
    health = recent_health(attempts)
    return tuple(
        _listing(model, catalog, health.get(model.name, RecentHealth()), now)
        for model in catalog.models
    )


def _listing(
    model: ModelSettings, catalog: Catalog, health: RecentHealth, now: float
) -> ModelListing:
    price = catalog.price(model)
    return ModelListing(
        model=model.id,
        endpoint=model.place,
        provider=catalog.provider(model),
        roles=model.roles,
        modalities=model.modalities,
        quality=model.quality,
        context_window=model.context_window,
        usd_per_million_input=None if price is None else price.ceiling(1000, 0, at=now) * 1000,
        usd_per_million_output=None if price is None else price.ceiling(0, 1000, at=now) * 1000,
        disabled=catalog.endpoint(model).disabled,
        health=health,
        routes=routes_using(model, catalog.settings),
    )


def routes_using(model: ModelSettings, settings: ModelsSettings) -> tuple[str, ...]:
    """Return the rows of the routing table that may choose a model."""
    return tuple(
        row.name
        for row in settings.routing.rows
        if model.quality >= row.quality_floor
        and (row.match.role is None or not set(row.match.role).isdisjoint(model.roles))
        and (
            row.match.modalities is None
            or not set(row.match.modalities).isdisjoint(model.modalities)
            or "convert_to_text" in row.fallback
        )
    )


def recent_health(attempts: Sequence[ModelAttempt]) -> Mapping[str, RecentHealth]:
    """Sum up recorded attempts, newest first, by `model@endpoint`."""
    by_name: defaultdict[str, list[ModelAttempt]] = defaultdict(list)
    for attempt in attempts:
        if attempt.outcome not in NEUTRAL_OUTCOMES:
            by_name[f"{attempt.model}@{attempt.endpoint}"].append(attempt)
    return {name: _health(of_model) for name, of_model in by_name.items()}


def _health(attempts: Sequence[ModelAttempt]) -> RecentHealth:
    good = [attempt.seconds for attempt in attempts if attempt.outcome == "ok"]
    failed = [attempt.outcome for attempt in attempts if attempt.outcome != "ok"]
    return RecentHealth(
        attempts=len(attempts),
        ok=len(good),
        median_seconds=median(good) if good else None,
        last_failure=failed[0] if failed else "",
    )


def models_table(listed: Sequence[ModelListing]) -> Table:
    """Return the table of `pointsman models`."""
    shown = table("model", "tier", "roles", "context", "in/1M", "out/1M", "health", "routing rows")
    for m in listed:
        health = m.health
        fared = f"{health.ok}/{health.attempts} ok" if health.attempts else "untried"
        if health.median_seconds is not None:
            fared += f", {seconds(health.median_seconds)}"
        if health.last_failure:
            fared += f", last failure: {health.last_failure}"
        shown.add_row(
            visible(f"{m.model}@{m.endpoint}") + (" (disabled)" if m.disabled else ""),
            str(m.quality),
            ", ".join(m.roles),
            f"{m.context_window:,}" if m.context_window else "unknown",
            dollars(m.usd_per_million_input),
            dollars(m.usd_per_million_output),
            fared,
            ", ".join(m.routes),
        )
    return shown
