"""Approvals are recorded all or none, counted by person, and lapse."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pointsman.errors import DecisionError, NotFoundError
from pointsman.state.approval import ApprovalRequest, Decision, DecisionType
from pointsman.stores import SqlStore

from .conftest import Clock


async def ask(store: SqlStore, approval_id: str = "a1", **fields: Any) -> ApprovalRequest:
    """Open a request of thread `t` that expires at 1060 seconds."""
    facts: dict[str, Any] = {"expires_at": 1060.0, "requested_at": 1000.0, **fields}
    request = ApprovalRequest(id=approval_id, step="s1", tool="refund", args={"amount": 5}, **facts)
    await store.approvals.open("r", "t", request)
    return request


def decision(
    kind: DecisionType, approver: str = "ann", approval_id: str = "a1", **fields: Any
) -> Decision:
    """Return a decision on a request."""
    return Decision(approval_id=approval_id, type=kind, approver=approver, **fields)


async def status(store: SqlStore, approval_id: str = "a1") -> str:
    """Return a request's status."""
    return (await store.approvals.get(approval_id)).status


async def test_open_twice_returns_what_exists(store: SqlStore) -> None:
    """A request keeps its decisions when the graph asks again."""
    request = await ask(store)
    await store.approvals.decide([decision("approve")])

    record = await store.approvals.open("r", "t", request)

    assert record.status == "approved"
    assert record.request == request
    assert [d.approver for d in record.decisions] == ["ann"]
    assert record.decisions[0].decided_at == 1000.0


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (decision("approve"), "approved"),
        (decision("edit", args={"amount": 3}), "edited"),
        (decision("reject", message="no"), "rejected"),
        (decision("respond", message="ask Bob"), "responded"),
    ],
)
async def test_a_decision_closes_a_request(store: SqlStore, given: Decision, expected: str) -> None:
    """Every kind of decision closes a request of one approver and is kept with its words."""
    await ask(store)

    (record,) = await store.approvals.decide([given])

    assert record.status == expected
    kept = record.decisions[0]
    assert (kept.args, kept.message) == (given.args, given.message)
    assert record == await store.approvals.get("a1")
    with pytest.raises(DecisionError, match=expected):
        await store.approvals.decide([decision("approve", "bob")])


async def test_quorum_counts_distinct_people(store: SqlStore) -> None:
    """Two approvals of one person are not two approvers."""
    await ask(store, quorum=2)
    await store.approvals.decide([decision("approve", "ann")])
    assert await status(store) == "waiting"

    with pytest.raises(DecisionError, match="ann has decided on it before"):
        await store.approvals.decide([decision("approve", "ann")])
    await store.approvals.decide([decision("approve", "bob")])

    assert await status(store) == "approved"


async def test_a_person_decides_once_under_whichever_names(store: SqlStore) -> None:
    """Consent under two names of one person is one consent."""
    await ask(store, quorum=2)
    mine = {"approver_accountable": "os:zoe"}
    await store.approvals.decide([decision("approve", "ann").model_copy(update=mine)])

    with pytest.raises(DecisionError, match="behind bob has decided on it as ann"):
        await store.approvals.decide([decision("approve", "bob").model_copy(update=mine)])

    assert await status(store) == "waiting"


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        (decision("reject", "ann"), "rejected"),
        (decision("respond", "ann", message="first ask Bob"), "responded"),
        (decision("edit", "ann", args={"amount": 3}), "edited"),
    ],
)
async def test_who_has_agreed_may_think_again(
    store: SqlStore, second: Decision, expected: str
) -> None:
    """Only agreeing twice is refused: a person who agreed takes that back as others would."""
    await ask(store, quorum=2)
    await store.approvals.decide([decision("approve", "ann")])

    await store.approvals.decide([second])

    assert await status(store) == expected


async def test_rejection_beats_a_quorum_under_way(store: SqlStore) -> None:
    """One rejection closes a request that others approved."""
    await ask(store, quorum=3)
    await store.approvals.decide([decision("approve", "ann"), decision("reject", "bob")])

    assert await status(store) == "rejected"


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param(decision("approve", approval_id="nope"), id="unknown"),
        pytest.param(decision("approve", "ann", "a1"), id="second-of-the-same"),
        pytest.param(decision("edit", approval_id="a2"), id="edit-without-arguments"),
        pytest.param(decision("respond", approval_id="a2"), id="not-allowed"),
        pytest.param(decision("approve", approval_id="a3"), id="expired"),
    ],
)
async def test_decisions_are_taken_all_or_none(store: SqlStore, bad: Decision) -> None:
    """One bad decision keeps the good ones beside it from being recorded."""
    await ask(store, "a1", quorum=2)
    await ask(store, "a2", allowed=("approve", "edit"))
    await ask(store, "a3", expires_at=999.0)

    with pytest.raises(DecisionError):
        await store.approvals.decide([decision("approve", "ann", "a1"), bad])

    assert (await store.approvals.get("a1")).decisions == ()


async def test_request_expires_by_the_clock(store: SqlStore, clock: Clock) -> None:
    """A request that waits past its expiry is expired wherever it is read, and takes no more."""
    await ask(store)
    clock.now = 1060.0

    assert await status(store) == "expired"
    assert await store.approvals.waiting() == []
    assert [r.status for r in await store.approvals.of_thread("t")] == ["expired"]
    with pytest.raises(DecisionError, match="expired"):
        await store.approvals.decide([decision("approve")])


async def test_lapsed_request_is_asked_anew(store: SqlStore, clock: Clock) -> None:
    """A later request under the same id waits again; decisions on the old one do not count."""
    await ask(store, quorum=2)
    await store.approvals.decide([decision("approve", "ann")])
    clock.now = 1060.0
    await ask(store)
    assert await status(store) == "expired"

    await ask(store, requested_at=1060.0, expires_at=1100.0)

    record = await store.approvals.get("a1")
    assert (record.status, record.decisions) == ("waiting", ())
    await store.approvals.decide([decision("approve", "ann")])
    assert await status(store) == "approved"


@pytest.mark.parametrize("approved", [True, False])
async def test_withdrawn_approval_must_be_asked_again(store: SqlStore, approved: bool) -> None:
    """What waits or is approved can be taken back; it stays back until it is asked anew."""
    request = await ask(store)
    if approved:
        await store.approvals.decide([decision("approve")])

    await store.approvals.withdraw("a1", "wrong customer")

    record = await store.approvals.open("r", "t", request)
    assert (record.status, record.reason) == ("withdrawn", "wrong customer")
    with pytest.raises(DecisionError, match="withdrawn"):
        await store.approvals.decide([decision("approve", "bob")])
    await ask(store, requested_at=1001.0)
    assert await status(store) == "waiting"


@pytest.mark.parametrize("withdrawn", [True, False])
async def test_what_lapsed_after_it_was_asked_again_stays_lapsed(
    store: SqlStore, clock: Clock, withdrawn: bool
) -> None:
    """A replay asks later for what still waits; taking that back, or its expiry, holds for both."""
    await ask(store)
    clock.now = 1020.0
    again = await ask(store, requested_at=1010.0, expires_at=1070.0)
    if withdrawn:
        await store.approvals.withdraw("a1", "wrong customer")
    else:
        clock.now = 1060.0

    record = await store.approvals.open("r", "t", again)

    assert record.status == ("withdrawn" if withdrawn else "expired")


async def test_rejected_request_cannot_be_withdrawn(store: SqlStore) -> None:
    """A closed request stays as it was closed; an unknown one is not found."""
    await ask(store)
    await store.approvals.decide([decision("reject")])

    with pytest.raises(DecisionError, match="rejected"):
        await store.approvals.withdraw("a1", "")
    with pytest.raises(NotFoundError):
        await store.approvals.withdraw("nope", "")
    with pytest.raises(NotFoundError):
        await store.approvals.get("nope")


async def test_waiting_lists_the_open_ones_oldest_first(store: SqlStore) -> None:
    """Closed requests and those of other threads are left out."""
    for approval_id in ("b", "a", "c"):
        await ask(store, approval_id)
    other = ApprovalRequest(id="z", step="s", tool="t")
    await store.approvals.open("r2", "t2", other)
    await store.approvals.decide([decision("approve", approval_id="a")])

    assert [r.request.id for r in await store.approvals.waiting("t")] == ["b", "c"]
    assert [r.request.id for r in await store.approvals.waiting()] == ["b", "c", "z"]
    assert [r.request.id for r in await store.approvals.of_thread("t")] == ["b", "a", "c"]


async def test_rivals_cannot_both_close_a_request(store: SqlStore) -> None:
    """Of two decisions given at once, one is taken and the other is told so."""
    await ask(store)

    outcomes = await asyncio.gather(
        store.approvals.decide([decision("approve", "ann")]),
        store.approvals.decide([decision("reject", "bob")]),
        return_exceptions=True,
    )

    assert sum(isinstance(outcome, DecisionError) for outcome in outcomes) == 1
    assert len((await store.approvals.get("a1")).decisions) == 1


async def test_decisions_and_their_audit_entries_are_one_transaction(store: SqlStore) -> None:
    """What was decided stands in the audit log from the same moment, and only that."""
    await ask(store, "a1")
    await ask(store, "a2")
    with pytest.raises(DecisionError):
        await store.approvals.decide([decision("approve"), decision("edit", approval_id="a2")])
    asked = await store.audit.entries()
    assert [(entry.kind, entry.body["approval_id"]) for entry in asked] == [
        ("approval_requested", "a1"),
        ("approval_requested", "a2"),
    ]

    await store.approvals.decide([decision("approve"), decision("reject", "bob", "a2")])

    written = (await store.audit.entries("t"))[2:]
    assert [(entry.kind, entry.actor, entry.body["type"]) for entry in written] == [
        ("approval_decided", "ann", "approve"),
        ("approval_decided", "bob", "reject"),
    ]
    assert (await store.audit.verify()).entries == 4
