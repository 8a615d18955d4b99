"""Finishing what was begun: our own work that a cancellation must not cut in half."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

T = TypeVar("T")


async def finish(work: Awaitable[T]) -> tuple[T, asyncio.CancelledError | None]:
    """Await our own work to its end, even if we are cancelled meanwhile.

    Returns:
        The result, and the cancellation that came meanwhile, which the caller has to raise.

    Raises:
        asyncio.CancelledError: There is no result to return it with; what the work raised is the
            cause.
    """
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError as error:
            cancelled = error
    failure = None if task.cancelled() else task.exception()
    if cancelled is not None and failure is not None:
        raise cancelled from failure
    return task.result(), cancelled


async def to_the_end(work: Awaitable[T]) -> T:
    """Await our own work to its end, even if we are cancelled meanwhile, and then be cancelled."""
    result, cancelled = await finish(work)
    if cancelled is not None:
        raise cancelled
    return result
