"""Home: the folder that an agent writes to, and the databases that its settings name."""

from __future__ import annotations

import os
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from .settings import Settings
from .stores.anchor import KEY_VARIABLE, Anchor
from .stores.engines import store_url
from .stores.files import private_home
from .stores.store import SqlStore, open_store

if TYPE_CHECKING:
    from langgraph.checkpoint.base import BaseCheckpointSaver

CHECKPOINTS = "checkpoints.db"


def open_own_store(settings: Settings) -> SqlStore:
    """Make the home folder, and return the settings' store, whose audit log is signed there.

    Raises:
        ConfigError: The store's URL is none.
        StoreError: The folder cannot be made.
    """
    home = private_home(settings.home)
    anchor = Anchor(home, store=settings.store_url, secret=os.environ.get(KEY_VARIABLE, ""))
    return open_store(settings.database_url, anchor=anchor)


def open_own_checkpoints(
    settings: Settings,
) -> AbstractAsyncContextManager[BaseCheckpointSaver[str]]:
    """Return the settings' checkpoints, to be entered.

    Raises:
        ConfigError: The store's URL is none.
        StoreError: They cannot be opened.
    """
    # LangGraph's savers take long to import.
    from .stores.checkpoints import open_checkpoints

    return open_checkpoints(checkpoints_of(settings))


def checkpoints_of(settings: Settings) -> str | Path:
    """Return where checkpoints are: in the store's database where machines can share that.

    In SQLite each has a file of its own, since the two wait for the disk differently.
    """
    shared = settings.store_url and store_url(settings.store_url).get_backend_name() != "sqlite"
    return settings.store_url if shared else settings.home / CHECKPOINTS
