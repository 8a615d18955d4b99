"""The support desk's refund, killed at many moments: one refund and one reply, each time."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parent
DESK = FOLDER.parents[1] / "examples" / "support_desk"
WAITING = 3


def changes(home: Path) -> tuple[int, int]:
    """Return how many refunds of the order and how many replies there are."""
    with sqlite3.connect(home / "support_desk.db") as desk:
        [refunds] = desk.execute("SELECT count(*) FROM refunds WHERE order_id = 'ORD-1001'")
        [replies] = desk.execute("SELECT count(*) FROM outbox")
    desk.close()
    return refunds[0], replies[0]


@pytest.mark.parametrize(
    "moment",
    [
        pytest.param("checkpoints.aput:before", id="before-the-task-is-saved"),
        pytest.param("leases.acquire:after", id="thread-leased"),
        pytest.param("journal.record_note:after", id="planned"),
        pytest.param("tools.get_order:after", id="read-but-not-recorded"),
        pytest.param("checkpoints.aput:before:5", id="lanes-back-but-no-checkpoint"),
        pytest.param("approvals.open_all:after", id="about-to-ask"),
        pytest.param("approvals.decide:after", id="decided"),
        pytest.param("effects.record_read:after:2", id="looked-but-not-recorded"),
        pytest.param("effects.claim:after", id="refund-claimed"),
        pytest.param("tools.issue_refund:after", id="refunded-but-not-settled"),
        pytest.param("effects.settle:after", id="refund-settled-but-not-journaled"),
        pytest.param("journal.record_outcome:after:3", id="refund-journaled"),
        pytest.param("tools.send_reply:after", id="replied-but-not-settled"),
        pytest.param("journal.record_note:after:2", id="answer-noted"),
        pytest.param("leases.release:after:3", id="all-but-the-last-checkpoint"),
    ],
)
def test_a_refund_killed_anywhere_happens_once(zygote: Any, own_home: Path, moment: str) -> None:
    """Killed at a moment and resumed, the task ends with one refund and one reply."""
    assert zygote.live("refund", home=own_home, thread="t", at=moment).killed

    second = zygote.live("refund", home=own_home, thread="t")

    assert second.code == 0, second.words
    assert '"status": "complete"' in second.words
    assert changes(own_home) == (1, 1)


def command(*words: str, at: str = "") -> tuple[int, Any]:
    """Run a `pointsman` command on the desk and return its exit code and document."""
    program = [FOLDER / "crashing_cli.py", at] if at else ["-m", "pointsman.cli"]
    options = ["--config", str(DESK), "--json"]
    done = subprocess.run(
        [sys.executable, *program, *words, *options], capture_output=True, text=True, timeout=120
    )
    assert done.returncode in (0, WAITING, -signal.SIGKILL), done.stderr
    return done.returncode, json.loads(done.stdout) if done.stdout else None


@pytest.mark.timeout(300)
def test_the_command_line_resumes_what_was_killed(own_home: Path) -> None:
    """A killed `run`, a killed `approve` and their `resume`s end with one refund and one reply."""
    task = "Please refund the damaged item in order ORD-1001"
    code, _ = command("run", "--thread", "t", task, at="checkpoints.aput:before:5")
    assert code == -signal.SIGKILL
    code, report = command("resume", "t")
    assert code == WAITING

    code, _ = command("approve", report["waiting"][0]["id"], at="tools.issue_refund:after")
    assert code == -signal.SIGKILL
    assert changes(own_home) == (1, 0)
    code, report = command("resume", "t")
    assert code == WAITING
    code, report = command("approve", report["waiting"][0]["id"])

    assert code == 0, report
    assert changes(own_home) == (1, 1)
