"""Home: the folder that an agent writes to, and the store that its settings name."""

from __future__ import annotations

import os

from .settings import Settings
from .stores.anchor import KEY_VARIABLE, Anchor
from .stores.files import private_home
from .stores.store import SqlStore, open_store


def open_own_store(settings: Settings) -> SqlStore:
    """Make the home folder, and return the settings' store, whose audit log is signed there.

    Raises:
        ConfigError: The store's URL is none.
        StoreError: The folder cannot be made.
    """
    home = private_home(settings.home)
    anchor = Anchor(home, store=settings.store_url, secret=os.environ.get(KEY_VARIABLE, ""))
    return open_store(settings.database_url, anchor=anchor)
