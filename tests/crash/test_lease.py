"""Two processes at one thread: only the one that holds its lease acts."""

from __future__ import annotations

import os
import signal
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

PATIENCE = 60.0


@pytest.fixture
def reader(zygotes: Any, bank: Any, own_home: Path, tmp_path: Path) -> Any:
    """Give a job, and let its first worker be in the middle of a step."""
    job = {"home": own_home, "thread": tmp_path.name, "port": bank.port}
    zygotes[0].begin("hold", **job)
    wait_for(own_home / "reading")
    return job


def wait_for(file: Path) -> None:
    """Wait until the other process has written a file."""
    until = time.monotonic() + PATIENCE
    while not (file.exists() and file.read_text()):
        assert time.monotonic() < until, f"{file} was never written"
        time.sleep(0.01)


def put_to_sleep(process: int, home: Path) -> None:
    """Stop a process between its transactions: one that sleeps in the middle locks the file."""
    until = time.monotonic() + PATIENCE
    stop(process)
    while any(is_locked(home / name) for name in ("pointsman.db", "checkpoints.db")):
        assert time.monotonic() < until, "its transactions have no end"
        os.kill(process, signal.SIGCONT)
        time.sleep(0.01)
        stop(process)


def stop(process: int) -> None:
    """Stop a process, and wait until it is: a thread inside a system call first comes to its end.

    Of 633 stops under load 530 were not done yet when a file had been opened and tried; a call that
    takes a lock would have taken it after that.
    """
    os.kill(process, signal.SIGSTOP)
    until = time.monotonic() + PATIENCE
    while states(process) != {"T"}:
        assert time.monotonic() < until, f"it is {states(process)}"
        time.sleep(0.001)


def states(process: int) -> set[str]:
    """Return the scheduler's states of a process's threads."""
    stats = Path(f"/proc/{process}/task").glob("*/stat")
    return {stat.read_text().rpartition(")")[2].split()[0] for stat in stats}


def is_locked(file: Path) -> bool:
    """Whether another process is about to write into a SQLite file."""
    with closing(sqlite3.connect(file, timeout=0, isolation_level=None)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
        except sqlite3.OperationalError:
            return True
    return False


def paid(bank: Any, job: Any) -> int:
    """Return how often the bank was called."""
    return bank.books()["calls"].get(f"{job['thread']}/pay", 0)


def test_a_second_worker_is_refused_while_the_first_holds_the_thread(
    zygotes: Any, bank: Any, reader: Any
) -> None:
    """It fails with a clear error before any effect, and the first goes on undisturbed."""
    second = zygotes[1].live("hold", **reader)

    assert second.code == 1
    assert "OperatorError" in second.words
    assert f"thread {reader['thread']}: It is held by another worker until" in second.words
    (reader["home"] / "go").touch()
    first = zygotes[0].end()
    assert first.code == 0, first.words
    assert paid(bank, reader) == 1


def test_a_dead_workers_thread_is_taken_over_without_waiting(
    zygotes: Any, bank: Any, reader: Any
) -> None:
    """The lease of a process that was killed does not have to expire."""
    os.kill(int((reader["home"] / "reading").read_text()), signal.SIGKILL)
    assert zygotes[0].end().killed
    (reader["home"] / "go").touch()

    second = zygotes[1].live("hold", **reader)

    assert second.code == 0, second.words
    assert paid(bank, reader) == 1


def test_a_worker_that_slept_through_its_lease_is_fenced_off(
    zygotes: Any, bank: Any, reader: Any
) -> None:
    """It wakes up after another has acted on the thread, and does nothing more."""
    sleeper = int((reader["home"] / "reading").read_text())
    put_to_sleep(sleeper, reader["home"])
    (reader["home"] / "go").touch()
    until = time.monotonic() + PATIENCE
    while (second := zygotes[1].live("hold", **reader)).code:
        assert time.monotonic() < until, second.words
    assert paid(bank, reader) == 1

    os.kill(sleeper, signal.SIGCONT)
    first = zygotes[0].end()

    assert first.code == 1
    assert "taken it over" in first.words
    assert paid(bank, reader) == 1
