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
from pointsman.stores.anchor import Anchor
from pointsman.stores.audit import AuditDraft
from pointsman.stores.audit_chain import chain_hash
from pointsman.stores.audit_verification import WITH_BODIES, link_of
from pointsman.stores.schema import audit_bodies, audit_entries, audit_heads
from pointsman.stores.signed_heads import marks, read_signed

ENTRIES = 6


def opened(folder: Path, **options: Any) -> SqlStore:
    """Open a store whose log is signed in its folder."""
    return open_store(folder / "store.db", anchor=Anchor(folder, **options))


async def filled(folder: Path, **options: Any) -> None:
    """Write a few entries for each of two tenants."""
    async with opened(folder, **options) as store:
        for number in range(ENTRIES):
            for tenant in ("acme", "zeta"):
                await store.audit.append("x", tenant=tenant, body={"number": number})


def cut(connection: Connection, *, after: int, tenant: str = "acme") -> None:
    """Cut the tail off, as somebody does who knows the tables."""
    for table in (audit_entries, audit_bodies):
        connection.execute(delete(table).where(table.c.tenant == tenant, table.c.seq > after))
    its = (audit_entries.c.tenant == tenant, audit_entries.c.seq == after)
    last = connection.execute(select(audit_entries.c.hash).where(*its)).scalar() or ""
    head = audit_heads.c.tenant == tenant
    if after:
        connection.execute(update(audit_heads).where(head).values(seq=after, hash=last))
    else:
        connection.execute(delete(audit_heads).where(head))


def rewrite(connection: Connection, *, start: int, tenant: str = "acme") -> None:
    """Change an entry and compute the chain anew from there on."""
    of_tenant = audit_entries.c.tenant == tenant
    rows = connection.execute(WITH_BODIES.where(of_tenant).order_by(audit_entries.c.seq))
    previous = ""
    for link in map(link_of, rows.all()):
        kind = "forged" if link.seq == start else link.kind
        forged = link._replace(kind=kind, previous=previous)
        previous = chain_hash(previous, forged.facts_digest())
        connection.execute(
            update(audit_entries)
            .where(of_tenant, audit_entries.c.seq == link.seq)
            .values(kind=forged.kind, previous=forged.previous, hash=previous)
        )
    connection.execute(
        update(audit_heads).where(audit_heads.c.tenant == tenant).values(hash=previous)
    )


async def verify(folder: Path, work: Callable[[Connection], None] | None = None) -> int:
    """Tamper, and verify as an operator does."""
    async with opened(folder) as store:
        if work is not None:
            await store.database.write(work)
        extent = await store.audit.verify()
        assert extent.signed == extent.entries
        return extent.entries


async def test_a_whole_log_verifies(tmp_path: Path) -> None:
    """After a restart too; key and heads are private."""
    await filled(tmp_path)
    await filled(tmp_path)

    assert await verify(tmp_path) == 4 * ENTRIES
    made = [file for file in tmp_path.iterdir() if file.name.startswith("audit-")]
    assert {file.name for file in made} == {"audit-key.pem", "audit-heads.jsonl"}
    assert {stat.S_IMODE(file.stat().st_mode) for file in made} == {0o600}


@pytest.mark.parametrize("after", range(ENTRIES))
async def test_a_cut_tail_shows(tmp_path: Path, after: int) -> None:
    """The first missing entry is named, wherever the cut is."""
    await filled(tmp_path)

    with pytest.raises(
        StoreError,
        match=f"audit entry {after + 1} of tenant 'acme': The (tail|whole log) is missing",
    ):
        await verify(tmp_path, lambda connection: cut(connection, after=after))


@pytest.mark.parametrize("start", range(1, ENTRIES + 1))
async def test_a_rewritten_chain_shows(tmp_path: Path, start: int) -> None:
    """The first forged entry is named, though the chain itself is whole."""
    await filled(tmp_path)

    with pytest.raises(
        StoreError, match=f"audit entry {start} of tenant 'acme': The chain was rewritten"
    ):
        await verify(tmp_path, lambda connection: rewrite(connection, start=start))


async def test_a_cut_tail_shows_under_new_entries(tmp_path: Path) -> None:
    """A log that grows on after the cut does not grow over it."""
    await filled(tmp_path)
    async with opened(tmp_path) as store:
        await store.database.write(lambda connection: cut(connection, after=4))
        for _ in range(5):
            await store.audit.append("y", tenant="acme", body={})

        with pytest.raises(
            StoreError, match="audit entry 5 of tenant 'acme': The chain was rewritten"
        ):
            await store.audit.verify()


@pytest.mark.parametrize(
    "forge",
    [
        pytest.param(lambda ls: [ls[0].replace(",1,", ",2,"), *ls[1:]], id="number"),
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
        head = read_signed((await store.audit.signed_head()).model_dump_json())
    assert head is not None
    assert head.is_genuine()
    (tmp_path / "audit-key.pem").unlink()
    (tmp_path / "audit-heads.jsonl").unlink()

    async with opened(tmp_path) as store:
        await store.audit.verify_heads([head])
        with pytest.raises(StoreError, match="Nothing of it is signed"):
            await store.audit.verify()
        await store.database.write(lambda connection: rewrite(connection, start=3))
        with pytest.raises(
            StoreError, match="audit entry 6 of tenant 'acme': The chain was rewritten"
        ):
            await store.audit.verify_heads([head])


async def test_decisions_are_signed_too(tmp_path: Path) -> None:
    """What people decide is what one would most like to cut."""
    async with opened(tmp_path) as store:
        await store.approvals.open("r", "t", ApprovalRequest(id="a", step="s", tool="pay"))
        await store.approvals.decide([Decision(approval_id="a", type="approve", approver="ann")])

    with pytest.raises(StoreError, match="audit entry 1: The whole log is missing"):
        await verify(tmp_path, lambda connection: cut(connection, after=0, tenant=""))


async def test_many_processes_worth_of_writers_sign_one_log(tmp_path: Path) -> None:
    """Stores that share the folder make one key, and lines that do not mix."""
    stores = [opened(tmp_path) for _ in range(4)]
    await asyncio.gather(
        *(s.audit.append("x", tenant=str(n % 3), body={"n": n}) for n in range(20) for s in stores)
    )
    for store in stores:
        await store.close()

    assert await verify(tmp_path) == 80
    assert len((tmp_path / "audit-heads.jsonl").read_text().splitlines()) == 80


def test_half_a_head_is_taken_back(tmp_path: Path) -> None:
    """A disk that fills up inside a line leaves none that would spoil the next."""
    anchor = Anchor(tmp_path)
    anchor.sign([("", 1, "a")])
    full = (tmp_path / "audit-heads.jsonl").stat().st_size + 10
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (full, before[1]))
    try:
        with pytest.raises(StoreError, match="No space left"):
            anchor.sign([("", 2, "b")])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)
    anchor.sign([("", 3, "c")])

    assert marks(anchor.heads()) == {"": {1: "a", 3: "c"}}


SECRET = "an audit key of forty characters, at least"


async def test_a_key_of_the_environment_leaves_none_in_the_folder(tmp_path: Path) -> None:
    """It signs, and another one does not pass for it."""
    await filled(tmp_path, secret=SECRET)

    assert not (tmp_path / "audit-key.pem").exists()
    async with opened(tmp_path, secret=SECRET) as store:
        assert (await store.audit.verify()).entries == 2 * ENTRIES
    async with opened(tmp_path, secret=SECRET + "!") as store:
        with pytest.raises(StoreError, match="Line 1 was not signed"):
            await store.audit.verify()


@pytest.mark.parametrize("secret", ["too short", "-----BEGIN PRIVATE KEY-----\nAAAA\n"])
def test_a_key_that_is_none_is_refused_unprinted(tmp_path: Path, secret: str) -> None:
    """The message names the variable, not its content."""
    with pytest.raises(CredentialError, match="POINTSMAN_AUDIT_KEY") as raised:
        Anchor(tmp_path, secret=secret).sign([("", 1, "h")])

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

        assert (await store.audit.verify()).entries == 2 * ENTRIES + 2
    with pytest.raises(StoreError, match="tail is missing"):
        await verify(tmp_path, lambda connection: cut(connection, after=1, tenant=""))


async def test_a_removed_tenant_shows(tmp_path: Path) -> None:
    """No trace of it is left in the database; the lists name its chain."""
    await filled(tmp_path)

    with pytest.raises(
        StoreError, match="audit entry 1 of tenant 'zeta': The whole log is missing"
    ):
        await verify(tmp_path, lambda connection: cut(connection, after=0, tenant="zeta"))


@pytest.mark.parametrize("line", range(2 * ENTRIES - 1))
async def test_a_list_less_shows(tmp_path: Path, line: int) -> None:
    """Each is bound to the one before, so none can be taken out with the tenant it tells of."""
    await filled(tmp_path)
    file = tmp_path / "audit-heads.jsonl"
    lines = file.read_text().splitlines()
    del lines[line]
    file.write_text("\n".join(lines) + "\n")

    with pytest.raises(StoreError, match=f"A line is missing before line {line + 1}"):
        await verify(tmp_path)


async def test_lists_in_another_order_show(tmp_path: Path) -> None:
    """They are numbered, too."""
    await filled(tmp_path)
    file = tmp_path / "audit-heads.jsonl"
    first, second, *rest = file.read_text().splitlines()
    file.write_text("\n".join([second, first, *rest]) + "\n")

    with pytest.raises(StoreError, match="A line is missing before line 1"):
        await verify(tmp_path)


async def test_notes_are_signed_together(tmp_path: Path) -> None:
    """At the end of a run, or when enough of them wait; what is left, when the store is closed."""
    file = tmp_path / "audit-heads.jsonl"

    def signed() -> int:
        return len(file.read_text().splitlines()) if file.exists() else 0

    async with opened(tmp_path) as store:

        async def note(number: int, *, is_last: bool = False) -> None:
            draft = AuditDraft(kind="x", at=1.0, body={"n": number}, is_last=is_last)
            await store.audit.note(draft)
            await store.database.write(lambda _: None)

        for number in range(5):
            await note(number)
        assert signed() == 0
        await note(5, is_last=True)
        assert signed() == 1
        for number in range(40):
            await note(number)
        assert signed() == 2
        assert (await store.audit.verify()).signed == 38
    assert signed() == 3

    assert await verify(tmp_path) == 46


async def test_a_long_list_is_read_back(tmp_path: Path) -> None:
    """A line may be longer than what is read of the file at first."""
    async with opened(tmp_path) as store:
        for _ in range(3):
            for n in range(300):
                await store.audit.note(AuditDraft(kind="x", at=1.0, tenant=f"tenant {n}", body={}))
            await store.database.write(lambda _: None)
            store.audit.sign()

    assert max(map(len, (tmp_path / "audit-heads.jsonl").read_text().splitlines())) > 3 * 4096
    assert await verify(tmp_path) == 900


class Loopless(Anchor):
    """Notes where it signs: beside the event loop, or in it."""

    in_loop: bool | None = None

    def sign(self, entries: Any) -> Any:
        """Sign, and note whether an event loop runs in this thread."""
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            self.in_loop = bool(self.in_loop)
        else:
            self.in_loop = True
        return super().sign(entries)


async def asked(store: SqlStore) -> None:
    """Ask for more approvals than wait unsigned."""
    requests = [ApprovalRequest(id=f"a{n}", step="s", tool="pay", args={}) for n in range(40)]
    await store.approvals.open_all("r", "t", requests)


async def decided(store: SqlStore) -> None:
    """Answer one request."""
    await store.approvals.open("r", "t", ApprovalRequest(id="a", step="s", tool="pay", args={}))
    await store.approvals.decide([Decision(approval_id="a", type="approve", approver="ann")])


async def withdrawn(store: SqlStore) -> None:
    """Withdraw one request."""
    await store.approvals.open("r", "t", ApprovalRequest(id="a", step="s", tool="pay", args={}))
    await store.approvals.withdraw("a", "replanned")


async def noted(store: SqlStore) -> None:
    """Have more entries go with other writes than wait unsigned."""
    for number in range(40):
        await store.audit.note(AuditDraft(kind="x", at=1.0, body={"n": number}))
        await store.database.write(lambda _: None)


async def ended(store: SqlStore) -> None:
    """Note the end of a run."""
    await store.audit.note(AuditDraft(kind="x", at=1.0, body={}, is_last=True))
    await store.database.write(lambda _: None)


async def forgotten(store: SqlStore) -> None:
    """Append an entry and forget its body."""
    await store.audit.append("x", body={"n": 1})
    await store.audit.forget("", [1], reason="asked for")


WRITERS = (asked, decided, withdrawn, noted, ended, forgotten)


@pytest.mark.parametrize("writer", WRITERS, ids=lambda writer: writer.__name__)
async def test_nothing_is_signed_in_the_event_loop(
    tmp_path: Path, writer: Callable[[SqlStore], Any]
) -> None:
    """It waits for a file, and for other processes; whatever made enough entries wait."""
    anchor = Loopless(tmp_path)
    async with open_store(tmp_path / "store.db", anchor=anchor) as store:
        await writer(store)
        assert anchor.in_loop is False
