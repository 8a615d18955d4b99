"""`audit`: the chain, whole or broken."""

from __future__ import annotations

import sqlite3

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
