"""Threads for synchronous tools: bounded, fair, and usable from any loop."""

from __future__ import annotations

import asyncio
import threading

import pytest

from pointsman.tools.threads import NoThreadError, Threads


async def test_the_limit_holds_and_waiting_is_bounded() -> None:
    """When every thread hangs, the next call is refused and was never started."""
    threads, release, started = Threads(1, patience=0.02), threading.Event(), threading.Event()

    def hang() -> str:
        started.set()
        release.wait(10)
        return "released"

    hanging = asyncio.create_task(threads.run(hang))
    await asyncio.to_thread(started.wait, 5)
    with pytest.raises(NoThreadError):
        await threads.run(lambda: pytest.fail("started"))
    release.set()
    assert await hanging == "released"
    assert await threads.run(lambda: "free again") == "free again"


async def test_who_waits_gets_the_thread_that_comes_free() -> None:
    """Forty calls through two threads all come back."""
    threads = Threads(2, patience=10)
    results = await asyncio.gather(*(threads.run(lambda n=n: n * n) for n in range(40)))
    assert results == [n * n for n in range(40)]


async def test_giving_up_waiting_loses_no_thread() -> None:
    """A cancelled waiter leaves its turn to others."""
    threads, release = Threads(1, patience=10), threading.Event()
    first = asyncio.create_task(threads.run(lambda: release.wait(10)))
    await asyncio.sleep(0)
    waiters = [asyncio.create_task(threads.run(lambda: None)) for _ in range(3)]
    await asyncio.sleep(0)
    for waiter in waiters:
        waiter.cancel()
    await asyncio.gather(*waiters, return_exceptions=True)
    release.set()
    assert await first
    assert await threads.run(lambda: 7) == 7


def test_loops_share_the_threads() -> None:
    """A waiter whose loop has closed does not keep the thread from the next one."""
    threads, release = Threads(1, patience=0.05), threading.Event()

    async def abandon() -> None:
        task = asyncio.create_task(threads.run(lambda: release.wait(10)))
        await asyncio.sleep(0.01)
        task.cancel()

    asyncio.run(abandon())
    release.set()

    async def later() -> int:
        return await Threads.run(threads, lambda: 5)

    assert asyncio.run(later()) == 5
