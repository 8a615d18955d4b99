"""A command that is cut off loses nothing: its thread goes on from where it was."""

from __future__ import annotations

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
    """Whatever ends the process, `resume` finishes the run without repeating a step."""
    process = desk.start("run", WAIT, "--thread", "t1")
    begun(desk, process)
    process.send_signal(sent)
    _, err = process.communicate(timeout=20)
    (desk.home / "release").touch()

    result = desk("resume", "t1", "--json")
    [run] = desk("trace", "t1", "--json").document["runs"]

    assert process.returncode == code
    assert "Traceback" not in err
    if sent != signal.SIGKILL:
        assert "resume t1" in err
    assert result.code == 0
    assert "Order A-1 is released." in result.document["answer"]["text"]
    assert [e["attempts"] for e in run["steps"][0]["effects"]] == [1]


def test_interrupted_json_is_still_one_document(desk):
    """Ctrl-C leaves one document, which says how to go on."""
    process = desk.start("run", WAIT, "--thread", "t1", "--json")
    begun(desk, process)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=20)

    assert '"type": "Interrupted"' in out
    assert "resume t1" in out
    assert out.count("\n}") == 1


def test_busy_thread_takes_no_new_task(desk):
    """A thread whose run was cut off is resumed, not overwritten."""
    process = desk.start("run", WAIT, "--thread", "t1")
    begun(desk, process)
    process.kill()
    process.communicate(timeout=20)

    result = desk("run", "what is order A-7?", "--thread", "t1")

    assert result.code == 2
    assert "cut off" in result.err


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
