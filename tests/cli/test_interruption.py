"""A command that is cut off loses nothing: its thread goes on from where it was."""

from __future__ import annotations

import json
import signal
import subprocess
import time

import pytest

WAIT = "wait outside for order A-1"


def begun(desk, process: subprocess.Popen[str]) -> None:
    """Wait until the step is being performed."""
    deadline = time.monotonic() + 30
    while not (desk.home / "begun").exists():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        pytest.param(signal.SIGINT, 130, id="ctrl-c"),
        pytest.param(signal.SIGTERM, 143, id="terminated"),
        pytest.param(signal.SIGKILL, -9, id="killed"),
    ],
)
def test_interrupted_run_goes_on(desk, sent, code):
    """Whatever ends the process, the thread is kept, and `resume` repeats no finished step."""
    process = desk.start("run", WAIT, "--thread", "t1", "--json")
    begun(desk, process)
    process.send_signal(sent)
    out, err = process.communicate(timeout=20)
    overwritten = desk("run", "what is order A-7?", "--thread", "t1")
    (desk.home / "release").touch()

    result = desk("resume", "t1", "--json")
    [run] = desk("trace", "t1", "--json").document["runs"]

    assert process.returncode == code
    assert "Traceback" not in err
    if sent != signal.SIGKILL:
        assert "resume t1" in json.loads(out)["error"]["fix"]
    assert overwritten.code == 2
    assert "cut off" in overwritten.err
    assert result.code == 0
    assert "Order A-1 is released." in result.document["answer"]["text"]
    assert [e["attempts"] for e in run["steps"][0]["effects"]] == [1]


def test_payment_before_the_kill_is_not_repeated(desk):
    """A process killed between the effect and its record: resumed, the money has moved once."""
    question = desk.waiting()
    (desk.home / "hold").touch()
    process = desk.start("approve", question["id"])
    begun(desk, process)
    process.kill()
    process.communicate(timeout=20)
    (desk.home / "hold").unlink()

    result = desk("resume", "t1", "--json")

    assert result.code == 0
    assert "Paid back: 25.00" in result.document["answer"]["text"]
    assert len(desk.paid()) == 1
