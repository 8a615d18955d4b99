"""Work that was begun ends, whatever happens to the one who waits for it."""

from __future__ import annotations

import asyncio

import pytest

from pointsman.finishing import to_the_end


async def test_a_cancelled_caller_waits_for_the_end() -> None:
    """However often it is cancelled, the work is done before it leaves."""
    begun, go_on, done = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def work() -> None:
        begun.set()
        await go_on.wait()
        done.set()

    caller = asyncio.create_task(to_the_end(work()))
    await begun.wait()
    for _ in range(3):
        caller.cancel()
        await asyncio.sleep(0)
    assert not caller.done()
    go_on.set()

    with pytest.raises(asyncio.CancelledError):
        await caller
    assert done.is_set()


async def test_a_failure_during_a_cancellation_is_its_cause() -> None:
    """Cancellation wins, and what went wrong meanwhile is not lost."""
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        begun.set()
        await go_on.wait()
        raise OSError("the disk is full")

    caller = asyncio.create_task(to_the_end(work()))
    await begun.wait()
    caller.cancel()
    go_on.set()

    with pytest.raises(asyncio.CancelledError) as ending:
        await caller
    assert str(ending.value.__cause__) == "the disk is full"


async def test_without_a_cancellation_it_is_a_plain_await() -> None:
    """The result comes back, or the error."""

    async def fail() -> None:
        raise OSError("the disk is full")

    assert await to_the_end(asyncio.sleep(0, "done")) == "done"
    with pytest.raises(OSError, match="disk"):
        await to_the_end(fail())
