"""`audit`: the chain, whole or broken."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys

import pytest


def test_whole_chain_is_confirmed(desk):
    """An untouched log verifies, with its length."""
    desk("switch", "set", "pause")
    desk("switch", "clear", "pause")

    result = desk("audit", "verify", "--json")

    assert result.code == 0
    assert result.document == {"valid": True, "entries": 2, "tenants": 1, "signed": 2}


def test_changed_entry_is_found(desk):
    """A log that somebody touched ends with 1 and names the entry."""
    desk("switch", "set", "pause", "--reason", "fire")
    with sqlite3.connect(desk.home / "pointsman.db") as database:
        database.execute("UPDATE pointsman_audit_entries SET at = at + 1")
    database.close()

    result = desk("audit", "verify")

    assert result.code == 1
    assert "audit entry 1" in result.err


def test_a_cut_tail_is_found(desk):
    """The database alone looks whole; what was signed says that entries are missing."""
    for kind in ("set", "clear", "set"):
        desk("switch", kind, "pause")
    with sqlite3.connect(desk.home / "pointsman.db") as database:
        database.execute("DELETE FROM pointsman_audit_entries WHERE seq > 1")
        database.execute(
            "UPDATE pointsman_audit_heads"
            " SET seq = 1, hash = (SELECT hash FROM pointsman_audit_entries)"
        )
    database.close()

    result = desk("audit", "verify")

    assert result.code == 1
    assert "audit entry 2: The tail is missing" in result.err


def test_entries_that_nobody_signed_are_counted(desk):
    """Somebody who knows the tables can append what looks whole; it is told."""
    desk("switch", "set", "pause")
    kept = (desk.home / "audit-heads.jsonl").read_text()
    desk("switch", "clear", "pause")
    (desk.home / "audit-heads.jsonl").write_text(kept)

    words, document = desk("audit", "verify"), desk("audit", "verify", "--json").document

    assert "The last 1 are not signed." in words.out
    assert (document["entries"], document["signed"]) == (2, 1)


@pytest.mark.parametrize("with_head", [False, True])
def test_a_log_of_which_nothing_is_signed_is_not_called_whole(desk, tmp_path, with_head):
    """Key and heads were taken away together; an exported head still tells what was changed."""
    desk("switch", "set", "pause")
    head = tmp_path / "head.json"
    head.write_text(desk("audit", "head").out)
    for file in desk.home.glob("audit-*"):
        file.unlink()
    with sqlite3.connect(desk.home / "pointsman.db") as database:
        database.execute("DELETE FROM pointsman_audit_entries")
        database.execute("DELETE FROM pointsman_audit_bodies")
        database.execute("UPDATE pointsman_audit_heads SET seq = 0, hash = ''")
    database.close()
    desk("switch", "set", "pause", "--reason", "another")
    for file in desk.home.glob("audit-*"):
        file.unlink()

    result = desk("audit", "verify", *(["--head", str(head)] if with_head else []))

    assert result.code == 1
    assert ("The chain was rewritten" if with_head else "Nothing of it is signed") in result.err


def test_an_exported_head_outlives_the_home(desk, tmp_path):
    """A copy elsewhere tells of a log that was begun anew."""
    desk("switch", "set", "pause")
    head = tmp_path / "head.json"
    head.write_text(desk("audit", "head").out)
    good = desk("audit", "verify", "--head", str(head))
    for file in desk.home.iterdir():
        file.unlink()
    desk("switch", "set", "pause", "--reason", "another")

    plain, against = desk("audit", "verify"), desk("audit", "verify", "--head", str(head))
    forged = head.with_name("forged.json")
    forged.write_text(head.read_text().replace("1,", "2,"))

    assert (good.code, plain.code, against.code) == (0, 0, 1)
    assert "audit entry 1: The chain was rewritten" in against.err
    assert "holds no signed head" in desk("audit", "verify", "--head", str(forged)).err


def test_a_new_key_leaves_what_the_old_one_signed_good(desk, tmp_path):
    """Exported heads too; who changed it is on record."""
    desk("switch", "set", "pause")
    head = tmp_path / "head.json"
    head.write_text(desk("audit", "head").out)
    before = (desk.home / "audit-key.pem").read_text()

    rotated = desk("audit", "rotate")
    desk("switch", "clear", "pause")

    assert rotated.code == 0, rotated.err
    assert (desk.home / "audit-key.pem").read_text() != before
    verified = desk("audit", "verify", "--head", str(head), "--json")
    assert verified.document == {"valid": True, "entries": 3, "tenants": 1, "signed": 3}
    assert "audit_key_rotated" in desk("audit", "list").out


def test_a_key_of_the_environment_is_changed_with_the_former_one(desk, tmp_path, monkeypatch):
    """Without it, nothing is handed over and the command says what lacks."""
    monkeypatch.setenv("POINTSMAN_AUDIT_KEY", "o" * 40)
    desk("switch", "set", "pause")
    former = tmp_path / "former"
    former.write_text("o" * 40 + "\n")
    monkeypatch.setenv("POINTSMAN_AUDIT_KEY", "n" * 40)

    without = desk("audit", "rotate")
    with_it = desk("audit", "rotate", "--former", str(former))

    assert (without.code, with_it.code) == (1, 0), with_it.err
    assert "--former FILE" in without.err
    assert desk("audit", "verify").code == 0
    missing = desk("audit", "rotate", "--former", str(tmp_path / "none"))
    assert "It cannot be read" in missing.err


def test_a_thread_is_exported_for_an_auditor(desk, tmp_path):
    """What was asked, decided and done, with the policy in force; only Python checks it."""
    assert desk("token", "rotate").code == 0
    question = desk.waiting()
    desk.waiting("please pay order A-9 back", thread="t2")
    assert desk("approve", question["id"]).code == 0

    exported = desk("audit", "export", "t1", "--to", str(tmp_path / "out"), "--json")

    folder = tmp_path / "out"
    [request] = json.loads((folder / "approvals.json").read_text())
    kinds = {
        entry.get("kind") for entry in json.loads((folder / "chain.json").read_text())["entries"]
    }
    assert request["decisions"][0]["type"] == "approve"
    assert request["request"]["tool"] in (folder / "effects.json").read_text()
    assert {"input", "plan", "route", "tool_call", "approval_requested", "answer"} <= kinds
    assert len([*(folder / "policies").iterdir()]) == 1
    assert {file.stat().st_mode & 0o77 for file in [folder, *folder.rglob("*")]} == {0}
    checked = subprocess.run(
        [sys.executable, "-I", "-S", str(folder / "verify.py"), exported.document["key"]],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (checked.returncode, checked.stderr) == (0, "")
    assert "A-9" not in "".join(file.read_text() for file in folder.rglob("*.json"))
    assert desk("audit", "verify").code == 0


def test_an_export_overwrites_nothing(desk, tmp_path):
    """A folder that is there stays as it is, and nothing is noted."""
    desk.waiting()
    before = desk("audit", "verify", "--json").document["entries"]

    result = desk("audit", "export", "t1", "--to", str(tmp_path))

    assert result.code != 0
    assert "Name a new folder" in result.err
    assert desk("audit", "verify", "--json").document["entries"] == before


def test_an_unknown_thread_is_not_exported(desk, tmp_path):
    """The error names it, and no folder is made."""
    desk("switch", "set", "pause")

    result = desk("audit", "export", "nobody", "--to", str(tmp_path / "out"))

    assert result.code != 0
    assert "thread nobody" in result.err
    assert not (tmp_path / "out").exists()
