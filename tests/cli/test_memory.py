"""`memory forget`: a principal's threads go together, and others' stay."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest

HERE = Path(__file__).parent
MARKERS = ("A-77340916", "A-55120477", "zaphodbeeblebrox")


@pytest.fixture
def as_person(add_settings: Callable[[str], None], tmp_path: Path) -> Callable[[str], None]:
    """Return a function that has the desk's runs be for somebody of the tenant `acme`."""
    file = tmp_path / "desk" / "pointsman.yaml"
    add_settings("")
    plain = file.read_text()

    def become(name: str, more: str = "") -> None:
        who = {"id": name, "tenant": "acme", "role": "admin", "scopes": ["*"]}
        file.write_text(f"{plain}\nprincipal: {json.dumps(who)}\n{more}\n")

    return become


def found(files: list[Path]) -> set[str]:
    """Return which markers stand in files, byte for byte."""
    data = b"".join(file.read_bytes() for file in files if file.is_file())
    return {marker for marker in MARKERS if marker.encode() in data}


def home_files(desk: Any) -> list[Path]:
    """Return every file of the home folder but the tools' own."""
    return [f for f in desk.home.rglob("*") if f.is_file() and f.name != "paid.txt"]


def talk(desk: Any, as_person: Callable[..., None], more: str = "") -> None:
    """Have ann hold two conversations, and ben one."""
    as_person("ann", more)
    for thread, order in (("a1", "A-77340916"), ("a2", "A-55120477")):
        done = desk("run", f"what is order {order}, tell zaphodbeeblebrox", "--thread", thread)
        assert done.code == 0, done.err
    as_person("ben", more)
    assert desk("run", "what is order A-3", "--thread", "b1").code == 0


def test_all_threads_of_a_principal_go_with_one_receipt(desk: Any, as_person: Any) -> None:
    """No byte of theirs is left in any file, the log holds, and others' threads work."""
    talk(desk, as_person)
    assert found(home_files(desk)) == set(MARKERS)

    result = desk("memory", "forget", "--principal", "ann", "--reason", "they asked", "--json")

    assert result.code == 0, result.err
    receipt = result.document
    assert receipt["threads"] == ["a1", "a2"]
    assert receipt["removed"]["checkpoints"] > 4
    assert len(receipt["rewritten"]) == 2
    assert found(home_files(desk)) == set()
    assert desk("audit", "verify").code == 0
    entries = desk("audit", "list", "--json").document["entries"]
    [told] = [e for e in entries if e["kind"] == "principal_forgotten"]
    assert told["seq"] == receipt["audit_entry"]
    assert told["body"]["removed"] == receipt["removed"]
    assert "ann" not in json.dumps(told["body"])
    assert desk("trace", "b1").code == 0
    refused = desk("run", "what is order A-1", "--thread", "a1", "--json")
    assert refused.document["error"]["type"] == "ForgottenError"


def test_no_byte_is_left_in_postgres(desk: Any, as_person: Any, postgres_alone: str) -> None:
    """Nor in tables, indexes and TOAST, nor in the log once its segments are removed."""
    talk(desk, as_person, f"store_url: {json.dumps(postgres_alone)}")
    with psycopg.connect(postgres_alone, autocommit=True) as connection:
        [data] = connection.execute("SHOW data_directory").fetchone() or [""]
        connection.execute("ALTER SYSTEM SET wal_recycle = off")
        connection.execute("SELECT pg_reload_conf()")
        connection.execute("CHECKPOINT")
        assert found([*(Path(data) / "base").rglob("*")]) == set(MARKERS)

        result = desk("memory", "forget", "--principal", "ann", "--json")

        assert result.code == 0, result.err
        for _ in range(2):
            connection.execute("SELECT pg_switch_wal()")
            connection.execute("CHECKPOINT")
        connection.execute("ALTER SYSTEM RESET wal_recycle")
        connection.execute("SELECT pg_reload_conf()")
    assert found([*Path(data).rglob("*")]) == set()
    assert found(home_files(desk)) == set()
    assert desk("trace", "b1").code == 0


def test_a_principal_nobody_knows_is_an_error(desk: Any, as_person: Any) -> None:
    """Nothing is removed; whoever only took part hears in whose threads."""
    talk(desk, as_person)
    assert desk("run", "what is order A-4", "--thread", "a1").code == 0

    result = desk("memory", "forget", "--principal", "zoe", "--json")

    assert result.code == 2
    assert result.document["error"]["type"] == "NotFoundError"
    assert "principal zoe" in json.dumps(result.document["error"])
    assert desk("thread", "forgotten", "--json").document["forgotten"] == []


def test_a_thread_that_somebody_else_began_is_left_to_them(desk: Any, as_person: Any) -> None:
    """Its words are theirs too; the receipt names it."""
    talk(desk, as_person)
    assert desk("run", "what is order A-4", "--thread", "a1").code == 0

    receipt = desk("memory", "forget", "--principal", "ben", "--json").document

    assert receipt["threads"] == ["b1"]
    assert receipt["left_to_others"] == ["a1"]


def test_the_local_person_is_known_too(desk: Any) -> None:
    """Whose runs keep no note of their owner."""
    assert desk("run", "what is order A-77340916", "--thread", "t1").code == 0

    receipt = desk("memory", "forget", "--principal", "local", "--json").document

    assert receipt["threads"] == ["t1"]
    assert found(home_files(desk)) == set()


def test_while_one_thread_is_at_work_nothing_goes(desk: Any, as_person: Any) -> None:
    """All or none is begun, so that nobody is half forgotten by a refusal."""
    talk(desk, as_person)
    with closing(sqlite3.connect(desk.home / "pointsman.db")) as database:
        database.execute(
            "UPDATE pointsman_leases SET owner = 'elsewhere/1/2#a', expires_at = 9e12 "
            "WHERE name = 'thread:a2'"
        )
        database.commit()

    result = desk("memory", "forget", "--principal", "ann", "--json")

    assert result.code == 1
    assert "A run is at work on it" in result.document["error"]["message"]
    assert desk("thread", "forgotten", "--json").document["forgotten"] == []
    assert desk("trace", "a1").code == 0


@pytest.mark.parametrize(
    "point",
    [f"{when}:{place}" for place in ("begin", "remove", "rewrite") for when in ("before", "after")],
)
def test_killed_in_the_middle_it_goes_on(desk: Any, as_person: Any, point: str) -> None:
    """The receipt of the second try counts what the first one removed."""
    talk(desk, as_person)
    words = ["memory", "forget", "--principal", "ann"]
    command = [sys.executable, str(HERE / "forgetting_cli.py"), point, *words]
    killed = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr

    done = desk(*words, "--json")

    assert done.code == 0, done.err
    assert done.document["threads"] == ["a1", "a2"]
    assert done.document["removed"]["checkpoints"] > 4
    assert done.document["removed"]["pointsman_outcomes"] == 2
    assert found(home_files(desk)) == set()
    assert desk("thread", "forgotten").code == 0
    assert desk("audit", "verify").code == 0
