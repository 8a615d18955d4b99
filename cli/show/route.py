"""Routes: what the router would decide, candidates in order and the others with why not."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from ...models.catalog.settings import Catalog, ModelsSettings
from ...models.requests import Ranking, Signals
from ...models.routing.configured import load_router
from ...models.routing.health import HealthView
from ...models.routing.router import Facts, SpendLeft
from ...stores.records import ModelAttempt
from .amounts import dollars
from .models import recent_health
from .output import Output, visible
from .tables import table


def explain(
    signals: Signals,
    *,
    settings: ModelsSettings,
    attempts: Sequence[ModelAttempt] = (),
    budget_usd: float | None = None,
    now: float = 0.0,
) -> Ranking:
    """Say which models would be chosen for a request and why, without calling anything.

    Args:
        signals: The request, for example from `models.calling.signals`.
        settings: The section `models`.
        attempts: Recent attempts, newest first, for measured latencies.
        budget_usd: Money that is left.
        now: Unix time.
    """
    health = {
        name: HealthView(p50=found.median_seconds)
        for name, found in recent_health(attempts).items()
    }
    facts = Facts(now=now, health=health, spend_left=SpendLeft(usd=budget_usd))
    return load_router(settings).rank(signals, catalog=Catalog(settings), facts=facts)


def show_ranking(output: Output, ranking: Ranking) -> None:
    """Print the candidates for a request in order, then who was left out."""
    guards = f", guards: {', '.join(ranking.guards)}" if ranking.guards else ""
    output.line(Text(f"row {ranking.row or '-'}{guards}", style="bold"))
    shown = table("", "model", "tier", "expected", "reason")
    for position, c in enumerate(ranking.candidates, start=1):
        cost = dollars(c.expected_usd)
        shown.add_row(str(position), visible(c.name), str(c.quality), cost, visible(c.reason))
    for e in ranking.excluded:
        shown.add_row("✗", visible(f"{e.model}@{e.endpoint}"), "", "", visible(e.reason))
    output.show(shown)
    if not ranking.candidates:
        output.line("No model may take it.")
