"""The audit log notices every change to it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from sqlalchemy import Connection, delete, insert, select, update

from pointsman.errors import StoreError
from pointsman.stores import SqlStore, open_store
from pointsman.stores.schema import audit, audit_head

from .conftest import Clock


async def filled(store: SqlStore) -> None:
    """Append five entries."""
    for number in range(1, 6):
        await store.audit.append(
            "approval", thread_id=f"t{number % 2}", actor="ann", body={"number": number}
        )


async def test_entries_come_in_order_and_chained(store: SqlStore) -> None:
    """Each entry names the hash of the one before."""
    await filled(store)

    entries = await store.audit.entries()

    assert [entry.body["number"] for entry in entries] == [1, 2, 3, 4, 5]
    assert [entry.previous for entry in entries] == ["", *(e.hash for e in entries[:-1])]
    assert await store.audit.verify() == 5


async def test_empty_log_is_whole(store: SqlStore) -> None:
    """A log without entries verifies."""
    assert await store.audit.verify() == 0


async def test_entries_are_chosen_by_thread_and_limit(store: SqlStore) -> None:
    """The newest entries of a thread are returned, oldest first."""
    await filled(store)

    entries = await store.audit.entries("t1", limit=2)

    assert [entry.body["number"] for entry in entries] == [3, 5]


def edit(connection: Connection) -> None:
    """Change an entry's body."""
    connection.execute(update(audit).where(audit.c.seq == 3).values(body={"number": 4}))


def rename(connection: Connection) -> None:
    """Change who did it."""
    connection.execute(update(audit).where(audit.c.seq == 3).values(actor="bob"))


def remove(connection: Connection) -> None:
    """Remove an entry."""
    connection.execute(delete(audit).where(audit.c.seq == 3))


def remove_and_close_the_gap(connection: Connection) -> None:
    """Remove an entry and number the next ones as if it had never been."""
    remove(connection)
    for seq in (4, 5):
        connection.execute(update(audit).where(audit.c.seq == seq).values(seq=seq - 1))
    connection.execute(update(audit_head).values(seq=4))


def insert_one(connection: Connection) -> None:
    """Push an entry in between."""
    for seq in (5, 4, 3):
        connection.execute(update(audit).where(audit.c.seq == seq).values(seq=seq + 1))
    row = connection.execute(select(audit).where(audit.c.seq == 2)).one()
    connection.execute(insert(audit).values({**row._mapping, "seq": 3}))


def swap(connection: Connection) -> None:
    """Exchange two entries."""
    for old, new in ((3, 99), (4, 3), (99, 4)):
        connection.execute(update(audit).where(audit.c.seq == old).values(seq=new))


def remove_the_first(connection: Connection) -> None:
    """Remove the first entry."""
    connection.execute(delete(audit).where(audit.c.seq == 1))


def remove_the_last(connection: Connection) -> None:
    """Cut the tail off."""
    connection.execute(delete(audit).where(audit.c.seq == 5))


def forge_the_next(connection: Connection) -> None:
    """Append an entry without the log's doing."""
    row = connection.execute(select(audit).where(audit.c.seq == 5)).one()
    connection.execute(insert(audit).values({**row._mapping, "seq": 6, "previous": row.hash}))


def remove_all(connection: Connection) -> None:
    """Remove every entry."""
    connection.execute(delete(audit))


@pytest.mark.parametrize(
    ("tamper", "broken"),
    [
        (edit, 3),
        (rename, 3),
        (remove, 3),
        (remove_and_close_the_gap, 3),
        (insert_one, 3),
        (swap, 3),
        (remove_the_first, 1),
        (remove_the_last, 5),
        (forge_the_next, 6),
        (remove_all, 1),
    ],
)
async def test_tampering_is_found(
    store: SqlStore, tamper: Callable[[Connection], None], broken: int
) -> None:
    """Verification names the first entry that is not as it was written."""
    await filled(store)
    await store.database.write(tamper)

    with pytest.raises(StoreError, match=f"audit entry {broken}:"):
        await store.audit.verify()


async def test_rivals_append_to_one_chain(store: SqlStore, url: str, clock: Clock) -> None:
    """Entries appended at once through two pools of connections form one chain."""
    async with open_store(url, clock=clock) as other:
        await asyncio.gather(
            *(log.audit.append("x", body={"n": n}) for n in range(20) for log in (store, other))
        )

    assert await store.audit.verify() == 40
