"""Attempts, switches and leases."""

from __future__ import annotations

import asyncio

from pointsman.stores import SqlStore, open_store
from pointsman.stores.records import LeaseHolder, ModelAttempt, Switch

from .conftest import Clock


def an_attempt(attempt_id: str, **fields: object) -> ModelAttempt:
    """Return a successful attempt."""
    facts = {"run_id": "r", "step": "s1", "role": "planner", "model": "m", "endpoint": "e"}
    return ModelAttempt(id=attempt_id, **{**facts, "outcome": "ok", **fields})


async def test_attempts_come_in_order(store: SqlStore) -> None:
    """A run's attempts are listed as they were made, recent ones newest first."""
    first = an_attempt("a", usd=0.1, prompt="ab" * 32)
    second = an_attempt("b", outcome="timeout", usd=None)
    other = an_attempt("c", run_id="r2")
    for attempt in (first, second, other, first):
        await store.attempts.record(attempt)

    assert list(await store.attempts.of_run("r")) == [first, second]
    assert list(await store.attempts.recent(limit=2)) == [other, second]


async def test_an_attempt_is_recorded_with_what_was_said(store: SqlStore) -> None:
    """One commit for all three; the record names the texts by their digests."""
    asked, said = [{"role": "human", "content": "hello"}], {"text": "x" * 2000}

    kept = await store.attempts.record(an_attempt("a"), prompt=asked, reply=said)

    assert list(await store.attempts.of_run("r")) == [kept]
    assert await store.payloads.get(kept.prompt) == asked
    assert await store.payloads.get(kept.reply) == said


async def test_an_attempt_is_soon_seen_by_other_processes(store: SqlStore, url: str) -> None:
    """It waits for no other write of its own process for long."""
    kept = await store.attempts.record(an_attempt("a"), prompt=["hello"])

    async with open_store(url) as other, asyncio.timeout(20):
        while list(await other.attempts.of_run("r")) != [kept]:
            await asyncio.sleep(0.02)


async def test_an_attempt_is_durable_before_what_is_written_after_it(
    store: SqlStore, url: str
) -> None:
    """What follows from a reply is never on record without what it has cost."""
    kept = await store.attempts.record(an_attempt("a"))
    await store.journal.record_note("r", "t", "plan", 1, {"reason": "as said"})

    async with open_store(url) as other:
        assert list(await other.attempts.of_run("r")) == [kept]


async def test_switch_is_on_until_cleared(store: SqlStore) -> None:
    """A switch that is set twice keeps the newer reason and is cleared once."""
    await store.switches.set(Switch(kind="pause", reason="first"))
    await store.switches.set(Switch(kind="freeze_tool", target="refund", at=5.0))
    await store.switches.set(Switch(kind="pause", reason="second", actor="ann"))

    assert list(await store.switches.active()) == [
        Switch(kind="freeze_tool", target="refund", at=5.0),
        Switch(kind="pause", reason="second", actor="ann", at=1000.0),
    ]
    await store.switches.clear("pause")
    await store.switches.clear("freeze_tool", "other")
    assert [switch.target for switch in await store.switches.active()] == ["refund"]


async def test_lease_is_held_by_one_owner(store: SqlStore) -> None:
    """Another owner gets nothing while a lease is live; its owner renews under the same token."""
    assert await store.leases.acquire("t", owner="a", seconds=10) == 1
    assert await store.leases.acquire("t", owner="b", seconds=10) is None
    assert await store.leases.acquire("t", owner="a", seconds=10) == 1
    assert await store.leases.acquire("other", owner="b", seconds=10) == 1


async def test_renewed_lease_lasts_longer(store: SqlStore, clock: Clock) -> None:
    """Renewing moves the expiry."""
    await store.leases.acquire("t", owner="a", seconds=10)
    clock.now += 9
    await store.leases.acquire("t", owner="a", seconds=10)
    clock.now += 9

    assert await store.leases.acquire("t", owner="b", seconds=10) is None


async def test_token_grows_with_each_owner(store: SqlStore, clock: Clock) -> None:
    """An expired or released lease is taken under a larger token."""
    await store.leases.acquire("t", owner="a", seconds=10)
    clock.now += 10
    assert await store.leases.acquire("t", owner="b", seconds=10) == 2
    await store.leases.release("t", owner="a")
    assert await store.leases.acquire("t", owner="c", seconds=10) is None
    await store.leases.release("t", owner="b")
    assert await store.leases.acquire("t", owner="b", seconds=10) == 3


async def test_one_of_many_rivals_gets_the_lease(store: SqlStore) -> None:
    """Of owners that ask at once, one gets the lease."""
    tokens = await asyncio.gather(
        *(store.leases.acquire("t", owner=str(n), seconds=10) for n in range(20))
    )

    assert [token for token in tokens if token is not None] == [1]


async def test_holder_is_who_can_still_act(store: SqlStore, clock: Clock) -> None:
    """A lease that expired, was given back or was never taken has no holder."""
    assert await store.leases.holder("t") is None
    await store.leases.acquire("t", owner="a", seconds=10)
    assert await store.leases.holder("t") == LeaseHolder(owner="a", fence=1, expires_at=1010.0)
    clock.now += 10
    assert await store.leases.holder("t") is None
    await store.leases.acquire("t", owner="b", seconds=10)
    await store.leases.release("t", owner="b")
    assert await store.leases.holder("t") is None
