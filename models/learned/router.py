"""A learned router: how likely each model is to do well at a request, and what that is worth."""

from __future__ import annotations

import base64
import json
import math
import sys
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ...errors import ConfigError
from ...state.values import JsonObject
from ..catalog.settings import Catalog
from ..requests import Ranking, Signals
from ..routing.router import Facts, Scored, rank
from .features import WIDTH, features

FORMAT = 1
"""Version of the file and of the features that its weights belong to."""


@dataclass(frozen=True, kw_only=True)
class Scorer:
    """Calibrated logistic regression: probability that one model does well at a request."""

    weights: Sequence[float]
    bias: float
    slope: float
    """Of the calibration, applied to the raw score."""
    offset: float

    def probability(self, vector: Mapping[int, float]) -> float:
        """Return the probability for a feature vector."""
        raw = self.bias + sum(self.weights[slot] * value for slot, value in vector.items())
        return 1.0 / (1.0 + math.exp(-_bounded(self.slope * raw + self.offset)))

    def to_json(self) -> JsonObject:
        """Return the scorer as plain data."""
        packed = array("f", self.weights)
        if sys.byteorder == "big":
            packed.byteswap()
        return {
            "weights": base64.b64encode(packed.tobytes()).decode(),
            "bias": self.bias,
            "slope": self.slope,
            "offset": self.offset,
        }

    @classmethod
    def from_json(cls, data: JsonObject) -> Scorer:
        """Read what `to_json` wrote. Raises `ValueError` or `KeyError`."""
        packed = array("f")
        packed.frombytes(base64.b64decode(data["weights"], validate=True))
        if sys.byteorder == "big":
            packed.byteswap()
        if len(packed) != WIDTH:
            raise ValueError(f"{len(packed)} weights instead of {WIDTH}")
        numbers = {name: float(data[name]) for name in ("bias", "slope", "offset")}
        return cls(weights=packed, **numbers)


def _bounded(value: float) -> float:
    return max(-60.0, min(60.0, value))


def save_scorers(path: str | Path, scorers: Mapping[str, Scorer], *, report: JsonObject) -> None:
    """Write scorers by model, with the report of how well they did."""
    models = {name: scorer.to_json() for name, scorer in scorers.items()}
    body = {"format": FORMAT, "models": models, "report": report}
    Path(path).write_text(json.dumps(body), encoding="utf-8")


def load_scorers(path: str | Path) -> Mapping[str, Scorer]:
    """Read what `save_scorers` wrote.

    Raises:
        ConfigError: The file cannot be read or is of another version.
    """
    try:
        body = json.loads(Path(path).read_text(encoding="utf-8"))
        if body["format"] != FORMAT:
            raise ValueError(f"its format is {body['format']}, not {FORMAT}")
        return {name: Scorer.from_json(data) for name, data in body["models"].items()}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            f"The learned router cannot be read: {error}",
            where=str(path),
            fix="Make it again with `pointsman route learn`.",
        ) from error


class LearnedRouter:
    """Orders what the routing table admits by expected worth: probability × value - cost.

    Name it in the settings as `router: pointsman.models.learned.router:LearnedRouter`.

    Args:
        path: The file that `pointsman route learn` wrote.
        value_usd: What a good result is worth, in US dollars; more of it buys more quality.
        models: Model in the file → `model@endpoint` or model id in the catalog, where they differ.
    """

    def __init__(
        self,
        *,
        path: str | Path,
        value_usd: float = 0.01,
        models: Mapping[str, str] | None = None,
    ) -> None:
        names = models or {}
        self._scorers = {names.get(k, k): scorer for k, scorer in load_scorers(path).items()}
        self._value = value_usd

    def rank(self, signals: Signals, *, catalog: Catalog, facts: Facts) -> Ranking:
        """Order the candidates; models that were not learned come last."""
        vector = features(signals.request)

        def by_worth(scored: Sequence[Scored]) -> Sequence[Scored]:
            return sorted(
                (self._judged(each, vector) for each in scored), key=lambda s: -(s.worth or 0.0)
            )

        return rank(signals, catalog=catalog, facts=facts, order=by_worth)

    def _judged(self, scored: Scored, vector: Mapping[int, float]) -> Scored:
        model = scored.model
        scorer = self._scorers.get(model.name) or self._scorers.get(model.id)
        if scorer is None:
            return replace(scored, worth=-math.inf, note="not learned")
        good = scorer.probability(vector)
        worth = good * self._value - (scored.usd or 0.0)
        return replace(scored, worth=worth, note=f"learned: {good:.0%} likely to do well")
