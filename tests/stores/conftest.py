"""Stores over a real SQLite file and a real PostgreSQL server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from pointsman.stores import SqlStore, open_store


class Clock:
    """Time that passes when a test says so."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        """Return Unix time in seconds."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """Return a clock at 1000 seconds."""
    return Clock()


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the place of a store that does not exist yet, on each database."""
    if request.param == "postgres":
        return request.getfixturevalue("postgres_url")
    return str(tmp_path / "store.db")


@pytest.fixture
async def store(url: str, clock: Clock) -> AsyncIterator[SqlStore]:
    """Yield an open store."""
    async with open_store(url, clock=clock) as opened:
        yield opened
