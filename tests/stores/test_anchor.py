"""Signed heads: whoever may write the database cannot cut or rewrite the log unseen."""

from __future__ import annotations

import asyncio
import resource
import signal
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, delete, select, update

from pointsman.errors import CredentialError, StoreError
from pointsman.state.approval import ApprovalRequest, Decision
from pointsman.stores import SqlStore, open_store
from pointsman.stores.anchor import Anchor, read_head
from pointsman.stores.audit import entry_hash
from pointsman.stores.records import AuditEntry
from pointsman.stores.schema import audit, audit_head

ENTRIES = 6


def opened(folder: Path, **options: Any) -> SqlStore:
    """Open a store whose log is signed in its folder."""
    return open_store(folder / "store.db", anchor=Anchor(folder, **options))


async def filled(folder: Path, **options: Any) -> None:
    """Write a few entries."""
    async with opened(folder, **options) as store:
        for number in range(ENTRIES):
            await store.audit.append("x", body={"number": number})


def cut(connection: Connection, *, after: int) -> None:
    """Cut the tail off, as somebody does who knows the tables."""
    connection.execute(delete(audit).where(audit.c.seq > after))
    row = connection.execute(select(audit.c.hash).where(audit.c.seq == after)).scalar() or ""
    connection.execute(update(audit_head).values(seq=after, hash=row))


def rewrite(connection: Connection, *, start: int) -> None:
    """Change an entry and compute the chain anew from there on."""
    rows = connection.execute(select(audit).where(audit.c.seq >= start).order_by(audit.c.seq))
    entries = [AuditEntry(**row._mapping) for row in rows]
    previous = entries[0].previous
    for entry in entries:
        changed = {"actor": "nobody"} if entry.seq == start else {}
        forged = entry.model_copy(update={**changed, "previous": previous})
        previous = entry_hash(forged)
        values = {"actor": forged.actor, "previous": forged.previous, "hash": previous}
        connection.execute(update(audit).where(audit.c.seq == entry.seq).values(values))
    connection.execute(update(audit_head).values(hash=previous))


async def verify(folder: Path, work: Callable[[Connection], None] | None = None) -> int:
    """Tamper, and verify as an operator does."""
    async with opened(folder) as store:
        if work is not None:
            await store.database.write(work)
        return await store.audit.verify()


async def test_a_whole_log_verifies(tmp_path: Path) -> None:
    """After a restart too; key and heads are private."""
    await filled(tmp_path)
    await filled(tmp_path)

    assert await verify(tmp_path) == 2 * ENTRIES
    made = [file for file in tmp_path.iterdir() if file.name.startswith("audit-")]
    assert {file.name for file in made} == {"audit-key.pem", "audit-heads.jsonl"}
    assert {stat.S_IMODE(file.stat().st_mode) for file in made} == {0o600}


@pytest.mark.parametrize("after", range(ENTRIES))
async def test_a_cut_tail_shows(tmp_path: Path, after: int) -> None:
    """The first missing entry is named, wherever the cut is."""
    await filled(tmp_path)

    with pytest.raises(StoreError, match=f"audit entry {after + 1}: The tail is missing"):
        await verify(tmp_path, lambda connection: cut(connection, after=after))


@pytest.mark.parametrize("start", range(1, ENTRIES + 1))
async def test_a_rewritten_chain_shows(tmp_path: Path, start: int) -> None:
    """The first forged entry is named, though the chain itself is whole."""
    await filled(tmp_path)

    with pytest.raises(StoreError, match=f"audit entry {start}: The chain was rewritten"):
        await verify(tmp_path, lambda connection: rewrite(connection, start=start))


async def test_a_cut_tail_shows_under_new_entries(tmp_path: Path) -> None:
    """A log that grows on after the cut does not grow over it."""
    await filled(tmp_path)
    async with opened(tmp_path) as store:
        await store.database.write(lambda connection: cut(connection, after=4))
        for _ in range(5):
            await store.audit.append("y", body={})

        with pytest.raises(StoreError, match="audit entry 5: The chain was rewritten"):
            await store.audit.verify()


@pytest.mark.parametrize(
    "forge",
    [
        pytest.param(lambda ls: [ls[0].replace('"seq":1', '"seq":2'), *ls[1:]], id="number"),
        pytest.param(lambda ls: [*ls[:2], "{}", *ls[3:]], id="no-head"),
        pytest.param(lambda ls: [*ls[:2], "nonsense", *ls[3:]], id="nonsense"),
        pytest.param(lambda ls: [ls[0][: len(ls[0]) // 2], *ls[1:]], id="half-a-line"),
    ],
)
async def test_forged_heads_show(tmp_path: Path, forge: Callable[[list[str]], list[str]]) -> None:
    """A line that the key did not sign is named."""
    await filled(tmp_path)
    file = tmp_path / "audit-heads.jsonl"
    file.write_text("\n".join(forge(file.read_text().splitlines())) + "\n")

    with pytest.raises(StoreError, match=r"Line [123] was not signed"):
        await verify(tmp_path)


@pytest.mark.parametrize("name", ["audit-heads.jsonl", "audit-key.pem"])
async def test_what_signs_cannot_be_taken_away_unseen(tmp_path: Path, name: str) -> None:
    """A key without heads, or heads without their key, is an error."""
    await filled(tmp_path)
    (tmp_path / name).unlink()

    with pytest.raises(StoreError, match="missing"):
        await verify(tmp_path)


async def test_heads_of_another_key_show(tmp_path: Path) -> None:
    """Somebody who makes a key and heads of their own does not pass for the log."""
    await filled(tmp_path)
    kept = (tmp_path / "audit-key.pem").read_text()
    for name in ("audit-key.pem", "audit-heads.jsonl"):
        (tmp_path / name).unlink()
    await filled(tmp_path)
    (tmp_path / "audit-key.pem").write_text(kept)

    with pytest.raises(StoreError, match="Line 1 was not signed with the audit key"):
        await verify(tmp_path)


async def test_an_exported_head_vouches_alone(tmp_path: Path) -> None:
    """Whoever owns the whole folder cannot do away with a copy that is elsewhere."""
    await filled(tmp_path)
    async with opened(tmp_path) as store:
        head = read_head((await store.audit.signed_head()).model_dump_json())
    assert head is not None
    assert head.is_genuine()
    (tmp_path / "audit-key.pem").unlink()
    (tmp_path / "audit-heads.jsonl").unlink()

    async with opened(tmp_path) as store:
        await store.audit.verify_heads([head])
        with pytest.raises(StoreError, match="Nothing of it is signed"):
            await store.audit.verify()
        await store.database.write(lambda connection: rewrite(connection, start=3))
        with pytest.raises(StoreError, match="audit entry 6: The chain was rewritten"):
            await store.audit.verify_heads([head])


async def test_decisions_are_signed_too(tmp_path: Path) -> None:
    """What people decide is what one would most like to cut."""
    async with opened(tmp_path) as store:
        await store.approvals.open("r", "t", ApprovalRequest(id="a", step="s", tool="pay"))
        await store.approvals.decide([Decision(approval_id="a", type="approve", approver="ann")])

    with pytest.raises(StoreError, match="audit entry 1: The tail is missing"):
        await verify(tmp_path, lambda connection: cut(connection, after=0))


async def test_many_processes_worth_of_writers_sign_one_log(tmp_path: Path) -> None:
    """Stores that share the folder make one key, and lines that do not mix."""
    stores = [opened(tmp_path) for _ in range(4)]
    await asyncio.gather(*(s.audit.append("x", body={"n": n}) for n in range(20) for s in stores))
    for store in stores:
        await store.close()

    assert await verify(tmp_path) == 80
    assert len((tmp_path / "audit-heads.jsonl").read_text().splitlines()) == 80


def test_half_a_head_is_taken_back(tmp_path: Path) -> None:
    """A disk that fills up inside a line leaves none that would spoil the next."""
    anchor = Anchor(tmp_path)
    anchor.sign(1, "a")
    full = (tmp_path / "audit-heads.jsonl").stat().st_size + 10
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (full, before[1]))
    try:
        with pytest.raises(StoreError, match="No space left"):
            anchor.sign(2, "b")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)
    anchor.sign(3, "c")

    assert [head.seq for head in anchor.heads()] == [1, 3]


SECRET = "an audit key of forty characters, at least"


async def test_a_key_of_the_environment_leaves_none_in_the_folder(tmp_path: Path) -> None:
    """It signs, and another one does not pass for it."""
    await filled(tmp_path, secret=SECRET)

    assert not (tmp_path / "audit-key.pem").exists()
    async with opened(tmp_path, secret=SECRET) as store:
        assert await store.audit.verify() == ENTRIES
    async with opened(tmp_path, secret=SECRET + "!") as store:
        with pytest.raises(StoreError, match="Line 1 was not signed"):
            await store.audit.verify()


@pytest.mark.parametrize("secret", ["too short", "-----BEGIN PRIVATE KEY-----\nAAAA\n"])
def test_a_key_that_is_none_is_refused_unprinted(tmp_path: Path, secret: str) -> None:
    """The message names the variable, not its content."""
    with pytest.raises(CredentialError, match="POINTSMAN_AUDIT_KEY") as raised:
        Anchor(tmp_path, secret=secret).sign(1, "h")

    assert secret not in str(raised.value)
    assert raised.value.__cause__ is None


async def test_a_head_that_cannot_be_kept_undoes_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The entry stands, the failure is told, and the next head vouches for both."""
    await filled(tmp_path)
    heads = tmp_path / "audit-heads.jsonl"
    heads.rename(tmp_path / "away")
    heads.mkdir()

    async with opened(tmp_path) as store:
        await store.audit.append("unsigned", body={})
        assert "is not signed" in caplog.text
        heads.rmdir()
        (tmp_path / "away").rename(heads)
        await store.audit.append("signed", body={})

        assert await store.audit.verify() == ENTRIES + 2
    with pytest.raises(StoreError, match="tail is missing"):
        await verify(tmp_path, lambda connection: cut(connection, after=ENTRIES + 1))
