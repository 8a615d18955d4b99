"""What a dead endpoint costs once its breaker is open: added median latency of a run.

    python -m pointsman.benchmarks.breaker [--runs 200]

Two endpoints serve the same model on loopback. The preferred one is healthy in one series and dead
in the other; runs of both series alternate, so that the machine's moods hit both alike.
"""

from __future__ import annotations

import argparse
import asyncio
import socket
import sys
import tempfile
import time
from pathlib import Path
from statistics import median, quantiles

from langchain_core.messages import HumanMessage

from ..models.catalog.settings import ModelsSettings, parse_models_settings
from ..models.gateway import Gateway
from ..models.requests import ModelRequest, Signals
from ..models.routing.health import HealthBoard
from ..state.run import Run
from ..stores.store import open_store
from ..testing import Reply, ScriptedGateway

GOAL = 0.05
"""Largest added share of the median."""
WARM_UP = 10
"""Runs of each series that are not counted; in them the breaker opens."""
REQUEST = ModelRequest(
    signals=Signals(data_class=(), role="chat"),
    messages=[HumanMessage("What is the capital of Switzerland?")],
)


def main() -> None:
    """Measure and print; exit with 1 if the goal is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--runs", type=int, default=200, help="runs of each series")
    parser.add_argument("--delay", type=float, default=0.05, help="seconds a model takes")
    options = parser.parse_args()
    healthy, dead = asyncio.run(measure(options.runs, options.delay))
    added = median(dead) / median(healthy) - 1
    for name, times in (("both healthy", healthy), ("one dead", dead)):
        p95 = quantiles(times, n=20)[-1]
        print(f"{name}: median {median(times) * 1000:.2f} ms, p95 {p95 * 1000:.2f} ms")
    print(f"added median latency: {added:+.1%} (goal: below {GOAL:.0%})")
    sys.exit(added >= GOAL)


async def measure(runs: int, delay: float) -> tuple[list[float], list[float]]:
    """Return the seconds of each counted run, with both endpoints alive and with one dead."""
    reply = Reply(text="Bern.", delay=delay)
    with (
        tempfile.TemporaryDirectory() as folder,
        ScriptedGateway(default=reply) as one,
        ScriptedGateway(default=reply) as other,
    ):
        async with open_store(Path(folder) / "store.db") as store:
            series = [
                Gateway(_settings(url, other.base_url), store=store, health=HealthBoard())
                for url in (one.base_url, f"http://127.0.0.1:{_dead_port()}/v1")
            ]
            times: tuple[list[float], list[float]] = ([], [])
            for number in range(WARM_UP + runs):
                for gateway, taken in zip(series, times, strict=True):
                    taken.append(await _run(gateway, f"{number}/{id(gateway)}"))
            for gateway in series:
                await gateway.aclose()
    return times[0][WARM_UP:], times[1][WARM_UP:]


def _settings(preferred: str, other: str) -> ModelsSettings:
    return parse_models_settings(
        {
            "endpoints": {"preferred": {"base_url": preferred}, "other": {"base_url": other}},
            "models": [
                {"id": "m", "endpoint": "preferred", "prices": {"input": 1, "output": 1}},
                {"id": "m", "endpoint": "other", "prices": {"input": 2, "output": 2}},
            ],
            "breaker": {"open_seconds": 3600},
        }
    )


async def _run(gateway: Gateway, name: str) -> float:
    started = time.perf_counter()
    await gateway.complete(REQUEST, run=Run(id=name, started_at=time.time()), step="s")
    return time.perf_counter() - started


def _dead_port() -> int:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return int(bound.getsockname()[1])


if __name__ == "__main__":
    main()
