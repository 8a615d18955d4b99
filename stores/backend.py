"""Backend: an engine, the threads that drive it, and the transactions they run."""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import URL, Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from . import engines
from .migrate import bring_up_to_date
from .workers import Job, Workers

READERS = 2
POSTGRES_CONNECTIONS = 8
MOST_WAITING = 4096
"""Pieces of work that may wait before callers are made to."""

LARGEST_GROUP = 256
"""Pieces of work in one commit."""

TRANSACTION_ATTEMPTS = 5


class Backend:
    """The synchronous half of a database. Connects and migrates on first use.

    SQLite has one writing thread, which commits all that is queued together: one wait for the disk
    serves many. PostgreSQL groups commits by itself, so each piece of work is a transaction there.

    Args:
        url: From `engines.store_url`.
        timeout_seconds: Longest wait for a lock.
    """

    def __init__(self, url: URL, *, timeout_seconds: float) -> None:
        self.url = url
        self.pid = os.getpid()
        self._timeout = timeout_seconds
        self._opening = threading.Lock()
        self._engine: Engine | None = None
        sqlite = url.get_backend_name() == "sqlite"
        self._connections = 1 + READERS if sqlite else POSTGRES_CONNECTIONS
        self.readers = Workers(
            self._read,
            threads=READERS if sqlite else POSTGRES_CONNECTIONS,
            bound=MOST_WAITING,
            name="pointsman-store",
        )
        self.writers = self.readers
        if sqlite:
            self.writers = Workers(
                self._write_together,
                threads=1,
                bound=MOST_WAITING,
                batch=LARGEST_GROUP,
                name="pointsman-store-writer",
            )

    def reading(self, work: Callable[[Connection], Any]) -> Callable[[], Any]:
        """Wrap work in a transaction that sees one moment and changes nothing."""

        def run() -> Any:
            with engines.for_reading(self._opened()).connect() as connection:
                return work(connection)

        return run

    def writing(self, work: Callable[[Connection], Any]) -> Callable[..., Any]:
        """Wrap work for `writers`: alone in a transaction, or as it is for a group commit."""
        if self.writers is not self.readers:
            return work

        def run() -> Any:
            return self._alone(work)

        return run

    def _opened(self) -> Engine:
        with self._opening:
            if self._engine is None:
                engine = engines.create(
                    self.url, connections=self._connections, timeout_seconds=self._timeout
                )
                try:
                    bring_up_to_date(engine)
                except BaseException:
                    engine.dispose()
                    raise
                self._engine = engine
            return self._engine

    def _read(self, jobs: Sequence[Job]) -> None:
        for job in jobs:
            if job.start():
                self._resolve(job, job.work)

    def _write_together(self, jobs: Sequence[Job]) -> None:
        wanted = [job for job in jobs if job.start()]
        if len(wanted) == 1:
            self._resolve(wanted[0], lambda: self._alone(wanted[0].work))
            return
        try:
            outcomes = self._group(wanted) if wanted else []
        except BaseException as error:  # noqa: BLE001  each waiting caller is told
            for job in wanted:
                job.future.set_exception(self._told(error))
            return
        for job, (value, error) in zip(wanted, outcomes, strict=True):
            if error is None:
                job.future.set_result(value)
            else:
                job.future.set_exception(error)

    def _group(self, jobs: Sequence[Job]) -> list[tuple[Any, BaseException | None]]:
        """Run each piece in a savepoint of one transaction: a failure undoes only itself."""
        with engines.for_writing(self._opened()).begin() as connection:
            return [self._piece(connection, job) for job in jobs]

    def _piece(self, connection: Connection, job: Job) -> tuple[Any, BaseException | None]:
        savepoint = connection.begin_nested()
        try:
            value = job.work(connection)
        except BaseException as error:  # noqa: BLE001  the caller that waits for it is told
            # If the whole transaction is gone (disk full), this raises and fails the group.
            savepoint.rollback()
            return None, self._told(error)
        savepoint.commit()
        return value, None

    def _alone(self, work: Callable[[Connection], Any]) -> Any:
        engine = engines.for_writing(self._opened())
        for attempt in range(1, TRANSACTION_ATTEMPTS + 1):
            try:
                with engine.begin() as connection:
                    return work(connection)
            except SQLAlchemyError as error:
                if attempt == TRANSACTION_ATTEMPTS or not engines.is_transient(error):
                    raise
                time.sleep(random.uniform(0, 0.01 * 2**attempt))  # noqa: S311  spreads rivals
        raise AssertionError("unreachable")

    def _resolve(self, job: Job, run: Callable[[], Any]) -> None:
        try:
            value = run()
        except BaseException as error:  # noqa: BLE001  the caller that waits for it is told
            job.future.set_exception(self._told(error))
        else:
            job.future.set_result(value)

    def _told(self, error: BaseException) -> BaseException:
        if not isinstance(error, SQLAlchemyError | OSError):
            return error
        told = engines.failure(error, self.url)
        told.__cause__ = error
        return told

    def close(self) -> None:
        """Finish what is queued, end the threads and close every connection."""
        self.writers.close()
        self.readers.close()
        with self._opening:
            if self._engine is not None:
                self._engine.dispose()
                self._engine = None
