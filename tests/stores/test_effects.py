"""The ledger grants a call once, and again only where that is safe."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pointsman.errors import NotFoundError, StoreError
from pointsman.stores import SqlStore, open_store
from pointsman.stores.database import MOST_RIDERS
from pointsman.stores.records import EffectClaim, EffectRecord

from .conftest import Clock


def a_claim(key: str = "k", **fields: Any) -> EffectClaim:
    """Return a claim of a call that may not be repeated."""
    facts: dict[str, Any] = {"effect": "money", "idempotency": "none", **fields}
    return EffectClaim(key=key, run_id="r", step="s1", tool="refund", args_digest="d", **facts)


async def claim(store: SqlStore, *, owner: str = "one", **fields: Any) -> EffectRecord:
    """Claim for ten seconds."""
    return await store.effects.claim(a_claim(**fields), owner=owner, lease_seconds=10)


async def test_first_claim_is_granted(store: SqlStore) -> None:
    """A call that nobody claimed may be performed."""
    record = await claim(store)

    assert record.granted
    assert (record.state, record.fence, record.attempts) == ("claimed", 1, 1)
    assert record.lease_expires_at == 1010.0
    assert record.claim == a_claim()


@pytest.mark.parametrize("output", [None, 7, "x" * 5000, {"id": "R-1"}])
async def test_done_call_returns_its_recorded_output(store: SqlStore, output: object) -> None:
    """A call that is done is never granted, and gives what it gave."""
    first = await claim(store)
    await store.effects.settle("k", fence=first.fence, state="done", output=output)

    record = await claim(store, owner="two")

    assert not record.granted
    assert (record.state, record.output) == ("done", output)
    assert record == await store.effects.get("k")
    assert [record] == list(await store.effects.of_run("r"))


@pytest.mark.parametrize(
    ("fields", "owner", "waited", "state", "granted", "state_after"),
    [
        pytest.param({}, "two", 0, "claimed", False, "claimed", id="none-live"),
        pytest.param({}, "one", 0, "claimed", False, "claimed", id="none-live-same-owner"),
        pytest.param({}, "two", 11, "claimed", False, "unknown", id="none-abandoned"),
        pytest.param({}, "one", 11, "unknown", False, "unknown", id="none-unknown"),
        pytest.param({}, "two", 0, "failed", True, "claimed", id="none-failed"),
        pytest.param({"idempotency": "key"}, "two", 0, "claimed", False, "claimed", id="key-live"),
        pytest.param(
            {"idempotency": "key"}, "one", 0, "claimed", True, "claimed", id="key-same-owner"
        ),
        pytest.param(
            {"idempotency": "key"}, "two", 11, "claimed", True, "claimed", id="key-abandoned"
        ),
        pytest.param(
            {"idempotency": "natural"}, "two", 11, "unknown", True, "claimed", id="natural-unknown"
        ),
        pytest.param(
            {"idempotency": "key"}, "two", 0, "unknown", False, "unknown", id="key-unknown-live"
        ),
        pytest.param({"effect": "read"}, "two", 0, "claimed", True, "claimed", id="read-live"),
        pytest.param({"effect": "read"}, "two", 0, "unknown", True, "claimed", id="read-unknown"),
        pytest.param({"effect": "read"}, "two", 0, "failed", True, "claimed", id="read-failed"),
        pytest.param({"effect": "read"}, "two", 0, "done", False, "done", id="read-done"),
    ],
)
async def test_repeated_claim(
    store: SqlStore,
    clock: Clock,
    fields: dict[str, Any],
    owner: str,
    waited: float,
    state: Any,
    granted: bool,
    state_after: str,
) -> None:
    """State, promise, lease and owner decide about a second claim; a grant has a new fence."""
    first = await claim(store, **fields)
    if state != "claimed":
        await store.effects.settle("k", fence=first.fence, state=state)
    clock.now += waited

    record = await claim(store, owner=owner, **fields)

    assert (record.granted, record.state) == (granted, state_after)
    assert record.fence == (2 if granted else 1)
    assert record.attempts == record.fence


async def test_recorded_promise_counts(store: SqlStore, clock: Clock) -> None:
    """A tool that promises more today does not get yesterday's call granted again."""
    await claim(store, idempotency="none")
    clock.now += 11

    record = await claim(store, owner="two", idempotency="key")

    assert (record.granted, record.state) == (False, "unknown")


async def test_old_fence_cannot_settle(store: SqlStore, clock: Clock) -> None:
    """A worker whose lease was taken over cannot record a result."""
    old = await claim(store, idempotency="key")
    clock.now += 11
    new = await claim(store, owner="two", idempotency="key")

    with pytest.raises(StoreError, match="Fence 1 is not the newest, 2 is"):
        await store.effects.settle("k", fence=old.fence, state="done", output="old")

    settled = await store.effects.settle("k", fence=new.fence, state="done", output="new")
    assert settled.output == "new"


async def test_same_settlement_twice_changes_nothing(store: SqlStore) -> None:
    """A repeated settlement is ignored, a contradicting one is refused."""
    record = await claim(store)
    first = await store.effects.settle("k", fence=record.fence, state="done", output=1)

    assert await store.effects.settle("k", fence=record.fence, state="done", output=2) == first
    with pytest.raises(StoreError, match="settled as done"):
        await store.effects.settle("k", fence=record.fence, state="failed")


async def test_slow_worker_settles_what_became_unknown(store: SqlStore, clock: Clock) -> None:
    """A worker that outlived its lease still knows best, as long as nobody decided otherwise."""
    record = await claim(store)
    clock.now += 11
    assert (await claim(store, owner="two")).state == "unknown"

    settled = await store.effects.settle("k", fence=record.fence, state="done", output="R-1")

    assert (settled.state, settled.output) == ("done", "R-1")


async def test_reconciliation_decides_an_unknown_call(store: SqlStore) -> None:
    """What a person found out counts, and a late worker cannot contradict it."""
    record = await claim(store)
    await store.effects.settle("k", fence=record.fence, state="unknown", error="timeout")

    await store.effects.reopen("k", ended="failed", output=None, note="not in the bank's list")

    with pytest.raises(StoreError, match="not the newest"):
        await store.effects.settle("k", fence=record.fence, state="done")
    again = await claim(store, owner="two")
    assert again.granted
    assert again.note == "not in the bank's list"


async def test_reconciliation_can_find_the_result(store: SqlStore) -> None:
    """A call found to have happened is done, with the result that was found."""
    record = await claim(store)
    await store.effects.settle("k", fence=record.fence, state="unknown")

    await store.effects.reopen("k", ended="done", output={"id": "R-1"}, note="found")

    after = await claim(store)
    assert (after.granted, after.state, after.output) == (False, "done", {"id": "R-1"})


async def test_only_unknown_calls_are_reconciled(store: SqlStore) -> None:
    """A call that is still claimed is left to its worker; an unclaimed one does not exist."""
    await claim(store)

    with pytest.raises(StoreError, match="claimed, not unknown"):
        await store.effects.reopen("k", ended="done", output=None, note="")
    with pytest.raises(NotFoundError):
        await store.effects.settle("other", fence=1, state="done")
    assert await store.effects.get("other") is None


async def test_one_of_many_rivals_is_granted(store: SqlStore, url: str, clock: Clock) -> None:
    """Of claims made at once through two connections' pools, exactly one is granted."""
    async with open_store(url, clock=clock) as other:
        records = await asyncio.gather(
            *(claim(rival, owner=str(n)) for n in range(10) for rival in (store, other))
        )

    assert sum(record.granted for record in records) == 1


async def test_calls_of_a_run_come_in_order(store: SqlStore) -> None:
    """The ledger lists a run's calls as they were first claimed."""
    keys = ["c", "a", "b"]
    for key in keys:
        await claim(store, key=key)

    assert [record.claim.key for record in await store.effects.of_run("r")] == keys


async def test_equal_calls_of_a_run_are_found_among_many(store: SqlStore) -> None:
    """The same tool with the same arguments in the same run, in order, and no other call."""
    same = [
        a_claim(key).model_copy(update={"args_digest": digest, "tool": tool, "run_id": run})
        for key, digest, tool, run in (
            ("a", "x", "pay", "r"),
            ("b", "y", "pay", "r"),
            ("c", "x", "wire", "r"),
            ("d", "x", "pay", "q"),
            ("e", "x", "pay", "r"),
        )
    ]
    for one in same:
        await store.effects.claim(one, owner="w", lease_seconds=60)

    found = await store.effects.equal_calls("r", "pay", "x")

    assert [record.claim.key for record in found] == ["a", "e"]


def a_read(key: str = "k") -> EffectClaim:
    """Return a call that only reads."""
    return a_claim(key, effect="read", idempotency="natural")


@pytest.mark.parametrize("output", [7, "x" * 5000])
async def test_a_read_is_recorded_without_a_claim(store: SqlStore, output: object) -> None:
    """Whoever looks finds it as it ended, with how often it was made and since when."""
    await store.effects.record_read(a_read(), attempts=2, began=900.0, state="done", output=output)

    [record] = await store.effects.of_run("r")

    assert (record.claim, record.state, record.output) == (a_read(), "done", output)
    assert (record.attempts, record.claimed_at, record.settled_at) == (2, 900.0, 1000.0)


async def test_the_newest_end_of_a_read_counts(store: SqlStore) -> None:
    """In whatever order two workers that made it come to record it."""
    for began, error in ((10.0, "first"), (30.0, "third"), (20.0, "second")):
        await store.effects.record_read(
            a_read(), attempts=1, began=began, state="failed", error=error
        )
        await store.switches.clear("pause")

    [record] = await store.effects.of_run("r")

    assert (record.error, record.claimed_at) == ("third", 30.0)


async def test_a_read_is_durable_with_the_next_write(store: SqlStore) -> None:
    """It costs no commit of its own, and nothing that follows is durable without it."""
    await store.effects.record_read(a_read(), attempts=1, began=1.0, state="done", output=1)

    assert await store.effects.get("k") is None
    await store.switches.clear("pause")
    assert (await store.effects.get("k")) is not None


async def test_reads_that_wait_to_be_recorded_are_bounded(store: SqlStore) -> None:
    """Where nothing else is written, they write themselves in the end."""
    for number in range(MOST_RIDERS + 1):
        await store.effects.record_read(
            a_read(f"k{number}"), attempts=1, began=1.0, state="done", output=1
        )

    assert await store.effects.get("k0") is not None
