"""Flights: which calls of this process are on their way, also those that nobody waits for."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from ..state.forks import new_lock
from .threads import noting_threads

POLL_SECONDS = 0.05


class Flights:
    """Calls by idempotency key, for callers on any event loop."""

    def __init__(self) -> None:
        self._lock = new_lock()
        self._made: set[str] = set()
        self._left: dict[str, asyncio.Future[Any]] = {}
        self._threads: dict[str, list[threading.Thread]] = {}

    @asynccontextmanager
    async def turn(self, key: str, patience: float) -> AsyncGenerator[bool, None]:
        """Let one caller at a time make a call; yield whether the turn came within `patience`."""
        loop = asyncio.get_running_loop()
        until = loop.time() + patience
        while True:
            mine = self._take(key)
            if mine or loop.time() >= until:
                break
            await asyncio.sleep(POLL_SECONDS)
        try:
            yield mine
        finally:
            if mine:
                with self._lock:
                    self._made.discard(key)

    def leave_behind(self, key: str, call: asyncio.Future[Any]) -> None:
        """Note that a call goes on after its caller has stopped waiting."""
        with self._lock:
            self._left[key] = call

    @contextmanager
    def watched(self, key: str) -> Generator[None, None, None]:
        """Watch the threads of a call, which go on even when its event loop is closed."""
        with noting_threads() as threads:
            try:
                yield
            finally:
                if alive := [thread for thread in threads if thread.is_alive()]:
                    with self._lock:
                        self._threads.setdefault(key, []).extend(alive)

    def is_under_way(self, key: str) -> bool:
        """Whether a call that was left behind has not ended yet."""
        with self._lock:
            call, threads = self._left.get(key), self._threads.get(key, ())
            if call is not None and call.done():
                del self._left[key]
                call = None
            alive = any(thread.is_alive() for thread in threads)
            if threads and not alive:
                del self._threads[key]
            return call is not None or alive

    def _take(self, key: str) -> bool:
        with self._lock:
            if key in self._made:
                return False
            self._made.add(key)
            return True
