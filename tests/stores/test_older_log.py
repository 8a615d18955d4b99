"""The one chain of earlier releases: closed by the first entry of this one, and verified still."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, delete, insert, text, update

from pointsman.errors import StoreError
from pointsman.stores import SqlStore, open_store
from pointsman.stores.anchor import Anchor
from pointsman.stores.audit_verification import older_hash
from pointsman.stores.engines import Pool, store_url
from pointsman.stores.migrate import upgrade
from pointsman.stores.records import AuditEntry
from pointsman.stores.schema import audit_bodies, audit_entries, older_audit, older_audit_head
from pointsman.stores.signed_heads import OlderHead

LENGTH = 4


def older_database(url: str, folder: Path, *, signs: bool = True) -> list[OlderHead]:
    """Make what the release before wrote: a chain, and a signed head for each entry."""
    pool = Pool(store_url(url), connections=1, timeout_seconds=5)
    heads: list[OlderHead] = []
    key = Ed25519PrivateKey.generate()
    with pool.writing.begin() as connection:
        upgrade(connection, None, "0009")
        previous = ""
        for seq in range(1, LENGTH + 1):
            facts = {"seq": seq, "at": 5.0, "thread_id": "t", "run_id": "", "previous": previous}
            entry = AuditEntry(kind="x", actor="ann", body={"n": seq}, tenant=None, **facts)
            previous = older_hash(entry)
            row = entry.model_dump(exclude={"tenant", "forgotten"}) | {"hash": previous}
            connection.execute(insert(older_audit).values(row))
            heads.append(signed_by(key, seq, previous))
        connection.execute(insert(older_audit_head).values(id=1, seq=LENGTH, hash=previous))
    pool.close()
    if signs:
        lines = [head.model_dump_json(exclude_defaults=True) for head in heads]
        (folder / "audit-heads.jsonl").write_text("\n".join(lines) + "\n")
        form = serialization.PrivateFormat.PKCS8
        pem = key.private_bytes(
            serialization.Encoding.PEM, form, serialization.NoEncryption()
        ).decode()
        (folder / "audit-key.pem").write_text(pem)
    return heads


def signed_by(key: Ed25519PrivateKey, seq: int, entry_hash: str) -> OlderHead:
    """Sign a head as the release before did."""
    raw = key.public_key().public_bytes_raw()
    head = OlderHead(seq=seq, hash=entry_hash, key=base64.b64encode(raw).decode())
    signature = base64.b64encode(key.sign(head.signed_text())).decode()
    return head.model_copy(update={"signature": signature})


def opened(url: str, folder: Path) -> SqlStore:
    """Open the store as this release does."""
    return open_store(url, anchor=Anchor(folder))


async def test_an_older_log_is_closed_and_goes_on_counting(url: str, tmp_path: Path) -> None:
    """The first entry says where it ended, the first list names that, and both verify."""
    older_database(url, tmp_path)

    async with opened(url, tmp_path) as store:
        before = await store.audit.verify()
        await store.audit.append("y", tenant="acme", body={})

        entries = await store.audit.entries()
        after = await store.audit.verify()

    assert tuple(before) == (LENGTH + 1, 1, LENGTH)
    told = [(entry.tenant, entry.kind) for entry in entries]
    assert told == [*[(None, "x")] * LENGTH, ("", "older_log_closed"), ("acme", "y")]
    assert entries[LENGTH].body["entries"] == LENGTH
    assert tuple(after) == (LENGTH + 2, 2, LENGTH + 2)


async def test_entries_of_a_thread_come_from_both(url: str, tmp_path: Path) -> None:
    """Newest kept, oldest first."""
    older_database(url, tmp_path)

    async with opened(url, tmp_path) as store:
        await store.audit.append("y", thread_id="t", body={"n": 9})

        entries = await store.audit.entries("t", limit=3)

    assert [entry.body["n"] for entry in entries] == [3, 4, 9]


async def test_an_older_log_that_nobody_signed_is_signed_with_the_next_entry(
    url: str, tmp_path: Path
) -> None:
    """The first list names the chain that closes it."""
    older_database(url, tmp_path, signs=False)

    async with opened(url, tmp_path) as store:
        with pytest.raises(StoreError, match="Nothing of it is signed"):
            await store.audit.verify()
        await store.audit.append("y", tenant="acme", body={})

        assert tuple(await store.audit.verify()) == (LENGTH + 2, 2, LENGTH + 2)


def of_older(seq: int, **values: object) -> Callable[[Connection], None]:
    """Change an entry of the older log."""

    def tamper(connection: Connection) -> None:
        connection.execute(update(older_audit).where(older_audit.c.seq == seq).values(values))

    return tamper


def cut(connection: Connection) -> None:
    """Cut its tail off, and mend its head."""
    connection.execute(delete(older_audit).where(older_audit.c.seq > 2))
    last = "(SELECT hash FROM pointsman_audit WHERE seq = 2)"
    connection.execute(text(f"UPDATE pointsman_audit_head SET seq = 2, hash = {last}"))  # noqa: S608


def grow(connection: Connection) -> None:
    """Append to it, as a release before would; the chain itself is whole."""
    last = text("SELECT hash FROM pointsman_audit WHERE seq = 4")
    facts = {"seq": 5, "at": 5.0, "thread_id": "", "run_id": "", "actor": "", "kind": "x"}
    entry = AuditEntry(previous=str(connection.execute(last).scalar()), tenant=None, **facts)
    row = entry.model_dump(exclude={"tenant", "forgotten"}) | {"hash": older_hash(entry)}
    connection.execute(insert(older_audit).values(row))
    connection.execute(update(older_audit_head).values(seq=5, hash=row["hash"]))


def remove_both(connection: Connection) -> None:
    """Remove it, and what says that it was."""
    for table in (older_audit, older_audit_head, audit_entries, audit_bodies):
        connection.execute(delete(table))
    connection.execute(text("DELETE FROM pointsman_audit_heads"))


@pytest.mark.parametrize(
    ("tamper", "where"),
    [
        pytest.param(of_older(2, actor="bob"), "entry 2 of the older log", id="flip"),
        pytest.param(
            lambda c: c.execute(delete(older_audit).where(older_audit.c.seq == 2)),
            "entry 2 of the older log",
            id="delete",
        ),
        pytest.param(cut, "entry 3 of the older log", id="cut"),
        pytest.param(grow, "entry 5 of the older log", id="grow"),
        pytest.param(remove_both, "entry 1: The whole log is missing", id="remove"),
    ],
)
async def test_tampering_with_the_older_log_is_found(
    url: str, tmp_path: Path, tamper: Callable[[Connection], object], where: str
) -> None:
    """Behind its closing too."""
    older_database(url, tmp_path)
    async with opened(url, tmp_path) as store:
        await store.audit.append("y", tenant="acme", body={})
        await store.database.write(tamper)

        with pytest.raises(StoreError, match=f"audit {where}"):
            await store.audit.verify()


async def test_heads_that_were_exported_before_go_on_counting(url: str, tmp_path: Path) -> None:
    """They vouch for the older log alone."""
    *_, head = older_database(url, tmp_path)
    async with opened(url, tmp_path) as store:
        await store.audit.append("y", tenant="acme", body={})
        await store.audit.verify_heads([head])
        await store.database.write(cut)

        with pytest.raises(StoreError, match="entry 3 of the older log: The tail is missing"):
            await store.audit.verify_heads([head])


async def test_the_key_of_an_older_log_is_changed_like_any(tmp_path: Path) -> None:
    """The handover follows the older heads, and what they say goes on counting."""
    older_database(str(tmp_path / "store.db"), tmp_path)
    async with opened(str(tmp_path / "store.db"), tmp_path) as store:
        assert await store.audit.rotate_key(by="ann") == 1

        assert tuple(await store.audit.verify()) == (LENGTH + 2, 1, LENGTH + 2)


async def test_an_older_head_behind_a_list_shows(tmp_path: Path) -> None:
    """No release writes one there."""
    *_, head = older_database(str(tmp_path / "store.db"), tmp_path)
    async with opened(str(tmp_path / "store.db"), tmp_path) as store:
        await store.audit.append("y", body={})
        with (tmp_path / "audit-heads.jsonl").open("a") as heads:
            heads.write(head.model_dump_json(exclude_defaults=True) + "\n")

        with pytest.raises(StoreError, match="A line is missing before line 6"):
            await store.audit.verify()
