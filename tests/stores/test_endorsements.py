"""Endorsements are found by exact value, and with a decision they are all or none."""

from __future__ import annotations

from typing import Any

import pytest

from pointsman.errors import DecisionError, NotFoundError
from pointsman.state.approval import ApprovalRequest, Decision
from pointsman.state.consent import ConsentScope, Revocation, Signatory
from pointsman.state.endorsement import Endorsement
from pointsman.state.values import digest
from pointsman.stores import SqlStore

from .conftest import Clock


def one(id_: str = "en_1", value: Any = "DE89", **fields: Any) -> Endorsement:
    """Return an endorsement by ann for tenant acme, from 1000 to 1060 seconds."""
    defaults: dict[str, Any] = {
        "tool": "pay",
        "argument": "to",
        "scope": ConsentScope(tenant="acme"),
        "by": Signatory(id="ann", authenticated=True),
        "at": 1000.0,
        "expires_at": 1060.0,
    }
    return Endorsement(id=id_, value=value, **{**defaults, **fields})


async def found(store: SqlStore, value: Any, tenant: str = "acme") -> list[str]:
    """Return ids of what is in force for a value."""
    got = await store.endorsements.of_values({digest(value)}, tenant=tenant)
    return [endorsement.id for endorsement in got]


@pytest.mark.parametrize("value", ["DE89", 5, 5.0, True, None, ["a", 1], {"a": "ü\0"}])
async def test_a_value_is_found_as_it_was_given(store: SqlStore, value: Any) -> None:
    """What comes back is equal, in the form that it had."""
    await store.endorsements.add(one(value=value))

    [back] = await store.endorsements.of_values({digest(value)}, tenant="acme")

    assert back == one(value=value)
    assert type(back.value) is type(value)


async def test_only_what_is_in_force_is_found(store: SqlStore, clock: Clock) -> None:
    """Other values, other tenants, the expired and the revoked are not."""
    await store.endorsements.add(one())
    await store.endorsements.add(one("en_2", expires_at=None))
    assert await found(store, "DE89") == ["en_1", "en_2"]
    assert await found(store, "de89") == await found(store, "DE89", "globex") == []

    clock.now = 1060.0
    assert await found(store, "DE89") == ["en_2"]

    await store.endorsements.revoke("en_2", Revocation(at=1061.0, by="bob", reason="left"))
    assert await found(store, "DE89") == []
    states = [e.state(clock.now) for e in await store.endorsements.every(tenant="acme")]
    assert states == ["expired", "revoked"]
    assert await store.endorsements.every(tenant="globex") == []


async def test_giving_and_taking_back_are_audited(store: SqlStore) -> None:
    """Who did which stands in the chained log."""
    await store.endorsements.add(one())
    await store.endorsements.revoke("en_1", Revocation(at=1001.0, by="bob", reason="left"))

    entries = await store.audit.entries()

    assert [(e.kind, e.actor) for e in entries] == [
        ("value_endorsed", "ann"),
        ("endorsement_revoked", "bob"),
    ]
    assert (await store.audit.verify()).entries == 2


async def test_an_unknown_one_cannot_be_revoked(store: SqlStore) -> None:
    """The error names it."""
    with pytest.raises(NotFoundError, match="en_9"):
        await store.endorsements.revoke("en_9", Revocation(at=1.0))


async def test_what_a_refused_decision_endorses_is_not_endorsed(store: SqlStore) -> None:
    """Both are one transaction."""
    request = ApprovalRequest(id="a1", step="s1", tool="pay", allowed=("reject",))
    await store.approvals.open("r", "t", request)
    approve = Decision(approval_id="a1", type="approve", approver="ann")

    with pytest.raises(DecisionError, match="not allowed"):
        await store.approvals.decide([approve], endorsements=[one(approval_id="a1")])

    assert await store.endorsements.every() == []
    assert {entry.kind for entry in await store.audit.entries()} == {"approval_requested"}


@pytest.mark.parametrize("how", ["anew", "withdrawn"])
async def test_a_decision_that_counts_no_more_endorses_nothing(store: SqlStore, how: str) -> None:
    """Decided anew or withdrawn, its endorsements are revoked in the same transaction."""
    await store.approvals.open("r", "t", ApprovalRequest(id="a1", step="s1", tool="pay"))
    approve = Decision(approval_id="a1", type="approve", approver="ann")
    await store.approvals.decide([approve], endorsements=[one(approval_id="a1")])
    await store.endorsements.add(one("en_2"))

    if how == "anew":
        reject = Decision(approval_id="a1", type="reject", approver="ann")
        await store.approvals.decide([reject], anew=frozenset({"a1"}))
    else:
        await store.approvals.withdraw("a1", "It cannot be carried out.")

    assert await found(store, "DE89") == ["en_2"]
