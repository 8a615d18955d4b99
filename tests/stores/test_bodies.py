"""A row that another release has written is read, or refused with a word that helps."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import Column, Connection, Table, insert, select, text, update

from pointsman.errors import OperatorError, VersionError
from pointsman.state.approval import ApprovalRequest, Decision
from pointsman.state.consent import ConsentScope, Signatory
from pointsman.state.endorsement import Endorsement
from pointsman.state.grant import CallGrant
from pointsman.state.results import StepResult
from pointsman.state.run import Principal
from pointsman.state.shapes import shape_of_value
from pointsman.state.values import SCHEMA_VERSION
from pointsman.stores import SqlStore
from pointsman.stores.columns import JsonText
from pointsman.stores.forgetting.forgettings import ForgettingIntent
from pointsman.stores.journal import ANSWER
from pointsman.stores.records import ModelAttempt, QueuedTask, Requester
from pointsman.stores.schema import (
    METADATA,
    approvals,
    attempts,
    audit_bodies,
    decisions,
    effects,
    endorsements,
    forgettings,
    grants,
    notes,
    older_audit,
    outcomes,
    seen_shapes,
    tasks,
)

NEWER = SCHEMA_VERSION + 1
CONSENT: dict[str, Any] = {
    "scope": ConsentScope(tenant="acme"),
    "by": Signatory(id="ann", authenticated=True),
    "at": 1000.0,
}


async def _fill(store: SqlStore) -> None:
    request = ApprovalRequest(id="a1", step="s", tool="pay", args={}, allowed=("approve",))
    await store.approvals.open("r", "t", request)
    await store.approvals.decide([Decision(approval_id="a1", type="approve", approver="ann")])
    await store.attempts.record(
        ModelAttempt(
            id="m", run_id="r", step="s", role="planner", model="m", endpoint="e", outcome="ok"
        )
    )
    await store.grants.add(CallGrant(id="g", tool="pay", uses=2, **CONSENT))
    await store.endorsements.add(
        Endorsement(id="e", value="DE89", tool="pay", argument="to", expires_at=9e9, **CONSENT)
    )
    asked_by = Requester(principal=Principal(id="ann"), authenticated=False)
    given = await store.payloads.put({"text": "pay"})
    await store.tasks.add(QueuedTask(thread_id="t", message_id="m", given=given, asked_by=asked_by))
    intent = ForgettingIntent(thread="gone", actor="ann", reason="asked", known=True)
    await store.forgettings.begin([intent], acts=lambda *_: False)


READ: dict[str, tuple[Column[Any], Callable[[SqlStore], Awaitable[Any]]]] = {
    "request": (approvals.c.request, lambda store: store.approvals.get("a1")),
    "request, listed": (approvals.c.request, lambda store: store.approvals.of_thread("t")),
    "decision": (decisions.c.body, lambda store: store.approvals.get("a1")),
    "model attempt": (attempts.c.body, lambda store: store.attempts.of_run("r")),
    "grant": (grants.c.body, lambda store: store.grants.every()),
    "endorsement": (endorsements.c.body, lambda store: store.endorsements.every()),
    "deletion receipt": (forgettings.c.receipt, lambda store: store.forgettings.every()),
    "task": (tasks.c.asked_by, lambda store: store.tasks.get("t", "m")),
}


async def _edit(store: SqlStore, column: Column[Any], **changes: Any) -> None:
    table = column.table
    assert isinstance(table, Table)

    def work(connection: Any) -> None:
        body = connection.execute(select(column)).scalar_one()
        edited = {k: v for k, v in {**body, **changes}.items() if v is not None}
        connection.execute(update(table).values({column.name: edited}))

    await store.database.write(work)


@pytest.mark.parametrize("row", READ)
async def test_a_row_of_a_newer_release_is_refused_by_both_versions(
    store: SqlStore, row: str
) -> None:
    """Whatever else it holds, and not as a field that nobody knows."""
    await _fill(store)
    column, read = READ[row]
    await _edit(store, column, schema_version=NEWER, brand_new=1)

    with pytest.raises(VersionError) as refused:
        await read(store)

    assert f"version {NEWER}" in refused.value.message
    assert f"up to {SCHEMA_VERSION}" in refused.value.message
    assert refused.value.where


@pytest.mark.parametrize("row", READ)
async def test_a_row_that_was_edited_names_the_field(store: SqlStore, row: str) -> None:
    """It says which row, and that nothing was changed."""
    await _fill(store)
    column, read = READ[row]
    await _edit(store, column, brand_new=1)

    with pytest.raises(OperatorError, match="brand_new") as refused:
        await read(store)

    assert refused.value.where
    assert "Nothing was changed" in refused.value.fix


@pytest.mark.parametrize("row", READ)
async def test_a_row_without_a_version_is_read(store: SqlStore, row: str) -> None:
    """Releases before version 5 noted none."""
    await _fill(store)
    column, read = READ[row]
    before = await read(store)
    await _edit(store, column, schema_version=None)

    assert await read(store) == before


OBJECTS: dict[str, tuple[Column[Any], Callable[[SqlStore], Awaitable[Any]]]] = {
    **READ,
    "outcome": (outcomes.c.body, lambda store: store.journal.outcome("r", 1, "s")),
    "outcome, listed": (outcomes.c.body, lambda store: store.journal.outcomes("r")),
    "note": (notes.c.body, lambda store: store.journal.note("r", "plan", 1)),
    "note, of a run": (notes.c.body, lambda store: store.journal.known("r")),
    "note, listed": (notes.c.body, lambda store: store.journal.notes("t")),
    "answer": (notes.c.body, lambda store: store.journal.answer("r")),
    "model attempt, recent": (attempts.c.body, lambda store: store.attempts.recent()),
    "audit entry": (audit_bodies.c.body, lambda store: store.audit.entries()),
    "older audit entry": (older_audit.c.body, lambda store: store.audit.older_entries()),
    "revoked grant": (grants.c.revocation, lambda store: store.grants.every()),
    "revoked endorsement": (endorsements.c.revocation, lambda store: store.endorsements.every()),
    "error of a task": (tasks.c.error, lambda store: store.tasks.get("t", "m")),
    "seen shape": (
        seen_shapes.c.shape,
        lambda store: store.seen_shapes.of_tools(["pay"], tenant="", principal="ann"),
    ),
}
"""Column that holds objects, and a way by which it is read."""
NO_OBJECTS = ["5", "-1", "2.5", "true", "false", '"x"', '""', "[]", "[1]", "null"]


@pytest.mark.parametrize("row", OBJECTS)
async def test_a_stored_value_that_is_no_object_is_named(store: SqlStore, row: str) -> None:
    """Valid JSON of another kind is a damaged record: the error says in which column, of what."""
    await _fill(store)
    result = StepResult(step="s", plan_version=1, status="accepted", output=1)
    await store.journal.record_outcome("r", "t", result)
    await store.journal.record_note("r", "t", "plan", 1, {"steps": []})
    await store.journal.record_note("r", "t", ANSWER, 1, {"text": "x"})
    await store.seen_shapes.learn("pay", shape_of_value({"n": 1}), tenant="", principal="ann")
    older = {c.name: {"seq": 1, "at": 1.0, "body": {}}.get(c.name, "") for c in older_audit.c}
    await store.database.write(lambda c: c.execute(insert(older_audit).values(older)))
    column, read = OBJECTS[row]
    # Of a column that may be empty, JSON's null says as much as SQL's.
    for stored in NO_OBJECTS[: -1 if column.nullable else None]:
        await store.database.write(lambda c, s=stored: _put(c, column, s))

        with pytest.raises(OperatorError, match="no object") as refused:
            await read(store)

        assert f"{column.table}.{column.name}" in refused.value.where
        assert "Nothing was changed" in refused.value.fix


def _put(connection: Connection, column: Column[Any], stored: str) -> None:
    edit = text(f"UPDATE {column.table} SET {column.name} = :stored")  # noqa: S608 - our own names
    connection.execute(edit, {"stored": stored})


def test_every_column_of_objects_is_tried() -> None:
    """A column of JSON that comes later is tried, or said to hold any value."""
    of_json = {
        column
        for table in METADATA.tables.values()
        for column in table.columns
        if isinstance(column.type, JsonText)
    }

    assert of_json - {effects.c.output} == {column for column, _ in OBJECTS.values()}
