"""`thread forget`: nothing of a thread is left, and what is half forgotten shows."""

from __future__ import annotations

import json
import resource
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest

from pointsman.runs import forgetting
from pointsman.stores.forgetting.rewriting import rewrite

HERE = Path(__file__).parent
ORDER = "A-77340916"
WORDS = "tell zaphodbeeblebrox"
COMMENT = "as mrstrillian wished"
FILE_WORDS = "slartibartfast was here"
MARKERS = (ORDER, "zaphodbeeblebrox", "mrstrillian", "slartibartfast", "brushed steel")
CLEARED = ("zaphodbeeblebrox", "mrstrillian", "slartibartfast", "brushed steel", ORDER)


def found_in(files: list[Path], markers: tuple[str, ...] = MARKERS) -> set[tuple[str, str]]:
    """Return which markers stand in which files, byte for byte."""
    found: set[tuple[str, str]] = set()
    for file in files:
        data = file.read_bytes()
        found |= {(marker, file.name) for marker in markers if marker.encode() in data}
    return found


def files_of(desk: Any) -> list[Path]:
    """Return every file of the home folder: databases, their logs and whatever else is there."""
    return [file for file in desk.home.rglob("*") if file.is_file() and file.name != "paid.txt"]


def paid(desk: Any, tmp_path: Path, thread: str = "t1") -> str:
    """Take a thread to its answer through an approval; every way that texts come in is used."""
    attached = tmp_path / "note.txt"
    attached.write_text(FILE_WORDS, encoding="utf-8")
    question = desk.waiting(f"please pay order {ORDER} back", thread=thread)
    assert desk("reject", question["id"], "--message", COMMENT).code == 0
    task = f"please pay order {ORDER} back, {WORDS}"
    asked = desk("run", task, "--thread", thread, "--attach", str(attached), "--json")
    assert asked.code == 3, asked.err
    [question] = asked.document["waiting"]
    done = desk("approve", question["id"], "--json")
    assert done.code == 0, done.err
    return question["id"]


def test_nothing_of_it_is_left_in_any_file(desk: Any, tmp_path: Path) -> None:
    """What was asked, attached, found, paid, said and answered is in no byte of any file."""
    paid(desk, tmp_path)
    assert {marker for marker, _ in found_in(files_of(desk))} == set(MARKERS)

    result = desk("thread", "forget", "t1", "--reason", "they asked", "--json")

    assert result.code == 0, result.err
    assert found_in(files_of(desk), CLEARED) == set()
    receipt = result.document
    assert receipt["ended_at"]
    assert len(receipt["rewritten"]) == 2
    assert receipt["removed"]["checkpoints"] > 3
    for place in ("outcomes", "notes", "payloads", "audit_bodies"):
        assert receipt["removed"][f"pointsman_{place}"] > 0
    assert {kept["place"]: kept["count"] for kept in receipt["kept"]} == {
        "pointsman_effects": 1,
        "pointsman_approvals": 2,
        "pointsman_decisions": 2,
    }
    verified = desk("audit", "verify", "--json")
    assert verified.code == 0, verified.err
    told = desk("audit", "list", "--thread", "t1", "--json").document["entries"]
    assert [e["kind"] for e in told if not e["forgotten"] and e["kind"] != "policy_version"] == [
        "forgetting_begun",
        "forgotten",
        "thread_forgotten",
    ]
    assert told[-1]["seq"] == receipt["audit_entry"]
    assert told[-1]["body"]["removed"] == receipt["removed"]


def test_nothing_of_it_is_left_in_postgres(
    desk: Any, tmp_path: Path, add_settings: Callable[[str], None], postgres_alone: str
) -> None:
    """Neither in tables, indexes and TOAST, nor, once old segments are removed, in the log."""
    file = desk.home / "checkpoints.db"
    paid(desk, tmp_path)
    assert file.exists()
    other = tmp_path / "moved"
    other.mkdir()
    for each in (*desk.home.glob("pointsman.db*"), desk.home / "paid.txt"):
        each.rename(other / each.name)
    add_settings(f"store_url: {json.dumps(postgres_alone)}")
    paid(desk, tmp_path)
    with psycopg.connect(postgres_alone, autocommit=True) as connection:
        [data] = connection.execute("SHOW data_directory").fetchone() or [""]
        connection.execute("ALTER SYSTEM SET wal_recycle = off")
        connection.execute("SELECT pg_reload_conf()")
        connection.execute("CHECKPOINT")
        tables = [f for f in (Path(data) / "base").rglob("*") if f.is_file()]
        assert {marker for marker, _ in found_in(tables)} == set(MARKERS)

        result = desk("thread", "forget", "t1", "--json")

        assert result.code == 0, result.err
        for _ in range(2):
            connection.execute("SELECT pg_switch_wal()")
            connection.execute("CHECKPOINT")
        connection.execute("ALTER SYSTEM RESET wal_recycle")
        connection.execute("SELECT pg_reload_conf()")
    everything = [f for f in Path(data).rglob("*") if f.is_file()]
    assert found_in(everything, CLEARED) == set()
    # What was taken along when the store moved there is left behind nowhere.
    assert found_in(files_of(desk), CLEARED) == set()
    assert any("write-ahead log" in place for place in result.document["out_of_reach"])
    assert desk("audit", "verify").code == 0


def test_its_id_leads_nowhere_and_nothing_happens_twice(desk: Any, tmp_path: Path) -> None:
    """Neither the same words, nor a late decision, nor a queued message begins it anew."""
    approval = paid(desk, tmp_path)
    desk("thread", "forget", "t1")
    task = f"please pay order {ORDER} back, {WORDS}"

    for words in (
        ("run", task, "--thread", "t1"),
        ("enqueue", task, "--thread", "t1"),
        ("resume", "t1"),
        ("trace", "t1"),
        ("replay", "t1"),
    ):
        result = desk(*words, "--json")
        assert result.code == 2, (words, result.out, result.err)
        error = result.document["error"]
        assert error["type"] == "ForgottenError", words
        assert "It was forgotten on" in error["message"]
    late = desk("approve", approval, "--json")
    assert late.code == 2
    assert len(desk.paid()) == 1
    assert found_in(files_of(desk), CLEARED) == set()


def test_the_ledger_keeps_the_call_by_its_digests(desk: Any, tmp_path: Path) -> None:
    """Its key, which nothing performs again; not its arguments, its step or its result."""
    paid(desk, tmp_path)
    desk("thread", "forget", "t1")

    with closing(sqlite3.connect(desk.home / "pointsman.db")) as database:
        database.row_factory = sqlite3.Row
        [row] = database.execute("SELECT * FROM pointsman_effects").fetchall()
    assert (row["tool"], row["state"]) == ("pay_back", "done")
    assert desk.paid()[0].startswith(row["key"])
    assert (row["output"], row["output_digest"], row["step"]) == (None, None, "")


def test_a_waiting_request_is_withdrawn(desk: Any) -> None:
    """It is in no list, a late approval hears so, and nothing is paid."""
    question = desk.waiting(f"please pay order {ORDER} back")

    assert desk("thread", "forget", "t1").code == 0

    assert desk("approvals", "--json").document["approvals"] == []
    late = desk("approve", question["id"], "--json")
    assert late.code == 2
    assert "withdrawn" in late.document["error"]["message"] + late.err or (
        "forgotten" in late.document["error"]["message"]
    )
    told = desk("audit", "list", "--thread", "t1", "--json").document["entries"]
    [withdrawn] = [entry for entry in told if entry["kind"] == "approval_withdrawn"]
    assert withdrawn["body"]["approval_id"] == question["id"]
    assert desk.paid() == []
    assert found_in(files_of(desk), (ORDER,)) == set()


def begun(desk: Any) -> subprocess.Popen[str]:
    """Start a run in a process of its own, and return when it is in the middle of a step."""
    process = desk.start("run", f"wait outside for order {ORDER}", "--thread", "t1")
    until = time.monotonic() + 180
    while not (desk.home / "begun").exists():
        assert time.monotonic() < until, "it has not begun"
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
    return process


@pytest.mark.parametrize("asleep", [False, True])
def test_a_thread_at_work_is_left_alone(desk: Any, asleep: bool) -> None:
    """The error names who holds it; once that process is gone it is forgotten at once."""
    process = begun(desk)
    if asleep:
        process.send_signal(signal.SIGSTOP)
        with closing(sqlite3.connect(desk.home / "pointsman.db")) as database:
            # As if it had slept for longer than its lease.
            database.execute("UPDATE pointsman_leases SET expires_at = 1 WHERE owner <> ''")
            database.commit()

    refused = desk("thread", "forget", "t1", "--json")
    kept = desk("thread", "forgotten")
    process.kill()
    process.communicate()
    done = desk("thread", "forget", "t1", "--json")

    assert refused.code == 1
    assert f"/{process.pid}/" in refused.document["error"]["message"]
    assert "No thread was forgotten." in kept.out
    assert done.code == 0, done.err
    assert found_in(files_of(desk), (ORDER,)) == set()


def test_a_queued_task_is_gone_with_its_thread(desk: Any) -> None:
    """A worker finds nothing to do, and whoever waits for it hears why."""
    desk("enqueue", f"what is order {ORDER}", "--thread", "t1", "--message-id", "m1")

    forgotten = desk("thread", "forget", "t1", "--json")
    worked = desk.alone("worker", "--once")

    assert forgotten.code == 0, forgotten.err
    assert forgotten.document["removed"]["pointsman_tasks"] == 1
    assert worked.code == 0, worked.err
    assert found_in(files_of(desk), (ORDER,)) == set()


def test_an_unknown_thread_is_not_forgotten(desk: Any) -> None:
    """A mistyped id burns nothing."""
    assert desk("thread", "forget", "nobody", "--json").code == 2
    assert desk("run", "what is order A-1", "--thread", "nobody").code == 0


def test_what_other_threads_need_stays(desk: Any, tmp_path: Path) -> None:
    """A file that two conversations were given is kept for the other, and the receipt says so."""
    paid(desk, tmp_path, "t1")
    file = str(tmp_path / "note.txt")
    assert desk("run", "what is order A-1", "--thread", "t2", "--attach", file).code == 0

    receipt = desk("thread", "forget", "t1", "--json").document

    kept = {each["place"]: each["why"] for each in receipt["kept"]}
    assert kept["pointsman_payloads"] == "Something else refers to it."
    traced = desk("trace", "t2", "--full", "--json")
    assert traced.code == 0
    assert "(deleted)" not in traced.out
    assert "kettle" in traced.out
    assert found_in(files_of(desk), ("zaphodbeeblebrox", "mrstrillian", ORDER)) == set()
    assert desk("thread", "forget", "t2").code == 0
    assert found_in(files_of(desk)) == set()


POINTS = [
    f"{when}:{place}"
    for place in (
        *("begin", "remove", "journal", "bodies", "note", "checkpoints", "rewrite", "finish"),
    )
    for when in ("before", "after")
]


@pytest.mark.parametrize("point", POINTS)
def test_killed_in_the_middle_it_is_finished_by_doing_it_again(
    desk: Any, tmp_path: Path, point: str
) -> None:
    """Until then it shows as unfinished, and nothing is begun on the thread."""
    paid(desk, tmp_path)
    command = [sys.executable, str(HERE / "forgetting_cli.py"), point, "thread", "forget", "t1"]
    killed = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr

    seen = desk("thread", "forgotten", "--json")
    again = desk("run", "what is order A-1", "--thread", "t1", "--json")

    if point == "before:begin":
        assert seen.document["forgotten"] == []
        assert again.code == 0
    elif point == "after:finish":
        assert seen.code == 0
        assert "It was forgotten" in again.document["error"]["message"]
    else:
        assert seen.code == 1
        assert [one["ended_at"] for one in seen.document["forgotten"]] == [None]
        assert "not finished" in again.document["error"]["message"]

    done = desk("thread", "forget", "t1", "--json")
    assert done.code == 0, done.err
    assert found_in(files_of(desk), CLEARED) == set()
    assert done.document["removed"]["checkpoints"] > 3
    assert desk("thread", "forgotten").code == 0
    assert desk("audit", "verify").code == 0
    assert len(desk.paid()) == 1


def test_while_somebody_reads_it_is_not_finished(
    desk: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader of before can still see what was deleted, and the log cannot be emptied."""
    paid(desk, tmp_path)
    monkeypatch.setattr(forgetting, "rewrite", partial(rewrite, timeout_seconds=0.3))
    with closing(sqlite3.connect(desk.home / "checkpoints.db")) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM checkpoints").fetchone()
        blocked = desk("thread", "forget", "t1", "--json")
        unfinished = desk("thread", "forgotten")

    done = desk("thread", "forget", "t1", "--json")

    assert blocked.code == 1
    assert "may still stand in its files" in blocked.document["error"]["message"]
    assert unfinished.code == 1
    assert "not finished" in unfinished.out
    assert done.code == 0, done.err
    assert found_in(files_of(desk), CLEARED) == set()


def test_a_full_disk_leaves_it_unfinished(desk: Any, tmp_path: Path) -> None:
    """The files cannot be written anew; nothing else is harmed, and later it is finished."""
    paid(desk, tmp_path)
    big = tmp_path / "big.txt"
    big.write_text("".join(f"line {n} of many\n" for n in range(60_000)), encoding="utf-8")
    assert desk("run", "what is order A-1", "--thread", "t2", "--attach", str(big)).code == 0
    size = (desk.home / "checkpoints.db").stat().st_size

    def small_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size // 2, size // 2))

    command = [sys.executable, "-m", "pointsman.cli", "thread", "forget", "t1", "--json"]
    full = subprocess.run(
        command, capture_output=True, text=True, timeout=180, check=False, preexec_fn=small_files
    )
    assert full.returncode == 1, full.stdout + full.stderr
    assert json.loads(full.stdout)["error"]["type"] == "StoreError"
    assert desk("thread", "forgotten").code == 1

    assert desk("thread", "forget", "t1").code == 0
    assert found_in(files_of(desk), ("zaphodbeeblebrox", "mrstrillian", ORDER)) == set()
    assert desk("trace", "t2").code == 0
