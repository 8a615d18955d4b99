"""One of several processes that spend from one cap; started by test_shared_cap.py."""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from collections import Counter

from langchain_core.messages import HumanMessage

from pointsman.errors import BudgetExceededError, EndpointError
from pointsman.models.catalog.settings import parse_models_settings
from pointsman.models.gateway import Gateway
from pointsman.models.requests import ModelRequest, Signals
from pointsman.state.run import Run
from pointsman.stores.store import open_store

PRICES = {"input": 40.0, "output": 400.0}


async def _one_run(models: Gateway, name: str, chance: random.Random) -> str:
    run = Run(id=name, thread_id=name, started_at=time.time())
    request = ModelRequest(
        signals=Signals(data_class=(), role="chat"),
        messages=[HumanMessage("Tell me something about " + "trains " * chance.randint(1, 20))],
        max_output_tokens=chance.choice([16, 32, 64]),
        stream=chance.random() < 0.5,
        timeout=3.0,
    )
    call = asyncio.ensure_future(models.complete(request, run=run, step="s"))
    if chance.random() < 0.3:
        asyncio.get_running_loop().call_later(chance.random() * 0.5, call.cancel)
    try:
        await call
    except asyncio.CancelledError:
        return "cancelled"
    except BudgetExceededError:
        return "refused"
    except EndpointError:
        return "failed"
    return "answered"


async def _main(url: str, store: str, cap: float, runs: int, seed: int) -> None:
    settings = parse_models_settings(
        {
            "endpoints": {"a": {"base_url": url, "max_concurrency": 8}},
            "models": [
                {"id": "first", "endpoint": "a", "prices": PRICES},
                {"id": "second", "endpoint": "a", "prices": PRICES},
            ],
            "budget": {"principal": {"usd": cap}, "min_output_tokens": 8},
            "retry": {"backoff_seconds": 0.01, "patience_seconds": 0.0, "max_attempts": 3},
            "breaker": {"failures": 1000},
        }
    )
    chance = random.Random(seed)
    async with open_store(store) as opened:
        models = Gateway(settings, store=opened)
        ended = await asyncio.gather(
            *(_one_run(models, f"run-{seed}-{number}", chance) for number in range(runs))
        )
        await models.aclose()
    print(json.dumps(Counter(ended)))


if __name__ == "__main__":
    asyncio.run(
        _main(sys.argv[1], sys.argv[2], float(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5]))
    )
