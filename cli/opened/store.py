"""Records: the store alone, for commands that read or switch and must not need the agent.

Operators must reach them when tools or models are broken.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from ...home import open_own_store
from ...settings import Settings
from ...stores.store import SqlStore


@asynccontextmanager
async def open_records(config: str) -> AsyncGenerator[tuple[Settings, SqlStore], None]:
    """Open the store that a settings file names, and close it at the end.

    Raises:
        ConfigError: The settings are not valid.
    """
    settings = Settings.load(config)
    async with store_of(settings) as store:
        yield settings, store


def store_of(settings: Settings) -> SqlStore:
    """Return the store of settings; it opens on first use and the caller closes it."""
    return open_own_store(settings)
