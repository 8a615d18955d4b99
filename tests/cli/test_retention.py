"""`retention run`: what is past its lifetime goes, and nothing else."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
DAY = 86_400
CLASSED = """
from dataclasses import replace
from desk_tools import build_tools

def build(home):
    return [classed(tool) for tool in build_tools(home)]

def classed(tool):
    if tool.name == "look_up":
        contract = replace(tool.contract, data_class="payment", field_classes={"nobody": "health"})
    elif tool.name == "pay_back":
        contract = replace(tool.contract, data_class="", field_classes={"state": "health"})
    else:
        return tool
    return replace(tool, contract=contract)
"""


@pytest.fixture
def keep(
    add_settings: Callable[[str], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[dict[str, str]], None]:
    """Return a function that gives the desk's data classes and lifetimes."""
    folder = tmp_path / "desk"
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setenv("PYTHONPATH", str(folder))
    (folder / "classed.py").write_text(CLASSED, encoding="utf-8")
    file = folder / "pointsman.yaml"
    add_settings("")
    file.write_text(file.read_text().replace("./desk_tools.py:build_tools", "./classed.py:build"))
    plain = file.read_text()

    def write(lifetimes: dict[str, str]) -> None:
        loop = "retention_loop: {every: 1min, threads: 10}"
        file.write_text(f"{plain}\nretention: {json.dumps(lifetimes)}\n{loop}\n")

    return write


def age(desk: Any, thread: str, days: float) -> None:
    """Have a thread last been used so many days ago."""
    then = time.time() - days * DAY
    with closing(sqlite3.connect(desk.home / "pointsman.db")) as database:
        changed = database.execute(
            "UPDATE pointsman_leases SET used_at = ? WHERE name = ?", (then, f"thread:{thread}")
        )
        assert changed.rowcount == 1
        database.commit()


def threads_of(desk: Any) -> list[str]:
    """Return the threads that were forgotten."""
    found = desk("thread", "forgotten", "--json").document["forgotten"]
    return sorted(one["thread_id"] for one in found)


def standing(desk: Any, marker: str) -> set[str]:
    """Return the files of the home folder that a marker stands in, byte for byte."""
    files = (f for f in desk.home.rglob("*") if f.is_file() and f.name != "paid.txt")
    return {file.name for file in files if marker.encode() in file.read_bytes()}


def test_a_thread_goes_with_the_shortest_lifetime_of_its_classes(desk: Any, keep: Any) -> None:
    """Payment data after a week, whatever else is kept for longer; a dry run only tells."""
    keep({"payment": "7d", "conversation": "30d"})
    desk("run", "what is order A-77340916", "--thread", "week")
    desk("run", "what is order A-1", "--thread", "fresh")
    age(desk, "week", 8)
    age(desk, "fresh", 6)

    told = desk("retention", "run", "--dry-run", "--json")
    assert told.code == 0, told.err
    assert threads_of(desk) == []
    assert standing(desk, "A-77340916")
    done = desk("retention", "run", "--json")

    assert done.code == 0, done.err
    assert told.document["classes"] == done.document["classes"]
    assert told.document["classes"]["payment"]["threads"] == 1
    removed = done.document["classes"]["payment"]["removed"]
    assert removed["checkpoints"] > 1
    assert removed["pointsman_payloads"] + removed["pointsman_outcomes"] > 0
    assert threads_of(desk) == ["week"]
    assert standing(desk, "A-77340916") == set()
    assert desk("trace", "fresh").code == 0
    assert desk("audit", "verify").code == 0
    entries = desk("audit", "list", "--json").document["entries"]
    told_of = [e for e in entries if e["kind"].startswith("retention_")]
    assert [e["kind"] for e in told_of] == ["retention_begun", "retention_done"]
    assert told_of[1]["body"]["classes"]["payment"]["removed"] == removed
    [receipt] = desk("thread", "forgotten", "--json").document["forgotten"]
    assert receipt["reason"] == "Past the lifetime of the class payment, 7d."
    again = desk("retention", "run")
    assert "Nothing is past its lifetime." in again.out


def test_a_field_with_a_value_makes_its_class(desk: Any, keep: Any) -> None:
    """A contract's class of a single field counts where the field has a value, and only there."""
    keep({"health": "1d"})
    desk("run", "what is order A-1", "--thread", "looked")
    question = desk.waiting("please pay order A-7 back", thread="paid")
    assert desk("approve", question["id"]).code == 0
    age(desk, "looked", 5)
    age(desk, "paid", 5)

    assert desk("retention", "run").code == 0

    assert threads_of(desk) == ["paid"]


def test_the_audit_log_keeps_its_texts_for_as_long_as_its_class_says(desk: Any, keep: Any) -> None:
    """They outlive the thread, and are removed when their own time is over."""
    keep({"conversation": "30d", "audit": "7y"})
    desk("run", "what is order A-77340916", "--thread", "t1")
    age(desk, "t1", 31)
    first = desk("retention", "run", "--json").document["classes"]
    kept = desk("audit", "list", "--thread", "t1", "--json").document["entries"]
    keep({"conversation": "30d", "audit": "1s"})
    time.sleep(1.1)

    second = desk("retention", "run", "--json").document["classes"]

    assert set(first) == {"conversation"}
    assert "pointsman_audit_bodies" not in first["conversation"]["removed"]
    assert any(e["kind"] == "input" and not e["forgotten"] for e in kept)
    assert second["audit"]["removed"]["pointsman_audit_bodies"] > 2
    assert standing(desk, "A-77340916") == set()
    assert desk("audit", "verify").code == 0


def test_what_waits_for_a_person_counts_from_its_last_activity(desk: Any, keep: Any) -> None:
    """A request is withdrawn with its thread, and a late approval pays nothing."""
    keep({"conversation": "30d"})
    question = desk.waiting("please pay order A-7 back", thread="t1")
    age(desk, "t1", 29)
    assert desk("retention", "run").code == 0
    assert threads_of(desk) == []
    age(desk, "t1", 31)
    assert desk("retention", "run").code == 0

    late = desk("approve", question["id"], "--json")

    assert threads_of(desk) == ["t1"]
    assert late.code == 2
    assert desk.paid() == []


def test_what_is_queued_or_at_work_is_left_for_later(desk: Any, keep: Any) -> None:
    """Nothing is pulled from under a run, however long it takes, or a task."""
    keep({"conversation": "1d"})
    desk("run", "what is order A-1", "--thread", "queued")
    queued = desk("enqueue", "what is order A-2", "--thread", "queued")
    assert queued.code == 0, queued.err
    process = desk.start("run", "wait outside for order A-3", "--thread", "busy")
    until = time.monotonic() + 180
    while not (desk.home / "begun").exists():
        assert time.monotonic() < until, "it has not begun"
        time.sleep(0.02)
    age(desk, "queued", 5)
    age(desk, "busy", 5)

    during = desk("retention", "run", "--json")
    (desk.home / "release").touch()
    process.communicate(timeout=60)

    assert during.code == 0, during.err
    assert during.document["classes"] == {}
    assert process.returncode == 0
    assert threads_of(desk) == []
    assert desk("trace", "busy").code == 0


POINTS = [
    f"{when}:{place}"
    for place in ("begin", "entries", "remove", "checkpoints", "rewrite", "finish")
    for when in ("before", "after")
]


@pytest.mark.parametrize("point", POINTS)
def test_killed_in_the_middle_it_goes_on(desk: Any, keep: Any, point: str) -> None:
    """The same command, or a worker that starts, brings all of it to its end."""
    keep({"conversation": "30d", "audit": "1s"})
    for thread, days in (("one", 31), ("two", 32), ("kept", 29)):
        desk("run", "what is order A-1", "--thread", thread)
        age(desk, thread, days)
    time.sleep(1.1)
    command = [sys.executable, str(HERE / "forgetting_cli.py"), point, "retention", "run"]
    killed = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr

    if point.endswith("rewrite"):
        worker = desk.start("worker", "--once")
        _, said = worker.communicate(timeout=240)
        assert worker.returncode == 0, said
        assert "is not finished; it goes on" in said
    else:
        assert desk("retention", "run").code == 0

    assert threads_of(desk) == ["one", "two"]
    assert desk("thread", "forgotten").code == 0
    entries = desk("audit", "list", "--json").document["entries"]
    assert [e for e in entries if e["kind"].startswith("retention_")][-1][
        "kind"
    ] == "retention_done"
    left = [e for e in entries if e["thread_id"] == "kept" and e["kind"] == "input"]
    assert [e["forgotten"] for e in left] == [True]
    assert desk("audit", "verify").code == 0


def test_a_worker_sees_to_lifetimes(desk: Any, keep: Any) -> None:
    """As it starts, and then again and again."""
    keep({"conversation": "30d"})
    desk("run", "what is order A-77340916", "--thread", "t1")
    age(desk, "t1", 31)
    process = desk.start("worker")
    until = time.monotonic() + 120
    while threads_of(desk) != ["t1"] or desk("thread", "forgotten").code:
        assert time.monotonic() < until, "it was not forgotten"
        assert process.poll() is None, process.communicate()
        time.sleep(0.2)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)

    assert process.returncode == 0
    assert standing(desk, "A-77340916") == set()


@pytest.mark.parametrize("given", ["30", "30 Tage", "-1d", "0d", "1.5d", "forever", ""])
def test_a_lifetime_that_is_none_names_its_setting_and_the_forms(
    desk: Any, keep: Any, given: str
) -> None:
    """Nothing is removed by a guess."""
    keep({"payment": "7d", "conversation": given})

    result = desk("retention", "run", "--json")

    assert result.code == 1
    error = result.document["error"]
    assert error["where"] == "retention.conversation"
    assert "30d" in error["message"]
    assert "7y" in error["message"]


def test_a_class_that_nothing_has_data_of_is_refused(desk: Any, keep: Any) -> None:
    """A mistyped class would be kept for ever; the nearest known one is named."""
    keep({"paymnt": "7d"})

    result = desk("retention", "run", "--json")

    assert result.code == 1
    error = result.document["error"]
    assert error["where"] == "retention.paymnt"
    assert "Do you mean `payment`?" in json.dumps(error)
