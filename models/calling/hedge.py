"""Hedging: when a call takes unusually long, a second one starts, and the better of both counts."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


async def race(
    first: Coroutine[Any, Any, T],
    *,
    second: Callable[[], Awaitable[Coroutine[Any, Any, T] | None]],
    after: float,
    good: Callable[[T], bool],
) -> tuple[int, T]:
    """Run `first`, and beside it a second call if it is not done after a while.

    The loser is cancelled and waited for, so that it has settled what it held.

    Args:
        first: The call.
        second: Makes the second call, or `None` if there is none to make.
        after: Seconds until the second call starts.
        good: Whether a result ends the race.

    Returns:
        Number (0 or 1) and result of the first good call; of the last to end if none was good.
    """
    tasks = [asyncio.ensure_future(first)]
    try:
        done, _ = await asyncio.wait(tasks, timeout=after)
        rival = None if done else await second()
        if rival is not None:
            tasks.append(asyncio.ensure_future(rival))
        return await _decide(tasks, good)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _decide(tasks: list[asyncio.Task[T]], good: Callable[[T], bool]) -> tuple[int, T]:
    waiting = set(tasks)
    while True:
        done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        ended = [(tasks.index(task), task.result()) for task in done]
        winners = [(number, result) for number, result in ended if good(result)]
        if winners or not waiting:
            return (winners or ended)[0]
