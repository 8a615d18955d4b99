"""Retention in a worker: what is past its lifetime is removed now and then, by one at a time."""

from __future__ import annotations

import asyncio
import logging

from ..errors import OperatorError
from ..runs.retention import Retention

_log = logging.getLogger(__name__)


async def see_to_retention(retention: Retention, *, most: int) -> None:
    """Finish what was begun, and remove what is past its lifetime; what goes wrong is logged.

    Args:
        retention: What is kept for how long.
        most: Threads, and entries of the audit log, at a time.
    """
    try:
        for one in await retention.store.forgettings.every(unfinished=True):
            _log.warning("The forgetting of thread %s is not finished; it goes on.", one.thread_id)
        report = await retention.run(actor="worker", most=most)
    except OperatorError as error:
        # Another worker is at it, or the store is away; it is done again.
        _log.warning("What is past its lifetime is left for later: %s", error)
        return
    for thread in report.finished:
        _log.info("Thread %s is forgotten.", thread)
    for name, data in report.classes.items():
        _log.info("Past the lifetime of %s: %d threads, %s.", name, data.threads, data.removed)


async def keep_lifetimes(retention: Retention, *, every: float, most: int) -> None:
    """See to it again and again, until it is cancelled.

    Args:
        retention: What is kept for how long.
        every: Seconds from one time to the next.
        most: Threads, and entries of the audit log, at a time.
    """
    while True:
        await see_to_retention(retention, most=most)
        await asyncio.sleep(every)
