"""The audit log notices every change to it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from sqlalchemy import Connection, delete, insert, select, update

from pointsman.errors import StoreError
from pointsman.stores import SqlStore, open_store
from pointsman.stores.audit import AuditDraft
from pointsman.stores.schema import audit_bodies, audit_entries, audit_heads

from .conftest import Clock


async def filled(store: SqlStore) -> None:
    """Append five entries to a tenant's chain, and between them some to others'."""
    for number in range(1, 6):
        about = {"thread_id": f"t{number % 2}", "actor": "ann"}
        await store.audit.append("approval", tenant="acme", body={"number": number}, **about)
        for tenant in ("", "zeta"):
            await store.audit.append("other", tenant=tenant, body={"number": -number})


async def test_each_tenant_has_a_chain(store: SqlStore) -> None:
    """Its entries are numbered from 1 on, and each names the hash of the one before."""
    await filled(store)

    entries = await store.audit.entries(tenant="acme")

    assert [entry.seq for entry in entries] == [1, 2, 3, 4, 5]
    assert [entry.body["number"] for entry in entries] == [1, 2, 3, 4, 5]
    assert [entry.previous for entry in entries] == ["", *(e.hash for e in entries[:-1])]
    assert tuple(await store.audit.verify()) == (15, 3, 0)


async def test_entries_of_all_tenants_come_as_they_were_written(store: SqlStore) -> None:
    """Whoever may see all sees one list."""
    await filled(store)

    entries = await store.audit.entries(limit=5)

    told = [(entry.tenant, entry.body["number"]) for entry in entries]
    assert told == [("", -4), ("zeta", -4), ("acme", 5), ("", -5), ("zeta", -5)]


async def test_empty_log_is_whole(store: SqlStore) -> None:
    """A log without entries verifies."""
    assert tuple(await store.audit.verify()) == (0, 0, 0)


async def test_entries_are_chosen_by_thread_and_limit(store: SqlStore) -> None:
    """The newest entries of a thread are returned, oldest first."""
    await filled(store)

    entries = await store.audit.entries("t1", limit=2)

    assert [entry.body["number"] for entry in entries] == [3, 5]


OF_ACME = audit_entries.c.tenant == "acme"
BODIES_OF_ACME = audit_bodies.c.tenant == "acme"


def change(seq: int, **values: object) -> Callable[[Connection], None]:
    """Change columns of an entry."""

    def tamper(connection: Connection) -> None:
        connection.execute(
            update(audit_entries).where(OF_ACME, audit_entries.c.seq == seq).values(values)
        )

    tamper.__name__ = "_".join(["change", *values])
    return tamper


def change_body(**values: object) -> Callable[[Connection], None]:
    """Change what stands apart of an entry."""

    def tamper(connection: Connection) -> None:
        connection.execute(
            update(audit_bodies).where(BODIES_OF_ACME, audit_bodies.c.seq == 3).values(values)
        )

    tamper.__name__ = "_".join(["change_body", *values])
    return tamper


def remove_body(connection: Connection) -> None:
    """Remove a body without a word."""
    connection.execute(delete(audit_bodies).where(BODIES_OF_ACME, audit_bodies.c.seq == 3))


def remove(connection: Connection, seq: int = 3) -> None:
    """Remove an entry."""
    connection.execute(delete(audit_entries).where(OF_ACME, audit_entries.c.seq == seq))
    connection.execute(delete(audit_bodies).where(BODIES_OF_ACME, audit_bodies.c.seq == seq))


def renumber(connection: Connection, old: int, new: int) -> None:
    """Give an entry, and its body, another number."""
    for table in (audit_entries, audit_bodies):
        its = (table.c.tenant == "acme", table.c.seq == old)
        connection.execute(update(table).where(*its).values(seq=new))


def remove_and_close_the_gap(connection: Connection) -> None:
    """Remove an entry and number the next ones as if it had never been."""
    remove(connection)
    for seq in (4, 5):
        renumber(connection, seq, seq - 1)
    connection.execute(update(audit_heads).where(audit_heads.c.tenant == "acme").values(seq=4))


def insert_one(connection: Connection) -> None:
    """Push an entry in between."""
    for seq in (5, 4, 3):
        renumber(connection, seq, seq + 1)
    copy_of(connection, 2, seq=3)


def copy_of(connection: Connection, original: int, **values: object) -> None:
    """Copy an entry with other values."""
    for table in (audit_entries, audit_bodies):
        its = (table.c.tenant == "acme", table.c.seq == original)
        row = dict(connection.execute(select(table).where(*its)).one()._mapping)
        row.pop("number", None)
        names = row.keys() & values.keys()
        connection.execute(insert(table).values({**row, **{n: values[n] for n in names}}))


def swap(connection: Connection) -> None:
    """Exchange two entries."""
    for old, new in ((3, 99), (4, 3), (99, 4)):
        renumber(connection, old, new)


def remove_the_first(connection: Connection) -> None:
    """Remove the first entry."""
    remove(connection, 1)


def remove_the_last(connection: Connection) -> None:
    """Cut the tail off."""
    remove(connection, 5)


def forge_the_next(connection: Connection) -> None:
    """Append an entry without the log's doing."""
    copy_of(connection, 5, seq=6)


def remove_all(connection: Connection) -> None:
    """Remove every entry of the tenant."""
    for seq in range(1, 6):
        remove(connection, seq)


def move_to_another_tenant(connection: Connection) -> None:
    """Pass a chain off as another tenant's."""
    for table in (audit_entries, audit_bodies, audit_heads):
        connection.execute(update(table).where(table.c.tenant == "acme").values(tenant="b"))


@pytest.mark.parametrize(
    ("tamper", "broken"),
    [
        *(
            (change(3, **{name: value}), 3)
            for name, value in {
                "at": 1.0,
                "kind": "x",
                "thread_id": "x",
                "run_id": "x",
                "commitment": "0" * 64,
                "previous": "0" * 64,
                "hash": "0" * 64,
            }.items()
        ),
        (change_body(body={"number": 4}), 3),
        (change_body(actor="bob"), 3),
        (change_body(salt=b"0" * 32), 3),
        (remove_body, 3),
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
    """Verification names the first entry of the tenant that is not as it was written."""
    await filled(store)
    await store.database.write(tamper)

    with pytest.raises(StoreError, match=f"audit entry {broken} of tenant 'acme':"):
        await store.audit.verify()


async def test_a_chain_is_its_tenants(store: SqlStore) -> None:
    """Under another tenant's name it is not whole."""
    await filled(store)
    await store.database.write(move_to_another_tenant)

    with pytest.raises(StoreError, match="audit entry 1 of tenant 'b': The entry was changed"):
        await store.audit.verify()


async def test_what_is_forgotten_is_named_and_the_chain_holds(store: SqlStore) -> None:
    """Actor and body are gone; when, what kind, which thread and run stay, and who removed it."""
    await filled(store)

    entry = await store.audit.forget("acme", [2, 4, 4], reason="asked to", actor="officer")

    assert entry.body == {"entries": [2, 4], "reason": "asked to"}
    assert (await store.audit.verify()).entries == 16
    entries = await store.audit.entries(tenant="acme")
    assert [e.seq for e in entries if e.forgotten] == [2, 4]
    assert {(e.actor, str(e.body)) for e in entries if e.forgotten} == {("", "{}")}
    assert (entries[1].kind, entries[1].thread_id) == ("approval", "t0")
    bodies = select(audit_bodies.c.seq).where(BODIES_OF_ACME).order_by(audit_bodies.c.seq)
    kept = await store.database.read(lambda c: c.execute(bodies).scalars().all())
    assert kept == [1, 3, 5, 6]


async def test_forgetting_goes_on_where_it_ended(store: SqlStore) -> None:
    """What is forgotten already is not named again."""
    await filled(store)
    await store.audit.forget("acme", [1, 2], reason="first")

    entry = await store.audit.forget("acme", [1, 2, 3], reason="second")

    assert entry.body == {"entries": [3], "reason": "second"}
    assert (await store.audit.verify()).entries == 17


@pytest.mark.parametrize(
    ("numbers", "match"),
    [([9], "entry 9 of.*no such"), ([6], "entry 6 of.*needed"), ([1], "left to forget")],
)
async def test_what_cannot_be_forgotten_is_refused_whole(
    store: SqlStore, numbers: list[int], match: str
) -> None:
    """Neither what is not there, nor what names the forgotten, nor what is gone; nor the rest."""
    await filled(store)
    await store.audit.forget("acme", [1], reason="asked to")
    more = [*numbers, 2] if numbers != [1] else numbers

    with pytest.raises(StoreError, match=match):
        await store.audit.forget("acme", more, reason="more")

    assert not (await store.audit.entries(tenant="acme"))[1].forgotten
    assert (await store.audit.verify()).entries == 16


async def test_what_was_forgotten_does_not_come_back_unseen(store: SqlStore) -> None:
    """A body from a backup shows, though it is the one that was committed to."""
    await filled(store)
    body = select(audit_bodies).where(BODIES_OF_ACME, audit_bodies.c.seq == 2)
    row = await store.database.read(lambda c: dict(c.execute(body).one()._mapping))
    await store.audit.forget("acme", [2], reason="asked to")
    await store.database.write(lambda c: c.execute(insert(audit_bodies).values(row)))

    with pytest.raises(StoreError, match=r"audit entry 2 of tenant 'acme': Entry 6 says"):
        await store.audit.verify()


async def test_a_missing_body_is_named_before_what_is_broken_behind_it(store: SqlStore) -> None:
    """The first wrong entry is named, though only a later one could have excused it."""
    await filled(store)
    await store.database.write(remove_body)
    await store.database.write(change(5, kind="x"))

    with pytest.raises(StoreError, match="audit entry 3 of tenant 'acme': The body is missing"):
        await store.audit.verify()


async def test_equal_bodies_do_not_show_as_equal(store: SqlStore) -> None:
    """Who guesses a forgotten body cannot try the guess: each has a salt of its own."""
    for _ in range(2):
        await store.audit.append("x", body={"card": "none"})

    query = select(audit_entries.c.commitment)
    found = await store.database.read(lambda c: c.execute(query).scalars().all())

    assert len(set(found)) == 2


async def test_notes_ride_with_the_next_write_and_last(store: SqlStore) -> None:
    """They cost no transaction, come in their order, and are not there before."""
    for number in range(3):
        await store.audit.note(AuditDraft(kind="x", at=1.0, tenant="acme", body={"n": number}))
    assert not await store.audit.entries()

    await store.database.write(lambda _: None)

    assert [entry.body["n"] for entry in await store.audit.entries()] == [0, 1, 2]
    assert (await store.audit.verify()).entries == 3


async def test_notes_survive_a_write_that_fails(store: SqlStore) -> None:
    """They are no part of it: the next write takes them, once."""
    await store.audit.note(AuditDraft(kind="x", at=1.0, body={}))

    def fails(_: Connection) -> None:
        raise ValueError("refused")

    with pytest.raises(ValueError, match="refused"):
        await store.database.write(fails)
    await store.database.write(lambda _: None)
    await store.database.write(lambda _: None)

    assert (await store.audit.verify()).entries == 1


async def test_rivals_append_to_the_same_chains(store: SqlStore, url: str, clock: Clock) -> None:
    """Entries appended at once through two pools of connections form one chain a tenant."""
    async with open_store(url, clock=clock) as other:
        await asyncio.gather(
            *(
                log.audit.append("x", tenant="ab"[n % 2], body={"n": n})
                for n in range(20)
                for log in (store, other)
            )
        )

    assert (await store.audit.verify()).entries == 40
