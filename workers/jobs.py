"""Jobs: procrastinate tells a worker at once that a thread wants to be looked at, and no more.

What there is to do, and who does it, is decided by wakes, leases and journal. So a job that comes
twice costs a look, one that comes late finds nothing to do, and one that never comes is made good
by the next sweep.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

from procrastinate import App
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException, ProcrastinateException
from procrastinate.jobs import Status
from sqlalchemy import URL

from ..state.values import digest
from ..stores.packing import pack_text, unpack_text
from .job_tables import app_of, tables_of, unreachable
from .worker import Worker

QUEUE = "pointsman"
TASK = "pointsman.look"
_PAUSE_SECONDS = 1.0
"""Before listening again after the database was away."""
_TIDY_SECONDS = 60.0
"""How often jobs of workers that are gone are dropped, and how long those must be gone."""
_CLOSING_SECONDS = 5.0
"""Longest wait for the library to stop listening; on a broken connection it may never do so."""

_log = logging.getLogger(__name__)


class JobWaker:
    """Makes jobs that name a thread, and has a worker look at the threads that jobs name.

    Args:
        app: Opened by whoever made it.
    """

    def __init__(self, app: App) -> None:
        self._app = app

    async def wake(self, thread: str, *, priority: int) -> None:
        """Have a worker look at a thread soon. What goes wrong is logged and does no harm."""
        job = self._app.configure_task(
            TASK, queue=QUEUE, queueing_lock=digest(pack_text(thread)), priority=priority
        )
        try:
            await job.defer_async(thread=pack_text(thread))
        except AlreadyEnqueued:
            # Whoever takes that one sees what is there now.
            return
        except ConnectorException as error:
            _log.warning("%s is seen at the next sweep: no job was made: %s", thread, error)

    @asynccontextmanager
    async def listening(self, worker: Worker, *, concurrency: int) -> AsyncGenerator[None, None]:
        """Have a worker look at the threads that jobs name while the context is open.

        Args:
            worker: Looks.
            concurrency: Most jobs at a time.
        """
        tasks = [
            asyncio.create_task(self._listen(worker, concurrency)),
            asyncio.create_task(self._tidy()),
        ]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks, timeout=_CLOSING_SECONDS)

    async def _listen(self, worker: Worker, concurrency: int) -> None:
        """Listen until it is cancelled, whatever the database does."""

        async def look(thread: str) -> None:
            await worker.attend(unpack_text(thread))

        if TASK not in self._app.tasks:
            self._app.task(name=TASK, queue=QUEUE)(look)
        while True:
            try:
                await self._app.run_worker_async(
                    queues=[QUEUE],
                    concurrency=concurrency,
                    install_signal_handlers=False,
                    delete_jobs="always",
                )
            except ProcrastinateException as error:
                _log.warning("No jobs are heard of for now: %s", error)
            await asyncio.sleep(_PAUSE_SECONDS)

    async def _tidy(self) -> None:
        while True:
            with suppress(ProcrastinateException):
                jobs = self._app.job_manager
                for job in await jobs.get_stalled_jobs(
                    queue=QUEUE, seconds_since_heartbeat=_TIDY_SECONDS
                ):
                    await jobs.finish_job(job, status=Status.FAILED, delete_job=True)
            await asyncio.sleep(_TIDY_SECONDS)


@asynccontextmanager
async def open_jobs(url: URL) -> AsyncGenerator[JobWaker | None, None]:
    """Open the queue in a database; there is none where `migrate` has not made its tables.

    Args:
        url: From `store_url`, of a PostgreSQL database.

    Raises:
        StoreError: The database cannot be reached.
    """
    try:
        async with app_of(url).open_async() as app:
            yield JobWaker(app) if (await tables_of(app)).present else None
    except ConnectorException as error:
        raise unreachable(url, error) from error
