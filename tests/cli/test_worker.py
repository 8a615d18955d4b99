"""`worker`: a thread that was cut off goes on without anybody asking for it."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import Desk

WAIT = "wait outside for order A-1"
PATIENCE = 60.0


@pytest.fixture(params=["sqlite", "postgres"])
def anywhere(
    request: pytest.FixtureRequest, desk: Desk, add_settings: Callable[[str], None]
) -> Desk:
    """A desk on each database."""
    if request.param == "postgres":
        add_settings(f"store_url: {json.dumps(request.getfixturevalue('postgres_url'))}")
    return desk


def wait_for(file: Path) -> None:
    """Wait until another process has made a file."""
    until = time.monotonic() + PATIENCE
    while not file.exists():
        assert time.monotonic() < until, f"{file} was never made"
        time.sleep(0.02)


def ended(process: subprocess.Popen[str]) -> int:
    """Wait for a worker's end, and return how many threads it saw to."""
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, err
    return json.loads(out)["finished"]


def test_of_two_workers_one_goes_on_with_a_killed_payment(anywhere: Desk) -> None:
    """The money has moved before the kill and moves once; the answer tells of it."""
    question = anywhere.waiting()
    (anywhere.home / "hold").touch()
    process = anywhere.start("approve", question["id"])
    wait_for(anywhere.home / "begun")
    process.kill()
    process.communicate(timeout=PATIENCE)
    (anywhere.home / "hold").unlink()

    workers = [anywhere.start("worker", "--once", "--json") for _ in range(2)]
    seen_to = sum(ended(each) for each in workers)

    [run] = anywhere("trace", "t1", "--json").document["runs"]
    assert seen_to == 1
    assert "Paid back: 25.00" in run["answer"]["text"]
    assert len(anywhere.paid()) == 1


def test_a_worker_that_is_told_to_stop_leaves_its_thread_to_the_next(anywhere: Desk) -> None:
    """It ends within its deadline though a step takes longer, and no machine has to wait."""
    process = anywhere.start("run", WAIT, "--thread", "t1")
    wait_for(anywhere.home / "begun")
    process.kill()
    process.communicate(timeout=PATIENCE)
    (anywhere.home / "begun").unlink()
    first = anywhere.start("worker", "--drain-seconds", "0.5", "--json")
    wait_for(anywhere.home / "begun")

    first.send_signal(signal.SIGTERM)
    sent = time.monotonic()
    seen_to = ended(first)
    took = time.monotonic() - sent
    (anywhere.home / "release").touch()
    second = anywhere("worker", "--once", "--json")

    [run] = anywhere("trace", "t1", "--json").document["runs"]
    assert (seen_to, second.document["finished"]) == (0, 1)
    assert took < 10
    assert "Order A-1 is released." in run["answer"]["text"]
