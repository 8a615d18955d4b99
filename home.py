"""Home: the folder that an agent writes to, and the databases that its settings name."""

from __future__ import annotations

import os
import secrets
from contextlib import AbstractAsyncContextManager
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import CredentialError
from .masking.masker import Masker
from .settings import Settings
from .stores.anchor import KEY_VARIABLE, Anchor
from .stores.engines import store_url
from .stores.files import private_home, write_private_once
from .stores.sealing import Seal
from .stores.store import SqlStore, open_store

if TYPE_CHECKING:
    from langgraph.checkpoint.base import BaseCheckpointSaver

CHECKPOINTS = "checkpoints.db"
MASKING_KEY = "masking-key"
_SHORTEST_KEY = 32


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

    return open_checkpoints(checkpoints_of(settings), seal=seal_of(settings))


def seal_of(settings: Settings) -> Seal:
    """Return what seals checkpoints if the settings say so, and opens those that were sealed."""
    return Seal(partial(masking_key, settings), closes=settings.masking.seal_checkpoints)


def checkpoints_of(settings: Settings) -> str | Path:
    """Return where checkpoints are: in the store's database where machines can share that.

    In SQLite each has a file of its own, since the two wait for the disk differently.
    """
    shared = settings.store_url and store_url(settings.store_url).get_backend_name() != "sqlite"
    return settings.store_url if shared else settings.home / CHECKPOINTS


def masker_of(settings: Settings) -> Masker:
    """Return what masks by the settings; its key is read, or made, when it is first needed."""
    return Masker(settings.masking, partial(masking_key, settings))


@cache
def _kept_key(home: Path) -> str:
    """Read the key that a home keeps, once a process: what is masked may stand in a loop's way."""
    file = private_home(home) / MASKING_KEY
    if not file.exists():
        write_private_once(file, secrets.token_hex(_SHORTEST_KEY))
    return file.read_text(encoding="utf-8").strip()


def masking_key(settings: Settings) -> bytes:
    """Return the key of the pseudonyms: from the environment, or a file that is made once.

    Raises:
        CredentialError: The variable is not set, or what is there is too short to be a key.
        StoreError: The file cannot be made.
    """
    if variable := settings.masking.key:
        key, where = os.environ.get(variable, ""), variable
    else:
        key, where = _kept_key(settings.home), str(settings.home / MASKING_KEY)
    if len(key) < _SHORTEST_KEY:
        raise CredentialError(
            f"The key of the pseudonyms has fewer than {_SHORTEST_KEY} characters.",
            where=where,
            fix="Give it a long random value; other pseudonyms follow from another key.",
        )
    return key.encode()
