"""Cost against quality of a learned router, on graded replies of a weak and a strong model.

    python -m pointsman.benchmarks.routing --outcomes FILE [--plot out.png] [--json out.json]

The router is fitted on one part of the requests and replayed on the rest, split by hash.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from ..errors import ConfigError
from ..models.learned.learning import LearningReport, learn
from ..models.learned.outcomes import read_table
from ..models.learned.replay import Comparison, Costs


def main() -> None:
    """Fit, replay, print, and plot if asked to."""
    options = _options()
    try:
        costs = Costs(weak=options.weak_usd, strong=options.strong_usd)
        report = learn(read_table(options.outcomes), costs=costs, save_to=options.save)
        sys.stdout.write(report.to_markdown())
        if options.json is not None:
            options.json.write_text(json.dumps(report.to_json(), indent=2), encoding="utf-8")
        if options.plot is not None:
            plot(report, options.plot)
    except ConfigError as error:
        sys.exit(str(error))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--outcomes", type=Path, required=True, help="CSV of graded replies")
    parser.add_argument("--weak-usd", type=float, default=0.0, help="US dollars a weak call")
    parser.add_argument("--strong-usd", type=float, default=1.0, help="US dollars a strong call")
    parser.add_argument("--plot", type=Path, help="where to draw cost against quality")
    parser.add_argument("--json", type=Path, help="where to write the report as JSON")
    parser.add_argument("--save", type=Path, help="where to write the router")
    return parser.parse_args()


def plot(report: LearningReport, path: Path) -> None:
    """Draw cost against quality.

    Raises:
        ConfigError: matplotlib is not installed, or there is nothing to draw.
    """
    if report.comparison is None:
        raise ConfigError("There is nothing to draw.", where="--plot", fix=report.verdict)
    try:
        import matplotlib as mpl
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ConfigError(
            "Plotting needs matplotlib.",
            where="--plot",
            fix='Install it with: pip install "pointsman[plot]".',
        ) from error
    mpl.use("Agg")
    figure = Figure(figsize=(7, 4.5), layout="constrained")
    _draw(figure.subplots(), report.comparison)
    figure.savefig(path, dpi=150)


def _draw(axes: Any, comparison: Comparison) -> None:
    for name, points in (("router", comparison.curve), ("oracle", comparison.oracle_curve)):
        axes.plot([p.usd_per_call for p in points], [p.quality for p in points], label=name)
    ends = comparison.baselines[:2]
    axes.plot([p.usd_per_call for p in ends], [p.quality for p in ends], "--", label="random mix")
    for point in comparison.baselines:
        axes.plot(point.usd_per_call, point.quality, "k.")
        axes.annotate(point.name, (point.usd_per_call, point.quality), fontsize=8)
    axes.set(xlabel="US dollars a call", ylabel="share of good results")
    axes.legend(loc="lower right")


if __name__ == "__main__":
    main()
