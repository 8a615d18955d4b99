"""A grant's uses are the effects that were claimed under it, and never more than it allows."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pointsman.errors import DecisionError, NotFoundError
from pointsman.state.consent import ConsentScope, Revocation, Signatory
from pointsman.state.grant import ArgumentBound, CallGrant
from pointsman.stores import SqlStore, open_store
from pointsman.stores.records import EffectClaim, EffectRecord

from .conftest import Clock


def grant(id_: str = "gr_1", **fields: Any) -> CallGrant:
    """Return a grant of two payments by ann for tenant acme, from 1000 to 1060 seconds."""
    defaults: dict[str, Any] = {
        "tool": "pay",
        "bounds": (ArgumentBound(argument="amount", kind="at_most", value=50),),
        "uses": 2,
        "until": 1060.0,
        "scope": ConsentScope(tenant="acme"),
        "by": Signatory(id="ann", authenticated=True),
        "at": 1000.0,
    }
    return CallGrant(id=id_, **{**defaults, **fields})


async def claim(store: SqlStore, key: str, under: str = "gr_1", **fields: Any) -> EffectRecord:
    """Claim an effect under a grant."""
    facts: dict[str, Any] = {"run_id": "r", "step": key, "tool": "pay", "effect": "money"}
    made = EffectClaim(key=key, args_digest=key, grant=under, **{**facts, **fields})
    return await store.effects.claim(made, owner="w", lease_seconds=30)


async def used(store: SqlStore) -> list[int]:
    """Return how much is used of each grant."""
    return [one.used for one in await store.grants.every()]


async def test_claims_use_it_up(store: SqlStore) -> None:
    """Each claim says which use it was; the first beyond is not claimed and leaves no trace."""
    await store.grants.add(grant())

    first, second, third = [await claim(store, key) for key in ("a", "b", "c")]

    assert [(r.granted, r.uncovered, r.grant_use) for r in (first, second, third)] == [
        (True, False, 1),
        (True, False, 2),
        (False, True, 0),
    ]
    assert await store.effects.get("c") is None
    [read] = await store.grants.of_tool("pay", tenant="acme")
    assert read == grant(used=2)
    assert read.state(1000.0) == "used up"


async def test_the_same_call_again_is_one_use(store: SqlStore) -> None:
    """A retry after a failure, and what was done before, take no further use."""
    await store.grants.add(grant(uses=1))
    record = await claim(store, "a")
    await store.effects.settle("a", fence=record.fence, state="failed", error="no")
    assert await used(store) == [0]

    again = await claim(store, "a")
    await store.effects.settle("a", fence=again.fence, state="done", output=1)
    replayed = await claim(store, "a")

    assert again.granted
    assert (replayed.state, replayed.granted, replayed.uncovered) == ("done", False, False)
    assert await used(store) == [1]


async def test_a_failed_calls_use_is_free_for_another(store: SqlStore) -> None:
    """And the failed one, made again, finds that it is taken."""
    await store.grants.add(grant(uses=1))
    record = await claim(store, "a")
    await store.effects.settle("a", fence=record.fence, state="failed", error="no")
    assert (await claim(store, "b")).granted

    again = await claim(store, "a")

    assert again.uncovered
    assert not again.granted
    assert await used(store) == [1]


async def test_a_call_made_by_approval_after_all_is_no_use(store: SqlStore) -> None:
    """It failed under the grant, and a person then let it happen."""
    await store.grants.add(grant())
    record = await claim(store, "a")
    await store.effects.settle("a", fence=record.fence, state="failed", error="no")

    assert (await claim(store, "a", under="")).granted

    assert await used(store) == [0]


@pytest.mark.parametrize("state", ["claimed", "unknown"])
async def test_what_may_have_happened_counts(store: SqlStore, state: Any) -> None:
    """A worker that died in the middle of the call has used it."""
    await store.grants.add(grant(uses=1))
    record = await claim(store, "a", idempotency="none")
    if state == "unknown":
        await store.effects.settle("a", fence=record.fence, state="unknown")

    assert (await claim(store, "b")).uncovered


@pytest.mark.parametrize("how", ["expired", "revoked", "absent"])
async def test_a_grant_that_is_over_covers_nothing(store: SqlStore, clock: Clock, how: str) -> None:
    """Looked at in the transaction of the claim."""
    if how != "absent":
        await store.grants.add(grant())
    if how == "expired":
        clock.now = 1060.0
    if how == "revoked":
        await store.grants.revoke("gr_1", Revocation(at=1001.0, by="bob"))

    assert (await claim(store, "a")).uncovered
    assert await store.grants.of_tool("pay", tenant="acme") == []


async def test_many_workers_get_as_many_uses_as_there_are(url: str, clock: Clock) -> None:
    """Four processes' worth of connections race for three uses; the counts agree afterwards."""
    async with open_store(url, clock=clock) as store:
        await store.grants.add(grant(uses=3))
        others = [open_store(url, clock=clock) for _ in range(3)]
        records = await asyncio.gather(
            *(claim(one, f"{i}{j}") for i, one in enumerate([store, *others]) for j in range(5))
        )
        for other in others:
            await other.close()

        assert sum(record.granted for record in records) == 3
        assert sorted(r.grant_use for r in records if r.granted) == [1, 2, 3]
        assert await used(store) == [3]


async def test_giving_and_taking_back_are_audited(store: SqlStore) -> None:
    """Who did which, within what bounds, stands in the chained log."""
    await store.grants.add(grant())
    await store.grants.revoke("gr_1", Revocation(at=1001.0, by="bob", reason="left"))

    given, revoked = await store.audit.entries()

    assert (given.kind, given.actor, given.body["tool"]) == ("calls_granted", "ann", "pay")
    assert (revoked.kind, revoked.actor) == ("grant_revoked", "bob")
    with pytest.raises(DecisionError, match="bob has revoked it before"):
        await store.grants.revoke("gr_1", Revocation(at=1002.0))
    with pytest.raises(NotFoundError, match="gr_9"):
        await store.grants.revoke("gr_9", Revocation(at=1002.0))
