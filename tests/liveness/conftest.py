"""A loop that is watched while hostile input goes through it."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

LONGEST = 0.050
"""Seconds for which nothing may hold the event loop."""

HELD = "the event loop was held"
HERE = Path(__file__).parent

Watch = Callable[[], AbstractAsyncContextManager[None]]


@asynccontextmanager
async def watched() -> AsyncIterator[None]:
    """Fail if one turn of the loop took longer than it may.

    What is measured is the processor time of the loop's own thread, so that the work of other
    threads is no finding. Processes that share its caches can still double it: a turn that was too
    long is measured again, twice at most, since what holds the loop does so each time.
    """
    longest = 0.0
    over = False

    async def beat() -> None:
        nonlocal longest
        while not over:
            before = time.thread_time()
            await asyncio.sleep(0)
            # Each turn is measured, idle ones too: what a turn did stands between two of ours.
            longest = max(longest, time.thread_time() - before)

    gc.collect()
    beating = asyncio.ensure_future(beat())
    await asyncio.sleep(0.01)
    longest = 0.0
    try:
        yield
    finally:
        over = True
        await beating
    assert longest < LONGEST, f"{HELD} for {longest * 1000:.0f} ms"


def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    """Let what measures the loop be measured again."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.flaky(reruns=2, only_rerun=HELD))


@pytest.fixture(scope="package", autouse=True)
def set_apart() -> Iterator[None]:
    """Set what the suite has heaped up apart from what the collector looks through.

    No service carries that, and a collection of it would be taken for what held the loop.
    """
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture
def watch() -> Watch:
    """Give the watch."""
    return watched
