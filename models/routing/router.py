"""The router: which models may serve a call, in which order, and why. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Literal, Protocol

from ...state.task import Modality
from ..catalog.routes import RoutingRow, Weights, matching_row
from ..catalog.settings import Catalog, ModelSettings
from ..requests import Candidate, Exclusion, Ranking, Signals
from .health import HealthView

NOT_GOOD_ENOUGH = "not_good_enough"
"""The verdict that escalates to a stronger model."""

UNKNOWN_SECONDS = 5.0
"""Assumed latency of a model that nobody has measured."""

DEFAULT_OUTPUT_TOKENS = 512
"""Assumed reply length for expected cost, where the caller gives none."""


@dataclass(frozen=True, kw_only=True)
class SpendLeft:
    """What the tightest caps leave; `None` means no cap."""

    usd: float | None = None
    tokens: int | None = None
    usd_cap: str = ""
    """Scope and key of the cap that leaves so little money."""
    tokens_cap: str = ""


ObjectionKind = Literal["role", "fit", "availability", "policy", "price", "budget"]


@dataclass(frozen=True, kw_only=True)
class Objection:
    """Why a model may not serve a call."""

    kind: ObjectionKind
    reason: str


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Everything besides the call that a routing decision rests on."""

    now: float = 0.0
    """Unix time."""
    health: Mapping[str, HealthView] = field(default_factory=dict[str, HealthView])
    """By `model@endpoint`."""
    spend_left: SpendLeft = SpendLeft()
    frozen: Mapping[str, str] = field(default_factory=dict[str, str])
    """Endpoints that are switched off → why."""
    refused: Mapping[str, str] = field(default_factory=dict[str, str])
    """`model@endpoint` that policy does not allow for this call → why."""
    convertible: frozenset[Modality] = frozenset()
    """Media that can be turned into text."""


class Router(Protocol):
    """Chooses candidates. A class of your own is named in `models.routing.router`."""

    def rank(self, signals: Signals, *, catalog: Catalog, facts: Facts) -> Ranking:
        """Order the candidates, with the reason for each choice and each exclusion."""
        ...


class TableRouter:
    """The router of the routing table."""

    def rank(self, signals: Signals, *, catalog: Catalog, facts: Facts) -> Ranking:
        """Order the candidates by the first row of the table that matches."""
        return rank(signals, catalog=catalog, facts=facts)


@dataclass(frozen=True, kw_only=True)
class Scored:
    """An eligible model with what it is compared by."""

    model: ModelSettings
    provider: str
    usd: float | None
    """Expected cost of the call."""
    seconds: float
    worth: float | None = None
    """A learned router's own measure."""
    note: str = ""
    """A learned router's own words."""


def rank(
    signals: Signals,
    *,
    catalog: Catalog,
    facts: Facts,
    order: Callable[[Sequence[Scored]], Sequence[Scored]] | None = None,
) -> Ranking:
    """Order the models of the catalog for a call.

    Args:
        signals: What is known of the call.
        catalog: The models.
        facts: Health, spend left, switches and policy.
        order: Replaces the objective of the matching row, for learned routers.
    """
    row = matching_row(catalog.settings.routing.rows, signals)
    floor, escalation = quality_floor(signals, row, catalog, facts)
    eligible: list[Scored] = []
    convertible: list[Scored] = []
    excluded: list[Exclusion] = []
    for model in catalog.models:
        lacking = set(signals.modalities) - set(model.modalities)
        found = objection(model, signals, catalog, facts, floor=floor)
        if found is None and lacking:
            found = _unconvertible(lacking, facts, row)
        if found is not None:
            excluded.append(_exclusion(model, found.reason, found.kind))
        else:
            fit = convertible if lacking else eligible
            fit.append(score(model, signals, catalog, facts))
    by_objective = order or partial(ordered, objective=row.objective)
    again = [s for s in eligible if s.model.name in signals.tried]
    fresh = [s for s in eligible if s.model.name not in signals.tried]
    candidates, left = _arrange(
        by_objective(fresh), by_objective(convertible), row, escalation or _because(row)
    )
    candidates += [
        _candidate(s, "again: its last result was not accepted") for s in by_objective(again)
    ]
    excluded += [_exclusion(s.model, "not in the row's fallback order", "order") for s in left]
    return Ranking(
        candidates=tuple(candidates), excluded=tuple(excluded), row=row.name, guards=row.guards
    )


def quality_floor(
    signals: Signals, row: RoutingRow, catalog: Catalog, facts: Facts
) -> tuple[int, str]:
    """Return the lowest acceptable tier, and the reason if a verdict has raised it.

    A result that was not good enough raises it above the best tier that was tried, if there is a
    stronger model that may serve the call and that the remaining budget pays for.
    """
    floor = row.quality_floor
    tried = [model.quality for model in catalog.models if model.name in signals.tried]
    if NOT_GOOD_ENOUGH not in signals.verdicts or not tried:
        return floor, ""
    raised = max(floor, max(tried) + 1)
    for model in catalog.models:
        if objection(model, signals, catalog, facts, floor=raised) is None and _paid(
            score(model, signals, catalog, facts), facts
        ):
            return raised, f"escalated: tier {max(tried)} was not good enough"
    return floor, ""


def _paid(scored: Scored, facts: Facts) -> bool:
    left = facts.spend_left.usd
    return left is None or (scored.usd is not None and scored.usd <= left)


def objection(
    model: ModelSettings, signals: Signals, catalog: Catalog, facts: Facts, *, floor: int
) -> Objection | None:
    """Return what speaks against a model for the call, media aside."""
    checks: tuple[tuple[ObjectionKind, str], ...] = (
        ("role", _not_its_role(model, signals, catalog)),
        ("fit", _unfit(model, signals, catalog, floor)),
        ("policy", facts.refused.get(model.name, "")),
        ("availability", _unavailable(model, catalog, facts)),
        ("price", _unpriced(model, catalog, facts)),
        ("budget", _unaffordable(model, signals, catalog, facts)),
    )
    found = (Objection(kind=kind, reason=reason) for kind, reason in checks if reason)
    return next(found, None)


def _not_its_role(model: ModelSettings, signals: Signals, catalog: Catalog) -> str:
    override = catalog.overrides.get(signals.role)
    if override is not None:
        return "" if model == override else f"the caller gave a model for the role {signals.role}"
    return "" if signals.role in model.roles else f"does not serve the role {signals.role}"


def _unfit(model: ModelSettings, signals: Signals, catalog: Catalog, floor: int) -> str:
    if model == catalog.overrides.get(signals.role):
        # Who hands over a model vouches for it; what the settings say of its id holds nevertheless.
        return _barred(model, signals, catalog) if catalog.lists(model.id) else ""
    needed = signals.context_tokens + signals.output_tokens
    if model.quality < floor:
        return f"quality tier {model.quality} is below the floor of {floor}"
    if model.context_window is not None and needed > model.context_window:
        return f"context of {model.context_window} tokens is smaller than the needed {needed}"
    return _barred(model, signals, catalog)


def _barred(model: ModelSettings, signals: Signals, catalog: Catalog) -> str:
    """Say whether what is sent may not go where the model is."""
    regions = catalog.settings.routing.regions
    if barred := [name for name in signals.data_class if name not in model.data_classes]:
        return f"may not be sent data of class {', '.join(barred)}"
    if regions and set(regions).isdisjoint(model.regions):
        return f"runs outside {', '.join(regions)}"
    return ""


def _unavailable(model: ModelSettings, catalog: Catalog, facts: Facts) -> str:
    health = facts.health.get(model.name, HealthView())
    if catalog.endpoint(model).disabled:
        return f"endpoint {model.place} is disabled in the settings"
    if model.place in facts.frozen:
        return f"endpoint {model.place} is frozen: {facts.frozen[model.place] or 'by an operator'}"
    if health.state == "open":
        until = datetime.fromtimestamp(health.open_until, tz=UTC)
        return f"breaker open until {until:%H:%M:%S} UTC after {health.last_failure}"
    return ""


def _unpriced(model: ModelSettings, catalog: Catalog, facts: Facts) -> str:
    capped = facts.spend_left.usd is not None
    return "price unknown while a money cap applies" if capped and not catalog.price(model) else ""


def _unaffordable(model: ModelSettings, signals: Signals, catalog: Catalog, facts: Facts) -> str:
    """Judge by the shortest useful reply: the output limit shrinks where little is left."""
    left = facts.spend_left
    output = min(
        signals.output_tokens or DEFAULT_OUTPUT_TOKENS,
        catalog.settings.budget.min_output_tokens,
    )
    price = catalog.price(model)
    if left.usd is not None and price is not None:
        least = price.ceiling(signals.context_tokens, output, at=facts.now)
        if least > left.usd:
            return f"needs at least ${least:.6f} of the ${left.usd:.6f} left ({left.usd_cap})"
    if left.tokens is not None and signals.context_tokens + output > left.tokens:
        return f"needs more than the {left.tokens} tokens left ({left.tokens_cap})"
    return ""


def score(model: ModelSettings, signals: Signals, catalog: Catalog, facts: Facts) -> Scored:
    """Work out what a model is compared by."""
    price = catalog.price(model)
    output = signals.output_tokens or DEFAULT_OUTPUT_TOKENS
    usd = None if price is None else price.ceiling(signals.context_tokens, output, at=facts.now)
    measured = facts.health.get(model.name, HealthView()).p50
    seconds = measured or model.latency_seconds or UNKNOWN_SECONDS
    return Scored(model=model, provider=catalog.provider(model), usd=usd, seconds=seconds)


def ordered(scored: Sequence[Scored], objective: str | Weights) -> list[Scored]:
    """Sort by an objective; ties go to cheaper, then better, then the catalog's order."""
    if isinstance(objective, Weights):
        costs = _share([_cost(s) for s in scored])
        speeds = _share([s.seconds for s in scored])
        tiers = _share([float(-s.model.quality) for s in scored])
        total = [
            objective.cost * c + objective.latency * t + objective.quality * q
            for c, t, q in zip(costs, speeds, tiers, strict=True)
        ]
        by_total = sorted(range(len(scored)), key=lambda i: (total[i], _cost(scored[i])))
        return [scored[i] for i in by_total]
    keys: dict[str, Callable[[Scored], tuple[float, ...]]] = {
        "cheapest": lambda s: (_cost(s), -s.model.quality, s.seconds),
        "fastest": lambda s: (s.seconds, _cost(s), -s.model.quality),
        "best": lambda s: (-s.model.quality, _cost(s), s.seconds),
    }
    return sorted(scored, key=keys[objective])


def _cost(scored: Scored) -> float:
    return float("inf") if scored.usd is None else scored.usd


def _share(values: Sequence[float]) -> list[float]:
    finite = [v for v in values if v != float("inf")]
    if not finite:
        return [1.0 for _ in values]
    low, span = min(finite), (max(finite) - min(finite)) or 1.0
    return [1.0 if v == float("inf") else (v - low) / span for v in values]


def _because(row: RoutingRow) -> str:
    objective = "weighted" if isinstance(row.objective, Weights) else row.objective
    return f"{objective} of tier {row.quality_floor} or better"


def _arrange(
    eligible: Sequence[Scored], convertible: Sequence[Scored], row: RoutingRow, because: str
) -> tuple[list[Candidate], list[Scored]]:
    """Put the best first, then whom the row's fallback order admits, each once."""
    chosen: list[Candidate] = []
    rest = list(eligible)
    first = rest.pop(0) if rest else None
    if first is not None:
        chosen.append(_candidate(first, f"{because} ({row.name})"))
    for kind in row.fallback:
        if kind == "convert_to_text":
            chosen += [
                _candidate(s, "fallback: media converted to text", adapt="convert_to_text")
                for s in convertible
            ]
            continue
        fits = [s for s in rest if first is not None and _fits(kind, s, first)]
        chosen += [_candidate(s, f"fallback: {kind.replace('_', ' ')}") for s in fits]
        rest = [s for s in rest if s not in fits]
    return chosen, rest


def _fits(kind: str, other: Scored, first: Scored) -> bool:
    if kind == "alternate_provider":
        return other.provider != first.provider
    if kind == "stronger_model":
        return other.model.quality > first.model.quality
    return True


def _candidate(scored: Scored, reason: str, *, adapt: str = "") -> Candidate:
    usd = "price unknown" if scored.usd is None else f"at most about ${scored.usd:.6f}"
    notes = [reason, scored.note] if scored.note else [reason]
    facts = f"tier {scored.model.quality}, {usd}, about {scored.seconds:.1f} s"
    return Candidate(
        model=scored.model.id,
        endpoint=scored.model.place,
        reason="; ".join([*notes, facts]),
        quality=scored.model.quality,
        expected_usd=scored.usd,
        adapt=adapt,
    )


def _exclusion(
    model: ModelSettings, reason: str, kind: Literal["order"] | ObjectionKind = "fit"
) -> Exclusion:
    return Exclusion(model=model.id, endpoint=model.place, reason=reason, kind=kind)


def _unconvertible(lacking: set[Modality], facts: Facts, row: RoutingRow) -> Objection | None:
    media = ", ".join(sorted(lacking))
    if "convert_to_text" not in row.fallback:
        return Objection(kind="fit", reason=f"does not take {media}")
    missing = lacking - facts.convertible
    if not missing:
        return None
    names = ", ".join(sorted(missing))
    reason = f"does not take {media}, and nothing is configured that turns {names} into text"
    return Objection(kind="fit", reason=reason)
