"""The outbox: each message once."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from pointsman.state.run import Run
from pointsman.tools.builtin.outbox import outbox

MESSAGE = {"to": "a@b.example", "subject": "Hello", "body": "Text."}


def rows(path: Path) -> list[tuple[Any, ...]]:
    """What is in the table."""
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT recipient, subject, body, run_id FROM outbox").fetchall()


async def test_the_same_call_twice_is_one_message(tmp_path: Path, execute: Any) -> None:
    """The key is unique in the table, whatever the ledger says."""
    path = tmp_path / "outbox.db"
    tool = outbox(path)
    first = await execute(tool, **MESSAGE)
    assert (
        await execute(tool, **MESSAGE)
        == first
        == {
            "message": 1,
            "to": "a@b.example",
            "subject": "Hello",
        }
    )
    assert rows(path) == [("a@b.example", "Hello", "Text.", "run-1")]


async def test_nobody_else_may_read_what_was_written(tmp_path: Path, execute: Any) -> None:
    """Whatever the umask; one that exists is shared as its owner wants."""
    path, shared = tmp_path / "outbox.db", tmp_path / "shared.db"
    shared.touch()
    shared.chmod(0o640)
    before = os.umask(0)
    try:
        for file in (path, shared):
            await execute(outbox(file), **MESSAGE)
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("SELECT * FROM outbox").fetchall()
            beside = {file.name: file.stat().st_mode & 0o777 for file in tmp_path.iterdir()}
    finally:
        os.umask(before)

    assert beside.pop("shared.db") == 0o640
    assert set(beside.values()) == {0o600}
    assert {"outbox.db", "outbox.db-wal"} <= beside.keys()


async def test_reconciliation_finds_the_message(tmp_path: Path, execute: Any) -> None:
    """By its key; another key has not happened."""
    tool = outbox(tmp_path / "outbox.db")
    sent = await execute(tool, **MESSAGE)
    assert tool.reconcile is not None
    assert await tool.reconcile("key-1", MESSAGE) == (True, sent)
    assert await tool.reconcile("key-2", MESSAGE) == (False, None)


@pytest.mark.parametrize(
    "change",
    [
        {"to": "a@b.example\nBcc: x@y.example"},
        {"to": "a@b.example, x@y.example"},
        {"to": "nobody"},
        {"subject": "Hello\nBcc: x@y.example"},
        {"subject": "x" * 201},
        {"body": ""},
    ],
)
async def test_no_second_recipient_gets_in(
    tmp_path: Path, make_runner: Any, run: Run, change: dict[str, str]
) -> None:
    """Line breaks and lists are refused before anything is written."""
    path = tmp_path / "outbox.db"
    runner = make_runner(outbox(path))
    outcome = await runner.call(
        "send_message", {**MESSAGE, **change}, run=run, step="s", attempt=1, timeout=None
    )
    assert outcome.kind == "arguments"
    assert not path.exists()


def test_the_approver_sees_whom_and_what(tmp_path: Path) -> None:
    """One sentence, and consequential arguments that cover the whole message."""
    tool = outbox(tmp_path / "outbox.db")
    assert tool.describe is not None
    assert "a@b.example" in tool.describe(MESSAGE)
    assert tool.contract.consequential == ("to", "subject", "body")
    assert tool.contract.effect == "message"
