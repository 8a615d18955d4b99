"""Waiting for foreign code, which may hang."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

T = TypeVar("T")

GRACE_SECONDS = 1.0
"""How long a cancelled call may take to end before it is left behind."""


class TimedOutError(Exception):
    """The call did not end in time."""


class EndedItselfError(RuntimeError):
    """The call ended itself by what would have ended its caller: a cancellation, `sys.exit`."""


async def at_most(
    seconds: float,
    call: Awaitable[T],
    *,
    left_behind: Callable[[asyncio.Future[T]], None] | None = None,
) -> T:
    """Await foreign code for so long, even if it swallows its cancellation.

    Args:
        seconds: How long.
        call: What to await.
        left_behind: Told of a call that goes on although it was cancelled.

    Raises:
        TimedOutError: It did not end in time, and not in the grace after its cancellation.
        EndedItselfError: It cancelled itself, or would have ended the process.
    """
    task = asyncio.ensure_future(_contained(call))
    try:
        await asyncio.wait({task}, timeout=seconds)
    finally:
        if not task.done():
            task.cancel()
            task.add_done_callback(_look_away)
            try:
                await asyncio.wait({task}, timeout=GRACE_SECONDS)
            finally:
                if left_behind is not None and not task.done():
                    left_behind(task)
            late = not task.done() or task.cancelled()
        else:
            late = False
    if late:
        raise TimedOutError
    if task.cancelled():
        # Passed on, this would look as if we had been cancelled ourselves.
        raise EndedItselfError("The call cancelled itself.")
    return task.result()


async def _contained(call: Awaitable[T]) -> T:
    """Await foreign code, and have what would end the process (`sys.exit`) be an error of it."""
    try:
        return await call
    except (Exception, asyncio.CancelledError, GeneratorExit, KeyboardInterrupt):
        raise
    except BaseException as error:
        raise EndedItselfError(f"{type(error).__name__} in a call: {error}") from error


def _look_away(task: asyncio.Task[Any]) -> None:
    """Retrieve the exception of a call nobody waits for any more, or asyncio would report it."""
    if not task.cancelled():
        task.exception()
