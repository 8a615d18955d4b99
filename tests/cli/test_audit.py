"""`audit`: the chain, whole or broken."""

from __future__ import annotations

import sqlite3


def test_whole_chain_is_confirmed(desk):
    """An untouched log verifies, with its length."""
    desk("switch", "set", "pause")
    desk("switch", "clear", "pause")

    result = desk("audit", "verify", "--json")

    assert result.code == 0
    assert result.document == {"valid": True, "entries": 2}


def test_changed_entry_is_found(desk):
    """A log that somebody touched ends with 1 and names the entry."""
    desk("switch", "set", "pause", "--reason", "fire")
    with sqlite3.connect(desk.home / "pointsman.db") as database:
        database.execute("UPDATE pointsman_audit SET at = at + 1")
    database.close()

    result = desk("audit", "verify")

    assert result.code == 1
    assert "audit entry 1" in result.err
