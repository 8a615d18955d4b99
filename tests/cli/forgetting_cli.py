"""`pointsman`, which dies as `kill -9` would at the point of a forgetting that comes first."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from functools import wraps
from typing import Any

from pointsman.cli.app import main
from pointsman.runs import forgetting
from pointsman.stores.checkpoints import AsyncSqliteSaver
from pointsman.stores.forgetting import removal
from pointsman.stores.forgetting.forgettings import SqlForgettings

PLACES: dict[str, tuple[Any, str]] = {
    "begin": (SqlForgettings, "begin"),
    "entries": (SqlForgettings, "remove_entries"),
    "remove": (SqlForgettings, "remove"),
    # In the middle of the store's transaction.
    "journal": (removal, "_remove_journal"),
    "bodies": (removal, "_remove_bodies"),
    "note": (SqlForgettings, "note_removed"),
    "checkpoints": (AsyncSqliteSaver, "adelete_thread"),
    "rewrite": (forgetting, "rewrite"),
    "finish": (SqlForgettings, "finish"),
}


def dying(work: Callable[..., Any], when: str) -> Callable[..., Any]:
    """Return a function that ends the process before or after its work."""

    @wraps(work)
    async def soon(*args: Any, **named: Any) -> Any:
        if when == "after":
            await work(*args, **named)
        os.kill(os.getpid(), signal.SIGKILL)

    @wraps(work)
    def now(*args: Any, **named: Any) -> Any:
        if when == "after":
            work(*args, **named)
        os.kill(os.getpid(), signal.SIGKILL)

    return soon if work.__code__.co_flags & 0x80 else now


when, place = sys.argv.pop(1).split(":")
home, name = PLACES[place]
setattr(home, name, dying(getattr(home, name), when))
main()
