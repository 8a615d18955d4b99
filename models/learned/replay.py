"""Replaying graded replies: what a router would have cost and won, beside its baselines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...state.values import Record

Floats = np.ndarray[Any, np.dtype[np.float64]]

CURVE_POINTS = 21
BOOTSTRAPS = 1000
CONFIDENCE = 0.95
RANDOM_AREA = 0.5


class Point(Record):
    """One way of routing: how often the strong model is called, what it costs and wins."""

    name: str
    strong_share: float
    quality: float
    """Share of good results."""
    usd_per_call: float


class Costs(Record):
    """Mean cost of a call in US dollars, or relative cost if no price is known."""

    weak: float = 0.0
    strong: float = 1.0

    def mixed(self, strong_share: float) -> float:
        """Return the mean cost with this share of strong calls."""
        return self.weak + (self.strong - self.weak) * strong_share


class Comparison(Record):
    """A router against its baselines on one set of requests."""

    requests: int
    baselines: tuple[Point, ...]
    """Always weak, always strong, a random half, the routing table, the oracle."""
    curve: tuple[Point, ...]
    oracle_curve: tuple[Point, ...]
    area: float
    """Mean share of the quality gap between weak and strong that is recovered, over all shares of
    strong calls; a random mix has 0.5."""
    area_low: float
    area_high: float
    """Bounds of the 95% bootstrap confidence interval."""
    oracle_area: float
    regret: float
    """Mean quality lost against the oracle at the same share of strong calls."""
    random_regret: float

    @property
    def beats_random(self) -> bool:
        """Whether the whole confidence interval lies above a random mix."""
        return self.area_low > RANDOM_AREA


def compare(
    gains: Sequence[float],
    weak: Sequence[bool],
    strong: Sequence[bool],
    *,
    costs: Costs,
    policy_strong: Sequence[bool] | None = None,
    seed: int = 0,
) -> Comparison:
    """Replay a router that calls the strong model where it expects the largest gain.

    Args:
        gains: Expected gain of the strong model for each request; only the order counts.
        weak: Whether the weak model did well at each request.
        strong: Whether the strong model did.
        costs: What the models cost.
        policy_strong: For which requests the routing table chooses the strong model.
        seed: Of the bootstrap.

    Raises:
        ValueError: There is no request, or both models are equally good on average.
    """
    score, w, s = (np.asarray(values, dtype=np.float64) for values in (gains, weak, strong))
    if not len(w) or w.mean() == s.mean():
        raise ValueError("replaying needs requests, and models that differ in quality")
    qualities, best = _qualities(score, w, s), _qualities(s - w, w, s)
    low, high = _interval(score, w, s, seed)
    return Comparison(
        requests=len(w),
        baselines=_baselines(w, s, costs, policy_strong),
        curve=_curve("router", qualities, costs),
        oracle_curve=_curve("oracle", best, costs),
        area=_area(qualities),
        area_low=low,
        area_high=high,
        oracle_area=_area(best),
        regret=float(np.mean(best - qualities)),
        random_regret=float(np.mean(best - np.linspace(w.mean(), s.mean(), len(w) + 1))),
    )


def _qualities(score: Floats, weak: Floats, strong: Floats) -> Floats:
    """Return the quality with the 0, 1, …, n most promising requests sent to the strong model."""
    order = np.argsort(-score, kind="stable")
    won = np.concatenate([[0.0], np.cumsum((strong - weak)[order])])
    return (weak.sum() + won) / len(weak)


def _area(qualities: Floats) -> float:
    weak, strong = qualities[0], qualities[-1]
    mean = np.trapezoid(qualities) / (len(qualities) - 1)
    return float((mean - weak) / (strong - weak))


def _interval(score: Floats, weak: Floats, strong: Floats, seed: int) -> tuple[float, float]:
    generator = np.random.default_rng(seed)
    areas: list[float] = []
    for _ in range(BOOTSTRAPS):
        drawn = generator.integers(0, len(weak), len(weak))
        qualities = _qualities(score[drawn], weak[drawn], strong[drawn])
        if qualities[0] != qualities[-1]:
            areas.append(_area(qualities))
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(areas, [tail, 1 - tail])
    return float(low), float(high)


def _curve(name: str, qualities: Floats, costs: Costs) -> tuple[Point, ...]:
    shares = np.linspace(0, 1, CURVE_POINTS)
    at = np.rint(shares * (len(qualities) - 1)).astype(int)
    return tuple(
        _point(name, share, quality, costs)
        for share, quality in zip(shares, qualities[at], strict=True)
    )


def _baselines(
    weak: Floats, strong: Floats, costs: Costs, policy_strong: Sequence[bool] | None
) -> tuple[Point, ...]:
    needed = (strong > weak).astype(np.float64)
    points = [
        _point("always weak", 0.0, weak.mean(), costs),
        _point("always strong", 1.0, strong.mean(), costs),
        _point("random half", 0.5, (weak.mean() + strong.mean()) / 2, costs),
    ]
    if policy_strong is not None:
        chosen = np.asarray(policy_strong, dtype=np.float64)
        quality = (chosen * strong + (1 - chosen) * weak).mean()
        points.append(_point("routing table", chosen.mean(), quality, costs))
    points.append(_point("oracle", needed.mean(), np.maximum(weak, strong).mean(), costs))
    return tuple(points)


def _point(name: str, share: Any, quality: Any, costs: Costs) -> Point:
    return Point(
        name=name,
        strong_share=float(share),
        quality=float(quality),
        usd_per_call=costs.mixed(float(share)),
    )
