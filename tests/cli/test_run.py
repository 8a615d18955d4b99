"""`run`: from the words to the answer, the pause or the error, and the exit code of each."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

DESK = Path(__file__).parent / "desk"
LOOK = "what is order A-7?"
PAY = "please pay order A-7 back"


def test_answer_ends_with_zero(desk):
    """A task that needs nobody ends in a cited answer and exit code 0."""
    result = desk("run", LOOK, "--json")

    assert result.code == 0
    assert result.document["status"] == "done"
    assert result.document["answer"]["text"] == "Order A-7 is a kettle. [1]"
    assert result.document["answer"]["citations"][0]["evidence"] == "order"


def test_process_prints_one_document_and_nothing_else(desk):
    """As a process of its own, `--json` leaves standard output to the document.

    What a tool prints stands on standard error.
    """
    result = desk.alone("run", LOOK, "--json")

    assert result.code == 0
    assert "looking for A-7" in result.err
    assert result.document["results"]["order"]["status"] == "accepted"
    assert "step_finished" not in result.out
    assert "Traceback" not in result.err


def test_page_shows_progress_answer_and_costs(desk):
    """A person sees node, step, performer and reason, then answer, citation and costs."""
    result = desk("run", LOOK)

    progress, _, page = result.out.partition("\nAnswer\n")
    assert "route" in progress
    assert "order" in progress
    assert "tool:look_up: look_up only reads" in progress
    assert "Order A-7 is a kettle. [1]" in page
    assert "[1] look_up" in page
    assert "tool:look_up" in page
    assert "$0.00" in page
    assert "no language model configured" in page


def test_without_terminal_there_is_no_animation(desk):
    """Lines for a file hold no control characters."""
    result = desk("run", PAY)

    assert "\x1b" not in result.out
    assert "\r" not in result.out


def test_pause_says_what_why_and_how(desk):
    """A pause ends with 3 and shows action, reason, evidence, digest and the deciding command."""
    result = desk("run", PAY)
    [question] = desk("approvals", "--json").document["approvals"]

    assert result.code == 3
    assert "Pay 25.00 US dollars back for A-7." in result.out
    assert "moves money" in result.out
    assert 'evidence   look_up {"order":"A-7"}' in result.out
    assert question["digest"] in result.out
    assert f"approve {question['id']}" in result.out
    assert desk.paid() == []


def test_shown_command_can_be_pasted(desk, monkeypatch):
    """The command that a pause prints, run by a shell as it stands, approves and goes on."""
    monkeypatch.delenv("POINTSMAN_CONFIG")
    paused = desk("run", PAY, "-c", str(DESK), "--json")
    [question] = paused.document["waiting"]

    pasted = question["commands"]["approve"]
    shell = subprocess.run(["sh", "-c", pasted], capture_output=True, text=True, check=False)

    assert shell.returncode == 0, shell.stderr
    assert "Paid back: 25.00 US dollars." in shell.stdout
    assert len(desk.paid()) == 1


def test_task_that_nothing_fits_fails_with_words(desk):
    """A task without a plan ends with 1 and says what the agent can do."""
    result = desk("run", "compose a sonnet about rain", "--json")

    assert result.code == 1
    assert result.document["status"] == "stopped"
    assert result.document["stop"]["reason"] == "planning"
    assert "Pay an order back." in result.document["answer"]["text"]


def test_empty_task_is_wrong_use_and_leaves_the_thread_usable(desk):
    """No words are refused by name of the field; the same thread then takes a task."""
    refused = desk("run", " ", "--thread", "t1")
    taken = desk("run", LOOK, "--thread", "t1")

    assert refused.code == 2
    assert "task: There is no task." in refused.err
    assert taken.code == 0


def test_missing_settings_fail_by_name(desk):
    """Settings that are not there end with 1; as JSON the error is the document."""
    result = desk("run", LOOK, "-c", "nowhere.yaml", "--json")

    assert result.code == 1
    assert result.document["error"]["where"] == "nowhere.yaml"
    assert result.document["error"]["type"] == "ConfigError"


def test_command_without_its_words_is_wrong_use(desk):
    """A missing argument ends with 2."""
    assert desk("run").code == 2


@pytest.mark.parametrize(("words"), [PAY, LOOK], ids=["same", "another"])
def test_waiting_thread_takes_no_new_task(desk, words):
    """A new task would abandon the run that waits, so it is refused with the way on."""
    desk.waiting()

    result = desk("run", words, "--thread", "t1")

    assert result.code == 2
    assert "pointsman resume t1" in result.err or "resume t1" in result.err
    assert desk("resume", "t1").code == 3


def test_second_task_on_a_thread_is_its_next_turn(desk):
    """A thread whose run is finished takes another task."""
    desk("run", LOOK, "--thread", "t1")

    result = desk("run", "what is order A-8?", "--thread", "t1", "--json")

    assert result.code == 0
    assert "A-8" in result.document["answer"]["text"]


def test_attachment_goes_along(desk, tmp_path):
    """A file becomes an attachment under its name."""
    file = tmp_path / "letter.txt"
    file.write_text("Dear desk,", encoding="utf-8")

    desk("run", LOOK, "--attach", str(file), "--thread", "t1")
    [run] = desk("trace", "t1", "--json").document["runs"]

    assert [a["name"] for a in run["task"]["attachments"]] == ["letter.txt"]


@pytest.mark.parametrize("content", [b"", b"\x00\x01\x02"], ids=["empty", "unknown"])
def test_attachment_that_cannot_be_read_is_wrong_use(desk, tmp_path, content):
    """An attachment without usable content is refused by its name."""
    file = tmp_path / "noise.bin"
    file.write_bytes(content)

    result = desk("run", LOOK, "--attach", str(file))

    assert result.code == 2
    assert "noise.bin" in result.err


def test_missing_attachment_is_wrong_use(desk):
    """A file that is not there ends with 2."""
    assert desk("run", LOOK, "--attach", "nowhere.txt").code == 2


def test_deadline_stops_the_run(desk):
    """A run past its deadline ends with 1 and the reason."""
    result = desk("run", LOOK, "--deadline", "0.001", "--json")

    assert result.code == 1
    assert result.document["stop"]["reason"] == "deadline"


def test_home_holds_all_that_is_written(desk, tmp_path):
    """A run leaves nothing outside its home folder."""
    desk("run", PAY)

    assert {path.name for path in tmp_path.iterdir()} == {"home"}
    assert {path.name for path in desk.home.glob("*.db")} == {"checkpoints.db", "pointsman.db"}


def test_broken_checkpoints_fail_by_name(desk):
    """A file that is no database is named, with a way out."""
    desk.home.mkdir()
    (desk.home / "checkpoints.db").write_text("not a database, and long enough to be read as one")

    result = desk("run", LOOK)

    assert result.code == 1
    assert "checkpoints.db" in result.err
    assert "Traceback" not in result.err


def test_what_a_tool_prints_is_no_part_of_the_document(desk, tmp_path):
    """Standard output is the command's own, whatever the tools' code prints."""
    (tmp_path / "noisy.py").write_text(
        "print('imported')\n\ndef build():\n    print('built')\n    return []\n", encoding="utf-8"
    )
    file = tmp_path / "noisy.yaml"
    file.write_text(
        f'tools: ["./noisy.py:build", "{DESK}/desk_tools.py:build_tools"]\n'
        f"playbooks: {DESK}/playbooks\n",
        encoding="utf-8",
    )

    document = desk("run", LOOK, "-c", str(file), "--json")
    page = desk("run", LOOK, "-c", str(file))

    assert document.document["status"] == "done"
    assert "built" in document.err
    assert "built" not in page.out
    assert "built" in page.err


def test_nothing_that_a_process_prints_is_part_of_the_document(desk, tmp_path):
    """Nor what a library in C prints, or a child; and nobody's `sys.stdout` is replaced."""
    (tmp_path / "noisy.py").write_text(
        "import os, subprocess, sys\n\ndef build():\n    os.write(1, b'from C\\n')\n"
        "    subprocess.run([sys.executable, '-c', 'print(\"from a child\")'], check=True)\n"
        "    print('same' if sys.stdout is sys.__stdout__ else 'replaced', flush=True)\n"
        "    return []\n",
        encoding="utf-8",
    )
    file = tmp_path / "noisy.yaml"
    file.write_text(
        f'tools: ["./noisy.py:build", "{DESK}/desk_tools.py:build_tools"]\n'
        f"playbooks: {DESK}/playbooks\n",
        encoding="utf-8",
    )

    result = desk.alone("run", LOOK, "-c", str(file), "--json")

    assert result.document["status"] == "done"
    for printed in ("from C", "from a child", "same"):
        assert printed in result.err


def test_a_thread_is_explained_while_its_tools_cannot_be_loaded(desk, tmp_path, monkeypatch):
    """Whoever looks for what went wrong needs neither tools nor models."""
    desk("run", PAY, "--thread", "t1")
    before = desk("trace", "t1", "--json").document
    (tmp_path / "pointsman.yaml").write_text('tools: ["no_such_module:tools"]')
    monkeypatch.setenv("POINTSMAN_CONFIG", str(tmp_path))

    assert desk("run", LOOK, "--thread", "t2").code == 1
    assert desk("trace", "t1", "--json").document == before
    assert before["status"] == "waiting"
