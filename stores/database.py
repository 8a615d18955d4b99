"""Database: transactions for coroutines of any event loop, performed by threads."""

from __future__ import annotations

import asyncio
import os
import threading
import weakref
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection

from ..errors import StoreError
from .backend import Backend
from .engines import store_url
from .workers import Job, Workers

T = TypeVar("T")

_FULL_QUEUE_PAUSE = 0.005
"""Seconds between two tries to enter a full queue."""

_abandoned: list[Backend] = []
"""Backends of a parent process. Their connections are the parent's: they are not closed here."""


class Database:
    """One database behind two calls, `read` and `write`, safe from any event loop and thread.

    Nothing is opened before the first call. A process that was forked opens its own connections.

    Args:
        where: A URL, or a path for SQLite.
        timeout_seconds: Longest that a call waits for its turn and its locks.
    """

    def __init__(self, where: str | Path, *, timeout_seconds: float = 30.0) -> None:
        self._url = store_url(where)
        self._timeout = timeout_seconds
        self._lock = threading.Lock()
        self._closed = False
        self._adopt(Backend(self._url, timeout_seconds=timeout_seconds))

    def _adopt(self, backend: Backend) -> None:
        self._backend = backend
        # Also runs at interpreter exit, so that a forgotten store still finishes its queue.
        self._finalizer = weakref.finalize(self, _close_own, backend)

    def _backend_here(self) -> Backend:
        with self._lock:
            if self._closed:
                raise StoreError("The store is closed.", where=self.name, fix="Open it again.")
            if self._backend.pid != os.getpid():
                self._finalizer.detach()
                _abandoned.append(self._backend)
                self._adopt(Backend(self._url, timeout_seconds=self._timeout))
            return self._backend

    @property
    def name(self) -> str:
        """The URL without its password."""
        return self._url.render_as_string(hide_password=True)

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in a transaction that sees one moment; it must not write.

        Raises:
            StoreError: The database is closed, refused, or did not answer in time.
        """
        backend = self._backend_here()
        return await self._perform(backend.readers, backend.reading(work))

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in a transaction and return when it is durable; if it raises, nothing is.

        `work` may run more than once before it succeeds, so it must touch nothing but the
        database. A cancelled call has either happened as a whole by the time the cancellation is
        seen, or never will.

        Raises:
            StoreError: The database is closed, refused, or did not answer in time.
        """
        backend = self._backend_here()
        return await self._perform(backend.writers, backend.writing(work))

    async def compute(self, work: Callable[[], T]) -> T:
        """Run work that needs no connection, such as compressing, off the event loop."""
        return await self._perform(self._backend_here().readers, work)

    async def _perform(self, workers: Workers, work: Callable[..., Any]) -> Any:
        job = Job(work=work)
        deadline = asyncio.get_running_loop().time() + self._timeout
        while not workers.offer(job):
            if workers.closed:
                raise StoreError("The store is closed.", where=self.name, fix="Open it again.")
            if asyncio.get_running_loop().time() > deadline:
                raise self._late("Too much work is queued; nothing was changed.")
            await asyncio.sleep(_FULL_QUEUE_PAUSE)
        # The lock's own timeout is reported first, as it says more.
        return await self._outcome(job.future, timeout=2 * self._timeout)

    async def _outcome(self, future: Future[T], *, timeout: float) -> T:
        waiting = asyncio.wrap_future(future)
        try:
            await asyncio.wait({waiting}, timeout=timeout)
        except asyncio.CancelledError:
            if not future.cancel():
                # Already running: the caller may undo it only once its outcome is there.
                await asyncio.wait({waiting}, timeout=timeout)
                _ = waiting.done() and waiting.exception()
            raise
        if waiting.done():
            return waiting.result()
        if future.cancel():
            raise self._late("Its turn did not come; nothing was changed.")
        raise self._late("It did not answer; the change may still happen.")

    def _late(self, message: str) -> StoreError:
        return StoreError(message, where=self.name, fix="Try again, or look at the load.")

    def close_now(self) -> None:
        """Finish what is queued, end the threads and close every connection. Blocks."""
        with self._lock:
            self._closed = True
        self._finalizer()

    async def close(self) -> None:
        """Like `close_now`, without blocking the event loop."""
        await asyncio.to_thread(self.close_now)


def _close_own(backend: Backend) -> None:
    if backend.pid == os.getpid():
        backend.close()
