"""The event loop of synchronous callers: one for the process, in a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from functools import cache
from typing import Any, TypeVar

from ..state.forks import renew_in_child

T = TypeVar("T")

_THREAD = "pointsman-loop"


@cache
def background_loop() -> asyncio.AbstractEventLoop:
    """Return the event loop that serves synchronous callers, started on first use."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name=_THREAD, daemon=True).start()
    return loop


# A loop whose thread stayed with the parent would never run anything again.
renew_in_child(background_loop.cache_clear)


def end(work: Coroutine[Any, Any, None]) -> None:
    """Have the background loop do what ends something, and block until it is done.

    The garbage collector may have us called on the loop's own thread, which cannot wait for itself.
    """
    future = asyncio.run_coroutine_threadsafe(work, background_loop())
    if threading.current_thread().name != _THREAD:
        future.result()


def wait_for(work: Coroutine[Any, Any, T]) -> T:
    """Have the background loop do the work, and block until it is done."""
    future = asyncio.run_coroutine_threadsafe(work, background_loop())
    try:
        return future.result()
    except BaseException:
        # The caller was interrupted (Ctrl-C, a cancelled sibling): the work must not go on.
        future.cancel()
        raise
