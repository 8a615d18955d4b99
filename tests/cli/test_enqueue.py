"""`enqueue`: a task is left, and whoever waits hears of it, in processes of their own."""

from __future__ import annotations

import json
import signal
import subprocess
import time

import pytest

from .conftest import Desk
from .test_worker import PATIENCE, anywhere

__all__ = ["anywhere"]

LOOK, PAY = "what is order A-1", "please pay order A-7 back"


def outcome(process: subprocess.Popen[str]) -> tuple[int, dict[str, object]]:
    """Wait for the end of a command, and return its exit code and document."""
    out, err = process.communicate(timeout=PATIENCE)
    assert out, err
    return process.returncode, json.loads(out)


def test_an_answer_comes_from_a_worker_in_another_process(anywhere: Desk) -> None:
    """The one waits, the other works."""
    waiting = anywhere.start("enqueue", LOOK, "--wait", "--timeout", "50", "--json")
    worker = anywhere.start("worker", "--sweep-seconds", "0.1", "--json")

    code, document = outcome(waiting)
    worker.send_signal(signal.SIGTERM)

    assert (code, document["status"]) == (0, "answered")
    assert "kettle" in document["answer"]["text"]  # pyright: ignore
    assert outcome(worker) == (0, {"finished": 1})


def test_a_recorded_decision_is_carried_out_by_a_worker(anywhere: Desk) -> None:
    """`approve --no-resume` opens no checkpoint; the worker that looks next pays, once."""
    asked = ("enqueue", PAY, "--thread", "t", "--message-id", "m")
    assert anywhere(*asked).code == 0
    anywhere("worker", "--once")
    paused = anywhere(*asked, "--wait", "--json")
    [question] = paused.document["waiting"]
    assert paused.code == 3

    anywhere("approve", question["id"], "--no-resume")
    anywhere("worker", "--once")

    done = anywhere(*asked, "--wait", "--json")
    assert done.code == 0
    assert "Paid back: 25.00" in done.document["answer"]["text"]
    assert len(anywhere.paid()) == 1


def test_an_error_is_told_with_its_exit_code(desk: Desk) -> None:
    """Whoever waits reads what was wrong and what to do."""
    waiting = desk.start("enqueue", "x" * 60_000, "--thread", "t", "--wait", "--timeout", "50")
    while not desk("worker", "--once", "--json").document["finished"] and waiting.poll() is None:
        time.sleep(0.1)

    _, err = waiting.communicate(timeout=PATIENCE)

    assert waiting.returncode == 1
    assert "more than the limit" in err


def test_a_wait_that_takes_too_long_says_so(desk: Desk) -> None:
    """The task stays, and a worker that comes later does it."""
    late = desk("enqueue", LOOK, "--thread", "t", "--wait", "--timeout", "0.1", "--json")

    assert late.code == 1
    assert "stays queued" in late.document["error"]["message"]
    assert desk("worker", "--once", "--json").document["finished"] == 1


def test_a_token_says_who_asks(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The run acts for whom the credential names, at a worker without one."""
    desk("token", "rotate")
    token = desk("token", "issue", "ann", "--tenant", "shop").out.strip()
    with monkeypatch.context() as hers:
        hers.setenv("POINTSMAN_TOKEN", token)
        assert desk("enqueue", LOOK, "--thread", "t").code == 0

    desk("worker", "--once")

    [run] = desk("trace", "t", "--json").document["runs"]
    who = run["run"]["principal"]
    assert (who["id"], who["tenant"]) == ("ann", "shop")
