"""How many parallel runs a cap admits: with a token for each byte, and with what was learned.

    python -m pointsman.benchmarks.budget [--runs 60] [--cap 0.05]

Runs of English text start at the same time under one cap. A run that finds no room is refused: what
it would have cost does not matter, only what the others have reserved at that moment.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
import uuid
from pathlib import Path

from langchain_core.messages import HumanMessage

from ..errors import BudgetExceededError
from ..models.calling.ratios import LearnedRatios, NoRatios, Ratios
from ..models.catalog.settings import parse_models_settings
from ..models.gateway import Gateway
from ..models.requests import ModelReply, ModelRequest, Signals
from ..models.routing.health import HealthBoard
from ..state.run import Principal, Run
from ..stores.store import open_store
from ..testing import Reply, ScriptedGateway

PRICE = {"input": 1.0, "output": 4.0}
TEXT = "The quick brown fox jumps over the lazy dog near the river bank. " * 60
WARM_UP = 5
"""Runs from which the ratio is learned."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--runs", type=int, default=60, help="runs that start together")
    parser.add_argument("--cap", type=float, default=0.05, help="US dollars for all of them")
    options = parser.parse_args()
    ways: dict[str, Ratios] = {"a token a byte": NoRatios(), "learned": LearnedRatios()}
    for name, ratios in ways.items():
        admitted, spent = asyncio.run(measure(options.runs, options.cap, ratios))
        print(f"{name}: {admitted} of {options.runs} admitted, ${spent:.4f} of ${options.cap:g}")


async def measure(runs: int, cap: float, ratios: Ratios) -> tuple[int, float]:
    """Return how many of the runs were admitted under the cap, and what they have spent."""
    with (
        tempfile.TemporaryDirectory() as folder,
        ScriptedGateway(default=Reply(text="Yes.", delay=2.0)) as server,
    ):
        endpoint = {"base_url": server.base_url, "max_concurrency": runs}
        settings = parse_models_settings(
            {
                "endpoints": {"a": endpoint},
                "models": [{"id": "m", "endpoint": "a", "prices": PRICE}],
                "budget": {"principal": {"usd": cap}},
            }
        )
        async with open_store(Path(folder) / "store.db") as store:
            models = Gateway(settings, store=store, health=HealthBoard(), ratios=ratios)
            for _ in range(WARM_UP):
                await _ask(models, Principal(id="warm"))
            calls = (_ask(models, Principal(id="all")) for _ in range(runs))
            ended = await asyncio.gather(*calls, return_exceptions=True)
            spent = (await store.budgets.balance("principal", "all")).spent_usd
            await models.aclose()
    unexpected = [
        end
        for end in ended
        if isinstance(end, BaseException) and not isinstance(end, BudgetExceededError)
    ]
    if unexpected:
        raise unexpected[0]
    return sum(isinstance(end, ModelReply) for end in ended), spent


async def _ask(models: Gateway, principal: Principal) -> ModelReply:
    run = Run(id=uuid.uuid4().hex, started_at=time.time(), principal=principal)
    request = ModelRequest(
        signals=Signals(data_class=(), role="chat"),
        messages=[HumanMessage(TEXT)],
        max_output_tokens=64,
    )
    return await models.complete(request, run=run, step="ask")


if __name__ == "__main__":
    main()
