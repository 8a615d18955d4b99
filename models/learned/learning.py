"""Learning a router from graded replies, and saying honestly what it is worth.

Needs the extra `learn`. What it writes is used by `models.learned`, which needs nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ...errors import ConfigError
from ...state.values import Record
from ..calling.signals import signals_for
from ..catalog.prices import Tariff
from ..catalog.settings import Catalog, ModelSettings, ModelsSettings
from ..routing.router import Facts, rank
from .features import WIDTH, features
from .outcomes import STRONG, WEAK, GradedReply, ReplyPair, is_held_out, pairs_of
from .router import Scorer, save_scorers

try:
    import numpy as np
    from scipy.sparse import csr_matrix
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold
except ImportError as error:
    raise ConfigError(
        "Learning a router needs scikit-learn.",
        where="pointsman route learn",
        fix='Install it with: pip install "pointsman[learn]"',
    ) from error

from .replay import Comparison, Costs, compare

HELD_OUT = 0.3
"""Share of the requests that is kept out of fitting."""
FOLDS = 5
"""Of the calibration."""
MIN_OUTCOMES = 50
"""Fewer outcomes of a model, or fewer than `FOLDS` of a kind, teach nothing."""
BINS = 10


class Calibration(Record):
    """How well a model's probabilities hold on requests that fitting has not seen."""

    model: str
    fitted_on: int
    tested_on: int
    base_rate: float
    """Share of good results among the tested."""
    brier: float
    """Mean squared error of the probability; 0 is perfect."""
    base_brier: float
    """The same for always saying the base rate."""
    calibration_error: float
    """Mean distance between said and true frequency over ten bins."""


class LearningReport(Record):
    """What was learned, on the held-out part only."""

    weak: str
    strong: str
    calibration: tuple[Calibration, ...]
    comparison: Comparison | None = None
    """`None` where too few requests have outcomes of both models."""
    verdict: str = ""

    def to_markdown(self) -> str:
        """Return the report for people."""
        lines = [f"# Learned router: {self.weak} or {self.strong}", "", self.verdict, ""]
        if self.comparison is not None:
            lines += [*_comparison_lines(self.comparison), ""]
        return "\n".join([*lines, *_calibration_lines(self.calibration)]) + "\n"


def learn(
    outcomes: Sequence[GradedReply],
    *,
    weak: str = WEAK,
    strong: str = STRONG,
    costs: Costs | None = None,
    save_to: str | Path | None = None,
    seed: int = 0,
) -> LearningReport:
    """Fit one calibrated classifier for each model and replay the held-out part.

    Args:
        outcomes: Graded replies, from `outcomes.read_table` or `outcomes.read_log`.
        weak: The cheap model's name in the outcomes.
        strong: The dear model's name.
        costs: What a call of each costs; 0 and 1 if not given.
        save_to: Where to write the router.
        seed: Of the folds and the bootstrap.

    Raises:
        ConfigError: There are too few outcomes to learn from.
    """
    train = [o for o in outcomes if not is_held_out(o.prompt, HELD_OUT)]
    test = [o for o in outcomes if is_held_out(o.prompt, HELD_OUT)]
    scorers = {name: _fit(name, train, seed) for name in (weak, strong)}
    pairs = pairs_of(test, weak=weak, strong=strong)
    comparison = _replay(pairs, scorers, (weak, strong), costs or Costs(), seed)
    report = LearningReport(
        weak=weak,
        strong=strong,
        calibration=tuple(_calibration(n, s, train, test) for n, s in scorers.items()),
        comparison=comparison,
        verdict=_verdict(comparison),
    )
    if save_to is not None:
        save_scorers(save_to, scorers, report=report.to_json())
    return report


def _fit(name: str, outcomes: Sequence[GradedReply], seed: int) -> Scorer:
    mine = [outcome for outcome in outcomes if outcome.model == name]
    good = sum(outcome.good for outcome in mine)
    if len(mine) < MIN_OUTCOMES or min(good, len(mine) - good) < FOLDS:
        raise ConfigError(
            f"{len(mine)} outcomes of {name}, {good} of them good, teach nothing.",
            where="outcomes",
            fix=f"Record at least {MIN_OUTCOMES} outcomes, good and bad ones.",
        )
    # Tables come sorted by subject: unshuffled folds would calibrate on subjects never seen.
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    regression = LogisticRegression(solver="liblinear", C=1.0, random_state=seed)
    calibrated: Any = CalibratedClassifierCV
    classifier = calibrated(regression, method="sigmoid", cv=folds, ensemble=False)
    classifier.fit(_matrix([o.prompt for o in mine]), [o.good for o in mine])
    fitted = classifier.calibrated_classifiers_[0]
    sigmoid = fitted.calibrators[0]
    return Scorer(
        weights=[float(w) for w in fitted.estimator.coef_[0]],
        bias=float(fitted.estimator.intercept_[0]),
        slope=-float(sigmoid.a_),
        offset=-float(sigmoid.b_),
    )


def _matrix(prompts: Sequence[str]) -> Any:
    values: list[float] = []
    columns: list[int] = []
    starts = [0]
    for prompt in prompts:
        vector = features(prompt)
        columns += vector.keys()
        values += vector.values()
        starts.append(len(columns))
    return csr_matrix((values, columns, starts), shape=(len(prompts), WIDTH))


def _replay(
    pairs: Sequence[ReplyPair],
    scorers: Mapping[str, Scorer],
    names: tuple[str, str],
    costs: Costs,
    seed: int,
) -> Comparison | None:
    if len(pairs) < MIN_OUTCOMES:
        return None
    vectors = [features(pair.prompt) for pair in pairs]
    weak, strong = (scorers[name] for name in names)
    try:
        return compare(
            [strong.probability(v) - weak.probability(v) for v in vectors],
            [pair.weak for pair in pairs],
            [pair.strong for pair in pairs],
            costs=costs,
            policy_strong=policy_choices(pairs, costs),
            seed=seed,
        )
    except ValueError:
        return None


def policy_choices(pairs: Sequence[ReplyPair], costs: Costs) -> list[bool]:
    """Say for which requests the default routing table chooses the strong model."""
    weak = _stand_in(WEAK, quality=3, usd=costs.weak)
    strong = _stand_in(STRONG, quality=5, usd=costs.strong)
    catalog = Catalog(ModelsSettings(), discovered=(weak, strong))
    rankings = (rank(signals_for(p.prompt), catalog=catalog, facts=Facts()) for p in pairs)
    return [ranking.candidates[0].model == STRONG for ranking in rankings]


def _stand_in(name: str, *, quality: int, usd: float) -> ModelSettings:
    tariff = Tariff(input=usd, output=usd)
    return ModelSettings(id=name, endpoint=name, quality=quality, prices=tariff)


def _calibration(
    name: str, scorer: Scorer, train: Sequence[GradedReply], test: Sequence[GradedReply]
) -> Calibration:
    mine = [outcome for outcome in test if outcome.model == name]
    said = np.array([scorer.probability(features(o.prompt)) for o in mine] or [0.0])
    true = np.array([float(o.good) for o in mine] or [0.0])
    bins = np.minimum((said * BINS).astype(int), BINS - 1)
    gaps = [abs((said - true)[bins == b].sum()) for b in range(BINS)]
    return Calibration(
        model=name,
        fitted_on=sum(outcome.model == name for outcome in train),
        tested_on=len(mine),
        base_rate=float(true.mean()),
        brier=float(((said - true) ** 2).mean()),
        base_brier=float(((true.mean() - true) ** 2).mean()),
        calibration_error=float(sum(gaps) / len(said)),
    )


def _verdict(comparison: Comparison | None) -> str:
    if comparison is None:
        return (
            "Too few held-out requests have outcomes of both models, or both models are equally "
            "good: what the router is worth is unknown. Leave it off."
        )
    found = (
        f"area {comparison.area:.3f}, 95% confidence {comparison.area_low:.3f} to "
        f"{comparison.area_high:.3f}, on {comparison.requests} held-out requests"
    )
    if comparison.beats_random:
        return f"The router beats a random mix (0.500): {found}."
    return f"The router does NOT beat a random mix (0.500): {found}. Leave it off."


def _comparison_lines(comparison: Comparison) -> list[str]:
    rows = [*comparison.baselines, *comparison.curve[:: max(1, len(comparison.curve) // 10)]]
    return [
        "| way | strong calls | quality | cost a call |",
        "|---|---|---|---|",
        *(
            f"| {p.name} | {p.strong_share:.1%} | {p.quality:.2%} | {p.usd_per_call:.6f} |"
            for p in rows
        ),
        "",
        f"Area: router {comparison.area:.3f} (random 0.500, oracle {comparison.oracle_area:.3f}). "
        f"Regret against the oracle at equal cost: router {comparison.regret:.2%}, "
        f"random {comparison.random_regret:.2%}.",
    ]


def _calibration_lines(calibrations: Sequence[Calibration]) -> list[str]:
    return [
        "| model | fitted on | tested on | base rate | Brier (base) | calibration error |",
        "|---|---|---|---|---|---|",
        *(
            f"| {c.model} | {c.fitted_on} | {c.tested_on} | {c.base_rate:.1%} "
            f"| {c.brier:.4f} ({c.base_brier:.4f}) | {c.calibration_error:.3f} |"
            for c in calibrations
        ),
    ]
