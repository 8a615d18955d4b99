"""The journal commits each outcome once and gives it back whole."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from pointsman.errors import OperatorError
from pointsman.state.approval import ApprovalRequest
from pointsman.state.results import Attempt, Evidence, Failure, StepResult, Verdict
from pointsman.state.usage import Usage
from pointsman.state.values import JsonObject, digest
from pointsman.stores import SqlStore
from pointsman.stores.journal import OWNER
from pointsman.stores.records import RunOwner
from pointsman.stores.schema import payloads

FULL = StepResult(
    step="s1",
    status="accepted",
    output={"text": "x" * 2000},
    evidence=(Evidence(id="s1", step="s1", source="order ORD-1"),),
    taint=("mail",),
    failure=Failure(kind="timeout", message="late"),
    approval=ApprovalRequest(id="ap", step="s1", tool="refund", args={"amount": 1.5}),
    attempts=(
        Attempt(
            number=1,
            verdict=Verdict(action="accept", reason="fits"),
            usage=Usage(input_tokens=5, usd=None),
        ),
    ),
    plan_version=3,
)


@pytest.mark.parametrize(
    "result",
    [
        pytest.param(FULL, id="large-output"),
        pytest.param(StepResult(step="s1", status="accepted", output=0), id="small-output"),
        pytest.param(StepResult(step="s1", status="failed"), id="no-output"),
        pytest.param(
            StepResult(step="s1", status="accepted", payload="ab" * 32, excerpt="The…"),
            id="payload-elsewhere",
        ),
    ],
)
async def test_outcome_comes_back_whole(store: SqlStore, result: StepResult) -> None:
    """What was recorded is returned, output included."""
    await store.journal.record_outcome("r", "t", result)

    assert await store.journal.outcome("r", result.plan_version, "s1") == result


async def test_second_record_is_ignored(store: SqlStore) -> None:
    """The first outcome of a step stands."""
    await store.journal.record_outcome("r", "t", StepResult(step="s1", status="accepted", output=1))
    await store.journal.record_outcome("r", "t", StepResult(step="s1", status="failed"))

    outcome = await store.journal.outcome("r", 1, "s1")
    assert outcome is not None
    assert outcome.status == "accepted"


async def test_outcome_is_found_by_run_version_and_step(store: SqlStore) -> None:
    """Another run, plan version or step has no outcome."""
    await store.journal.record_outcome("r", "t", FULL)

    assert await store.journal.outcome("other", 3, "s1") is None
    assert await store.journal.outcome("r", 1, "s1") is None
    assert await store.journal.outcome("r", 3, "s2") is None


async def test_outcomes_come_in_order_without_large_outputs(store: SqlStore) -> None:
    """A large output is named by its digest, a small one is there."""
    await store.journal.record_outcome("r", "t", FULL)
    small = StepResult(step="s0", status="accepted", output="yes")
    await store.journal.record_outcome("r", "t", small)

    outcomes = await store.journal.outcomes("r")

    without = FULL.model_copy(update={"output": None, "payload": digest(FULL.output)})
    assert list(outcomes) == [without, small]
    assert await store.payloads.get(outcomes[0].payload) == FULL.output


async def test_same_output_is_stored_once(store: SqlStore) -> None:
    """An outcome and the call behind it share one payload."""
    for run in ("r1", "r2"):
        await store.journal.record_outcome(run, "t", FULL)

    query = select(func.count()).select_from(payloads)
    assert await store.database.read(lambda connection: connection.scalar(query)) == 1


async def test_note_comes_back_and_stands(store: SqlStore) -> None:
    """A plan is journaled once; the second record is ignored."""
    await store.journal.record_note("r", "t", "plan", 1, {"steps": ["a"]})
    await store.journal.record_note("r", "t", "plan", 1, {"steps": ["b"]})

    assert await store.journal.note("r", "plan", 1) == {"steps": ["a"]}
    assert await store.journal.note("r", "plan", 2) is None


async def test_a_run_has_an_owner_or_none_is_noted(store: SqlStore) -> None:
    """The note of the owner is read as a record."""
    await store.journal.record_note("r", "t", OWNER, 0, {"id": "ann", "tenant": "acme"})

    assert await store.journal.owner("r") == RunOwner(id="ann", tenant="acme")
    assert await store.journal.owner("of the local person") is None


@pytest.mark.parametrize("body", [{}, {"id": "ann"}, {"id": "ann", "tenant": None}, {"id": [1]}])
async def test_a_damaged_note_of_an_owner_is_refused_by_name(
    store: SqlStore, body: JsonObject
) -> None:
    """Nobody is taken for the owner, and no tenant for the empty one."""
    await store.journal.record_note("r", "t", OWNER, 0, body)

    with pytest.raises(OperatorError, match="RunOwner"):
        await store.journal.owner("r")


async def test_notes_of_a_thread_come_in_order(store: SqlStore) -> None:
    """Notes of all runs of a thread are listed, oldest first."""
    await store.journal.record_note("r1", "t", "plan", 1, {"a": 1})
    await store.journal.record_note("r1", "other", "answer", 1, {})
    await store.journal.record_note("r2", "t", "plan", 1, {"b": 2})

    assert list(await store.journal.notes("t")) == [
        {"run_id": "r1", "kind": "plan", "version": 1, "body": {"a": 1}, "at": 1000.0},
        {"run_id": "r2", "kind": "plan", "version": 1, "body": {"b": 2}, "at": 1000.0},
    ]
