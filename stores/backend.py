"""Backend: the threads of one process that work on a database."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from sqlalchemy import URL

from .riders import Riders
from .transactions import Transactions, Work
from .workers import Workers, WorkItem

SQLITE_READERS = 2
POSTGRES_CONNECTIONS = 8

MOST_WAITING = 4096
"""Pieces of work that may wait before callers are made to."""

LARGEST_GROUP = 256
"""Pieces of work in one commit."""


class Backend:
    """The synchronous half of a `Database`.

    SQLite has one writing thread, which commits all that is queued together: one wait for the disk
    serves many. PostgreSQL groups commits by itself, so each piece of work is a transaction there.

    Args:
        url: From `engines.store_url`.
        riders: What goes with the next write.
        timeout_seconds: Longest wait for a lock.
    """

    def __init__(self, url: URL, *, riders: Riders, timeout_seconds: float) -> None:
        self.pid = os.getpid()
        self._grouping = url.get_backend_name() == "sqlite"
        threads = SQLITE_READERS if self._grouping else POSTGRES_CONNECTIONS
        self._transactions = Transactions(
            url,
            connections=threads + self._grouping,
            riders=riders,
            timeout_seconds=timeout_seconds,
        )
        self._workers = Workers(
            _perform, threads=threads, bound=MOST_WAITING, name="pointsman-store"
        )
        self._writer = Workers(
            self._commit,
            threads=1,
            bound=MOST_WAITING,
            batch=LARGEST_GROUP,
            name="pointsman-store-writer",
        )

    def reading(self, work: Work) -> tuple[Workers, WorkItem]:
        """Say who will read, and as what."""
        return self._workers, WorkItem(work=partial(self._transactions.read, work))

    def writing(self, work: Work) -> tuple[Workers, WorkItem]:
        """Say who will write, and as what."""
        if self._grouping:
            return self._writer, WorkItem(work=work)
        return self._workers, WorkItem(work=partial(self._transactions.write, work))

    def computing(self, work: Callable[[], Any]) -> tuple[Workers, WorkItem]:
        """Say who will do what needs no connection."""
        return self._workers, WorkItem(work=work)

    def _commit(self, jobs: Sequence[WorkItem]) -> None:
        wanted = [job for job in jobs if job.start()]
        if len(wanted) == 1:
            wanted[0].finish(partial(self._transactions.write, wanted[0].work))
        elif wanted:
            self._commit_together(wanted)

    def _commit_together(self, jobs: Sequence[WorkItem]) -> None:
        try:
            outcomes = self._transactions.write_together([job.work for job in jobs])
        except BaseException as error:  # noqa: BLE001  goes to every caller that waits
            for job in jobs:
                job.future.set_exception(error)
            return
        for job, outcome in zip(jobs, outcomes, strict=True):
            if outcome.error is None:
                job.future.set_result(outcome.value)
            else:
                job.future.set_exception(outcome.error)

    def close(self) -> None:
        """Finish what is queued, end the threads and close every connection."""
        self._writer.close()
        self._workers.close()
        self._transactions.close()


def _perform(jobs: Sequence[WorkItem]) -> None:
    for job in jobs:
        if job.start():
            job.finish(job.work)
