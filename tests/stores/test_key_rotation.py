"""Rotation of the audit key: what older keys signed goes on counting, and nothing else does."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pointsman.errors import CredentialError, StoreError
from pointsman.stores import SqlStore, open_store
from pointsman.stores.anchor import Anchor
from pointsman.stores.signed_heads import marks

OLD, NEW, THIRD = (f"an audit key of forty characters, the {n}" for n in ("old", "new", "third"))


def opened(folder: Path, **options: Any) -> SqlStore:
    """Open a store whose log is signed in its folder."""
    return open_store(folder / "store.db", anchor=Anchor(folder, **options))


async def filled(folder: Path, entries: int = 3, **options: Any) -> None:
    """Write a few entries."""
    async with opened(folder, **options) as store:
        for number in range(entries):
            await store.audit.append("x", body={"number": number})


async def rotate(folder: Path, former: str = "", **options: Any) -> int:
    """Rotate as the command does."""
    async with opened(folder, **options) as store:
        return await store.audit.rotate_key(by="ann", former=former)


async def verify(folder: Path, **options: Any) -> int:
    """Verify as an operator does."""
    async with opened(folder, **options) as store:
        extent = await store.audit.verify()
        assert extent.signed == extent.entries
        return extent.entries


async def test_older_heads_go_on_counting(tmp_path: Path) -> None:
    """Over several keys; the former private keys are gone, and each change is an entry."""
    await filled(tmp_path)
    before = (tmp_path / "audit-key.pem").read_text()
    for turn in range(3):
        assert await rotate(tmp_path) == 1
        assert await verify(tmp_path) == 3 + 4 * turn + 1
        await filled(tmp_path)

    assert await verify(tmp_path) == 15
    assert (tmp_path / "audit-key.pem").read_text() != before
    assert {file.name for file in tmp_path.glob("audit-*")} == {
        "audit-key.pem",
        "audit-heads.jsonl",
    }
    async with opened(tmp_path) as store:
        kinds = [(entry.kind, entry.actor) for entry in await store.audit.entries()]
    assert kinds.count(("audit_key_rotated", "ann")) == 3


@pytest.mark.parametrize(
    ("first", "then", "former"),
    [
        pytest.param({}, {"secret": NEW}, "", id="folder-to-variable"),
        pytest.param({"secret": OLD}, {"secret": NEW}, OLD, id="variable-to-variable"),
        pytest.param({"secret": OLD}, {}, OLD, id="variable-to-folder"),
    ],
)
async def test_a_key_moves_anywhere(
    tmp_path: Path, first: dict[str, Any], then: dict[str, Any], former: str
) -> None:
    """From the folder to the variable, to another one, and back."""
    await filled(tmp_path, **first)

    await rotate(tmp_path, former, **then)

    await filled(tmp_path, **then)
    assert await verify(tmp_path, **then) == 7
    assert (tmp_path / "audit-key.pem").exists() == (not then)


def test_every_log_of_the_folder_is_handed_over(tmp_path: Path) -> None:
    """Stores that share a home share its key."""
    for name in ("", "one", "two"):
        Anchor(tmp_path, store=name).sign([("", 1, name)])

    anchor = Anchor(tmp_path)
    assert anchor.rotate(anchor.folder_key()) == 3

    for name in ("one", "two"):
        anchor = Anchor(tmp_path, store=name)
        anchor.sign([("", 2, name)])
        assert marks(anchor.heads()) == {"": {1: name, 2: name}}


@pytest.mark.parametrize("variable", [False, True])
async def test_a_process_that_knows_the_old_key_spoils_nothing(
    tmp_path: Path, variable: bool
) -> None:
    """One with the folder's key takes the new one; one with a variable is told to start again."""
    old: dict[str, Any] = {"secret": OLD} if variable else {}
    new: dict[str, Any] = {"secret": NEW} if variable else {}
    await filled(tmp_path, **old)
    running = Anchor(tmp_path, **old)
    running.signed([("", 3, "it has read its key")])
    await rotate(tmp_path, OLD if variable else "", **new)

    async with opened(tmp_path, **new) as store:
        entry = await store.audit.append("x", body={})
        if variable:
            with pytest.raises(StoreError, match="Another key signs"):
                running.sign([("", entry.seq, entry.hash)])
        else:
            running.sign([("", entry.seq, entry.hash)])

    assert await verify(tmp_path, **new) == 5


async def test_the_old_key_signs_nothing_after_it_was_changed(tmp_path: Path) -> None:
    """It may have been changed because somebody else has it."""
    await filled(tmp_path, secret=OLD)
    await rotate(tmp_path, OLD, secret=NEW)
    stolen = Anchor(tmp_path, secret=OLD).signed([("", 5, "forged")])
    with (tmp_path / "audit-heads.jsonl").open("a") as heads:
        heads.write(stolen.model_dump_json() + "\n")

    with pytest.raises(StoreError, match="Line 6 was not signed"):
        await verify(tmp_path, secret=NEW)


async def test_nobody_hands_over_to_a_key_that_they_do_not_have(tmp_path: Path) -> None:
    """Forged heads that end with a handover to the real key are none: it did not sign that."""
    await filled(tmp_path, secret=NEW)
    real = Anchor(tmp_path, secret=NEW).heads()[0].key
    await filled(tmp_path / "forged", secret=OLD)
    await rotate(tmp_path / "forged", OLD, secret=THIRD)
    forged = tmp_path / "forged" / "audit-heads.jsonl"
    third = Anchor(tmp_path, secret=THIRD).signed([("", 1, "x")]).key
    lines = forged.read_text().splitlines()[:4]
    (tmp_path / "audit-heads.jsonl").write_text("\n".join(lines).replace(third, real) + "\n")

    with pytest.raises(StoreError, match="Line 4 was not signed"):
        await verify(tmp_path, secret=NEW)


@pytest.mark.parametrize("line", range(5))
async def test_a_line_less_shows_where_a_key_was_changed(tmp_path: Path, line: int) -> None:
    """The handover cannot be taken away, nor all that is before it or behind it."""
    await filled(tmp_path, secret=OLD)
    await rotate(tmp_path, OLD, secret=NEW)
    heads = tmp_path / "audit-heads.jsonl"
    lines = heads.read_text().splitlines()
    assert len(lines) == 5
    kept = {0: lines[:3], 1: lines[:3] + lines[4:], 2: lines[3:], 3: lines[4:], 4: lines[:4]}[line]
    heads.write_text("\n".join(kept) + "\n")

    if line == 4:
        # What was signed last may be lacking as after a crash; the handover vouches for the rest.
        async with opened(tmp_path, secret=NEW) as store:
            assert tuple(await store.audit.verify()) == (4, 1, 3)
    else:
        problem = "was not signed with the audit key" if line < 2 else "A line is missing"
        with pytest.raises(StoreError, match=problem):
            await verify(tmp_path, secret=NEW)


async def test_a_log_that_was_tampered_with_is_not_handed_over(tmp_path: Path) -> None:
    """Else the new key would vouch for it."""
    await filled(tmp_path)
    heads = tmp_path / "audit-heads.jsonl"
    heads.write_text("\n".join(heads.read_text().splitlines()[1:]).replace(",2,", ",3,") + "\n")

    with pytest.raises(StoreError, match="Line 1 was not signed"):
        await rotate(tmp_path)


@pytest.mark.parametrize(
    ("former", "match"), [("", "no key that has signed"), (THIRD, "Line 1 was not signed")]
)
async def test_another_former_key_is_refused(tmp_path: Path, former: str, match: str) -> None:
    """So is none, where the folder holds none."""
    await filled(tmp_path, secret=OLD)

    with pytest.raises(StoreError, match=match):
        await rotate(tmp_path, former, secret=NEW)

    assert await verify(tmp_path, secret=OLD) == 3


async def test_a_former_key_that_is_none_is_refused_unprinted(tmp_path: Path) -> None:
    """The message does not hold it."""
    await filled(tmp_path, secret=OLD)

    with pytest.raises(CredentialError) as raised:
        await rotate(tmp_path, "swordfish", secret=NEW)

    assert "swordfish" not in str(raised.value)


KILLED = """
import os, sys
from pathlib import Path
from pointsman.stores import anchor
at, folder = sys.argv[1], Path(sys.argv[2])
signed = anchor.Anchor(folder)
if at == "before":
    anchor.Anchor._hand_over = lambda *_: os._exit(9)
else:
    Path.replace = lambda *_: os._exit(9)
signed.rotate(signed.folder_key())
"""


@pytest.mark.parametrize("at", ["before", "after"])
async def test_a_change_that_was_cut_off_harms_nothing(tmp_path: Path, at: str) -> None:
    """In the middle of it, the log is signed and verified, and it can be done again."""
    await filled(tmp_path)
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, at, str(tmp_path)], check=False, timeout=60
    )
    assert killed.returncode == 9
    assert (tmp_path / "audit-key-next.pem").exists()

    assert await verify(tmp_path) == 3
    await filled(tmp_path)
    assert await verify(tmp_path) == 6
    await rotate(tmp_path)

    await filled(tmp_path)
    assert await verify(tmp_path) == 10
