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

from sqlalchemy import URL, Connection

from ..errors import StoreError
from ..state.forks import renew_in_child
from .backend import Backend
from .engines import shown, store_url
from .riders import Last, Rider, Riders
from .workers import Workers, WorkItem

T = TypeVar("T")

MOST_RIDERS = 256
"""Pieces of work that may wait for the next write."""
_FULL_QUEUE_PAUSE = 0.005
"""Seconds between two tries to enter a full queue."""


class Database:
    """One database behind two calls, `read` and `write`, safe from any event loop and thread.

    Nothing is opened before the first call. A process that was forked opens its own connections.
    A database that is forgotten, or still open when the program ends, is closed by itself.

    Args:
        where: A URL, or a path for SQLite.
        timeout_seconds: Longest that a call waits for its turn, and then for its locks.

    Raises:
        ConfigError: The URL cannot be read or is not supported.
    """

    def __init__(self, where: str | Path, *, timeout_seconds: float = 30.0) -> None:
        self._url = store_url(where)
        self._timeout = timeout_seconds
        self._closed = False
        self._start()
        _databases.add(self)

    def _start(self) -> None:
        self._lock = threading.Lock()
        self._riders = Riders()
        self._backend = Backend(self._url, riders=self._riders, timeout_seconds=self._timeout)
        self._finalizer = weakref.finalize(self, _close_own, self._backend)

    def start_over(self) -> None:
        """Leave threads and connections to the parent process that this one was forked from."""
        self._finalizer.detach()
        # Not even closed here: closing would undo the locks of the parent.
        _of_parents.append(self._backend)
        self._start()

    @property
    def url(self) -> URL:
        """Where it is, password included."""
        return self._url

    @property
    def name(self) -> str:
        """The URL without its password."""
        return shown(self._url)

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in a transaction that sees one moment; it must not write.

        Raises:
            StoreError: The database is closed, refused, or did not answer in time.
        """
        return await self._perform(*self._open_backend().reading(work))

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in a transaction and return when it is durable; if it raises, nothing is.

        `work` may run more than once before it succeeds, so it must touch nothing but the
        database. A cancelled call has either happened as a whole by the time the cancellation is
        seen, or never will.

        Raises:
            StoreError: The database is closed, refused, or did not answer in time.
        """
        return await self._perform(*self._open_backend().writing(work))

    async def with_next_write(
        self, key: str, work: Rider | Last, *, within: float | None = None
    ) -> None:
        """Have `work` done in the transaction of the next write, before it or as the last.

        So it costs no trip of its own, and nothing that is written after this call is durable
        without it. It is lost with the process, as is whatever would have followed from it. Where
        too much waits for a write, this makes one.

        Args:
            key: A second call with it takes the place of the first.
            work: What may run more than once, and raises only what the database raises.
            within: Seconds after which a write is made for it, if none has come.

        Raises:
            StoreError: It made a write, and the database refused.
        """
        self._riders.add(key, work)
        if len(self._riders) > MOST_RIDERS:
            await self.write_what_waits()
        elif within is not None:
            asyncio.get_running_loop().call_later(within, self._write_for, key, work)

    def _write_for(self, key: str, work: Rider | Last) -> None:
        """Make a write for what still waits. If it fails, the next one meets the same and says so.

        Where the queue is full, writes are about to be made.
        """
        if not self._closed and self._riders.holds(key, work):
            workers, item = self._backend.writing(lambda _: None)
            workers.offer(item)

    async def write_what_waits(self, kind: str = "") -> None:
        """Make what waits for the next write durable, so that a read sees it.

        Args:
            kind: Only if something waits whose key begins so.

        Raises:
            StoreError: The database refused.
        """
        if self._riders.waits(kind):
            await self.write(lambda _: None)

    async def compute(self, work: Callable[[], T]) -> T:
        """Run work that needs no connection, such as compressing, off the event loop."""
        return await self._perform(*self._open_backend().computing(work))

    def _open_backend(self) -> Backend:
        if self._closed:
            raise self._is_closed()
        return self._backend

    async def _perform(self, workers: Workers, job: WorkItem) -> Any:
        clock = asyncio.get_running_loop().time
        deadline = clock() + self._timeout
        while not workers.offer(job):
            if workers.closed:
                raise self._is_closed()
            if clock() > deadline:
                raise self._is_late("Too much work is queued; nothing was changed.")
            await asyncio.sleep(_FULL_QUEUE_PAUSE)
        # A lock's own timeout should be the first to be reported, as it says more.
        return await self._outcome(job.future, timeout=2 * self._timeout)

    async def _outcome(self, future: Future[Any], *, timeout: float) -> Any:
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
            raise self._is_late("Its turn did not come; nothing was changed.")
        raise self._is_late("It did not answer; the change may still happen.")

    def _is_closed(self) -> StoreError:
        return StoreError("The store is closed.", where=self.name, fix="Open it again.")

    def _is_late(self, message: str) -> StoreError:
        return StoreError(message, where=self.name, fix="Try again, or look at the load.")

    def close_now(self) -> None:
        """Finish what is queued, end the threads and close every connection. Blocks."""
        try:
            if self._riders and not self._closed:
                self._write_riders()
        finally:
            self._closed = True
            with self._lock:
                self._finalizer()

    def _write_riders(self) -> None:
        workers, item = self._backend.writing(lambda _: None)
        if workers.offer(item):
            item.future.result(timeout=2 * self._timeout)

    async def close(self) -> None:
        """Like `close_now`, without blocking the event loop."""
        await asyncio.to_thread(self.close_now)


_databases: weakref.WeakSet[Database] = weakref.WeakSet()
_of_parents: list[Backend] = []


def _close_own(backend: Backend) -> None:
    if backend.pid == os.getpid():
        backend.close()


def _start_over() -> None:
    for database in list(_databases):
        database.start_over()


renew_in_child(_start_over)
