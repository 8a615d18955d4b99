"""Threads to look at: each with one worker at a time, and gone only when what made it was seen."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection

from pointsman.stores import SqlStore
from pointsman.stores.wakes import wake, within_limit

from .conftest import Clock


async def woken(store: SqlStore, thread: str, **facts: object) -> None:
    """Have a thread looked at."""

    def work(connection: Connection) -> None:
        wake(connection, thread, **{"due_at": 1_000.0, **facts})  # pyright: ignore[reportArgumentType]

    await store.database.write(work)


async def taken(store: SqlStore, by: str = "w", **options: object) -> list[str]:
    """Take threads and return their ids."""
    found = await store.wakes.take(by, **{"room": 10, "seconds": 15.0, **options})  # pyright: ignore[reportArgumentType]
    return [each.thread_id for each in found]


async def test_a_thread_is_with_one_worker_at_a_time(store: SqlStore, clock: Clock) -> None:
    """Another gets it when the first has neither settled nor renewed it."""
    await woken(store, "t")

    assert await taken(store, "first") == ["t"]
    assert await taken(store, "second") == []
    clock.now += 10
    await store.wakes.renew("first", 15.0)
    clock.now += 10
    assert await taken(store, "second") == []
    clock.now += 10
    assert await taken(store, "second") == ["t"]


async def test_what_comes_while_a_thread_is_seen_to_is_looked_at_afterwards(
    store: SqlStore,
) -> None:
    """A newer reason outlives the settlement of an older one."""
    await woken(store, "t")
    [seen] = await store.wakes.take("w", room=1, seconds=15.0)
    await woken(store, "t")
    await store.wakes.settle(seen, "w")

    [again] = await store.wakes.take("w", room=1, seconds=15.0)
    await store.wakes.settle(again, "w")

    assert await taken(store) == []


async def test_who_slept_settles_nothing(store: SqlStore, clock: Clock) -> None:
    """By then the thread is another's."""
    await woken(store, "t")
    [seen] = await store.wakes.take("slept", room=1, seconds=15.0)
    clock.now += 20
    [newer] = await store.wakes.take("other", room=1, seconds=15.0)

    await store.wakes.settle(seen, "slept")
    await store.wakes.put_off(seen, "slept", until=5_000.0)

    clock.now += 20
    [same] = await store.wakes.take("other", room=1, seconds=15.0)
    assert (same.number, same.tries) == (newer.number, 3)


async def test_higher_priorities_come_first(store: SqlStore, clock: Clock) -> None:
    """Then those that wait longest; what is not due is left."""
    clock.now = 2_000.0
    await woken(store, "low", priority=-1, due_at=1_000.0)
    await woken(store, "late", due_at=1_500.0)
    await woken(store, "first", due_at=1_200.0)
    await woken(store, "high", priority=5, due_at=1_900.0)
    await woken(store, "tomorrow", priority=9, due_at=90_000.0)

    assert await taken(store) == ["high", "first", "late", "low"]


async def test_a_tenant_has_no_more_at_work_than_its_limit(store: SqlStore) -> None:
    """Over all workers; others' threads behind a tenant at its limit are not held up by it."""
    for n in range(20):
        await woken(store, f"big{n:02}", tenant="big", due_at=100.0 + n)
    await woken(store, "small", tenant="small", due_at=900.0)

    first = await taken(store, "first", room=2, limit=3)
    second = await taken(store, "second", room=5, limit=3)

    assert first == ["big00", "big01"]
    assert second == ["big02", "small"]


async def test_two_workers_at_once_keep_the_limit_together(store: SqlStore) -> None:
    """They count in turn."""
    for n in range(30):
        await woken(store, f"t{n}", tenant="one")

    found = await asyncio.gather(*(taken(store, f"w{n}", limit=4) for n in range(8)))

    assert sum(map(len, found)) == 4


async def test_a_tenant_has_no_more_a_minute_than_its_rate(store: SqlStore, clock: Clock) -> None:
    """Whoever takes; the threads of others are taken meanwhile, and its own as its rate goes on."""
    for number in range(6):
        await woken(store, f"a{number}", tenant="a", due_at=900.0 + number)
    await woken(store, "b", tenant="b", due_at=999.0)

    limits = {"rate": 2, "seconds": 3_600.0}
    both = [await taken(store, by, room=2, **limits) for by in ("first", "second")]
    assert both == [["a0", "a1"], ["b"]]
    assert await taken(store, **limits) == []
    clock.now += 30
    assert await taken(store, **limits) == ["a2"]
    clock.now += 600
    assert await taken(store, **limits) == ["a3", "a4"]


async def test_what_a_gone_worker_took_is_taken_at_once(store: SqlStore) -> None:
    """Whoever knows that it has ended lets go of it."""
    await woken(store, "t")
    await taken(store, "gone")
    assert list(await store.wakes.takers()) == ["gone"]

    await store.wakes.leave("gone")

    assert await taken(store, "here") == ["t"]


async def test_a_thread_that_was_put_off_is_due_when_it_is_found_stalled(
    store: SqlStore,
) -> None:
    """A task for next week does not keep a thread that was cut off from being seen today."""
    await woken(store, "t", due_at=90_000.0)
    assert await taken(store) == []

    await store.wakes.add(["t"])

    assert await taken(store) == ["t"]


class Row:
    """A thread of a tenant."""

    def __init__(self, tenant: str) -> None:
        self.tenant = tenant


@given(
    tenants=st.lists(st.sampled_from("abc")),
    busy=st.dictionaries(st.sampled_from("abc"), st.integers(0, 4)),
    room=st.integers(0, 8),
    limit=st.none() | st.integers(1, 4),
)
def test_a_choice_keeps_order_room_and_limits(
    tenants: list[str], busy: dict[str, int], room: int, limit: int | None
) -> None:
    """And leaves out none that it has room for."""
    rows = [Row(tenant) for tenant in tenants]

    chosen: list[Row] = within_limit(rows, busy, room=room, limit=limit)  # pyright: ignore

    assert [row for row in rows if row in chosen] == chosen
    assert len(chosen) <= room
    for tenant in "abc":
        count = sum(row.tenant == tenant for row in chosen)
        if limit is not None and count:
            assert count + busy.get(tenant, 0) <= limit
        left = any(row.tenant == tenant and row not in chosen for row in rows)
        full = limit is not None and count + busy.get(tenant, 0) >= limit
        assert not left or full or len(chosen) == room
