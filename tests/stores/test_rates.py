"""How often something may be done a minute, whoever does it."""

from __future__ import annotations

import asyncio
import tempfile
from itertools import pairwise
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from pointsman.stores import SqlStore, open_store
from pointsman.stores.rates import SqlRates

from .conftest import Clock

PATIENCE = 5.0


async def test_a_full_bucket_is_given_at_once_and_fills_evenly(store: SqlStore) -> None:
    """After six at once the seventh comes ten seconds later, as long as somebody waits for it."""
    waits = [await store.rates.take("x", per_minute=6, patience=12.0) for _ in range(8)]

    assert waits[:6] == [0.0] * 6
    # Of the last one, who would have to wait too long, nothing is taken.
    assert [round(wait) for wait in waits[6:]] == [10, 20]
    assert round(await store.rates.take("x", per_minute=6, patience=20.0)) == 20


async def test_names_have_buckets_of_their_own(store: SqlStore) -> None:
    """One that is empty keeps nobody else."""
    taken = [await store.rates.take(name, per_minute=1, patience=1.0) for name in ("x", "x", "y")]

    assert [wait > 1 for wait in taken] == [False, True, False]


async def test_processes_share_a_bucket(store: SqlStore, url: str, clock: Clock) -> None:
    """Of many who take at the same moment through stores of their own, only so many get one."""
    async with open_store(url, clock=clock) as other:
        waits = await asyncio.gather(
            *(one.rates.take("x", per_minute=5, patience=0.0) for one in [store, other] * 10)
        )

    assert sorted(waits)[:5] == [0.0] * 5
    assert all(wait > 0 for wait in sorted(waits)[5:])


async def test_a_clock_that_is_ahead_keeps_nobody_waiting(store: SqlStore) -> None:
    """A machine whose clock is an hour ahead takes; another one then waits for its turn at most."""
    ahead, here = (SqlRates(store.database, lambda now=now: now) for now in (4_600.0, 1_000.0))
    for _ in range(3):
        await ahead.take("x", per_minute=12, patience=PATIENCE)

    assert await here.take("x", per_minute=12, patience=PATIENCE) <= PATIENCE + 60 / 12


@settings(max_examples=30)
@given(
    pauses=st.lists(st.floats(0, 40), min_size=1, max_size=40),
    per_minute=st.integers(1, 20),
)
def test_no_minute_has_more_than_what_was_there_and_what_came(
    pauses: list[float], per_minute: int
) -> None:
    """Whoever comes whenever: a bucket, and what fills it meanwhile, is all that leaves."""
    now = 1_000.0

    async def left() -> list[float]:
        nonlocal now
        leaving: list[float] = []
        with tempfile.TemporaryDirectory() as folder:
            async with open_store(Path(folder) / "s.db", clock=lambda: now) as store:
                for pause in pauses:
                    now += pause
                    wait = await store.rates.take("x", per_minute=per_minute, patience=PATIENCE)
                    if wait <= PATIENCE:
                        leaving.append(now + wait)
        return leaving

    leaving = asyncio.run(left())

    assert all(first <= second + 1e-6 for first, second in pairwise(leaving))
    for first in leaving:
        within = [at for at in leaving if first <= at < first + 60]
        assert len(within) <= 2 * per_minute
