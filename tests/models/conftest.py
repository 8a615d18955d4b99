"""What the tests of this room share: a real store, runs, and settings for scripted servers."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from pointsman.models.catalog.settings import ModelsSettings, parse_models_settings
from pointsman.models.gateway import Gateway
from pointsman.models.routing.health import HealthBoard
from pointsman.state.run import Limits, Run
from pointsman.stores.store import SqlStore, open_store
from pointsman.testing import ScriptedGateway

MakeRun = Callable[..., Run]
MakeSettings = Callable[..., ModelsSettings]
MakeGateway = Callable[..., Gateway]


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqlStore]:
    """A real SQLite store."""
    async with open_store(tmp_path / "store.db") as opened:
        yield opened


@pytest.fixture
def run() -> MakeRun:
    """Make a run with the given budget."""

    def make(name: str = "run-1", *, deadline_in: float | None = None, **limits: Any) -> Run:
        now = time.time()
        deadline = None if deadline_in is None else now + deadline_in
        return Run(
            id=name,
            thread_id="thread-1",
            started_at=now,
            deadline_at=deadline,
            limits=Limits(**limits),
        )

    return make


@pytest.fixture
def settings() -> MakeSettings:
    """Make settings for models at scripted servers; waits are short."""

    def make(
        servers: Mapping[str, ScriptedGateway | str],
        models: list[dict[str, Any]],
        **sections: Any,
    ) -> ModelsSettings:
        endpoints = {
            name: {
                "base_url": server if isinstance(server, str) else server.base_url,
                "provider": f"provider-{name}",
            }
            for name, server in servers.items()
        }
        retry = {"backoff_seconds": 0.0, "patience_seconds": 0.0, **sections.pop("retry", {})}
        priced = [{"prices": {"input": 1.0, "output": 2.0}, **model} for model in models]
        return parse_models_settings(
            {"endpoints": endpoints, "models": priced, "retry": retry, **sections}
        )

    return make


@pytest.fixture
async def gateway(store: SqlStore) -> AsyncIterator[MakeGateway]:
    """Make gateways with a health board of their own; they are closed after the test."""
    made: list[Gateway] = []

    def make(settings: ModelsSettings, **options: Any) -> Gateway:
        options.setdefault("health", HealthBoard())
        made.append(Gateway(settings, store=store, **options))
        return made[-1]

    yield make
    for each in made:
        await each.aclose()
