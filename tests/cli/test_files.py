"""Files that cannot be used: one clear error, no traceback; and who may read what a run leaves."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))
from pointsman.cli.app import main
main()
"""


def refused(result: Any, *words: str) -> None:
    """Check that a command failed with one document and no traceback."""
    error = json.loads(result.out)["error"]
    assert result.code == 1
    assert all(word in f"{error['where']} {error['message']} {error['fix']}" for word in words)
    assert error["fix"]
    assert "Traceback" not in result.out + result.err


COMMANDS = [
    ["run", "what is order A-7?", "--json"],
    ["approvals", "--json"],
    ["audit", "verify", "--json"],
    ["switch", "set", "pause", "--json"],
]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda words: words[0])
def test_a_home_that_is_a_file(desk: Any, command: list[str]) -> None:
    """Every command names it and the variable that moves it."""
    desk.home.write_text("")

    refused(desk(*command), str(desk.home), "POINTSMAN_HOME")


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Path]:
    """A folder that nobody writes to: root may write past its mode, and not past its mount."""
    folder = tmp_path / "read-only"
    folder.mkdir()
    if os.geteuid() != 0:
        folder.chmod(0o500)
        yield folder
        folder.chmod(0o700)
        return
    mounting = ["mount", "-t", "tmpfs", "-o", "ro", "none", str(folder)]
    if not shutil.which("mount") or subprocess.run(mounting, capture_output=True).returncode:
        # Root writes past every mode, but not into the kernel's own folders.
        yield Path("/sys/kernel")
        return
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize("inside", [True, False], ids=["missing", "there"])
@pytest.mark.parametrize("command", COMMANDS, ids=lambda words: words[0])
def test_a_home_that_is_read_only(
    desk: Any, command: list[str], inside: bool, read_only: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether it is there or is yet to be made, every command names it and what moves it."""
    home = read_only / "home" if inside else read_only
    monkeypatch.setenv("POINTSMAN_HOME", str(home))

    refused(desk(*command), str(home), "POINTSMAN_HOME")


@pytest.mark.parametrize("command", COMMANDS, ids=lambda words: words[0])
def test_a_store_that_is_damaged(desk: Any, command: list[str]) -> None:
    """Every command names the file."""
    desk.home.mkdir()
    (desk.home / "pointsman.db").write_bytes(b"This is no database. " * 400)

    refused(desk(*command), "pointsman.db", "damaged", "backup")


@pytest.mark.parametrize("keep", [0, 5000], ids=["no-database", "truncated"])
def test_checkpoints_that_are_damaged(desk: Any, keep: int) -> None:
    """They are named, and decisions can still be recorded in the store."""
    question = desk.waiting()
    file = desk.home / "checkpoints.db"
    for side in desk.home.glob("checkpoints.db-*"):
        side.unlink()
    file.write_bytes(file.read_bytes()[:keep] + b"no database " * 600)

    refused(desk("resume", "t1", "--json"), "checkpoints.db", "damaged", "backup")
    assert desk("approve", question["id"], "--no-resume").code == 0


def test_a_checkpoint_whose_content_is_damaged(desk: Any) -> None:
    """A whole database with spoilt values in it."""
    import sqlite3

    desk.waiting()
    with sqlite3.connect(desk.home / "checkpoints.db") as database:
        database.execute("UPDATE checkpoints SET checkpoint = substr(checkpoint, 1, 40)")
    database.close()

    refused(desk("resume", "t1", "--json"), "checkpoints.db", "damaged")


@pytest.mark.parametrize("url", ["postgresql://u:s3cret@host:port/db", "mysql://u:s3cret@h/db"])
def test_a_store_url_that_is_none(desk: Any, add_settings: Any, url: str) -> None:
    """The field is named, the password is not."""
    add_settings(f'store_url: "{url}"')

    result = desk("run", "what is order A-7?", "--json")

    refused(result, "store", "sqlite:///PATH")
    assert "s3cret" not in result.out + result.err


def test_a_disk_without_room(desk: Any) -> None:
    """What a full disk refuses is told as such."""
    result = subprocess.run(
        [sys.executable, "-c", LIMITED, "run", "what is order A-7?", "--json"],
        capture_output=True,
        text=True,
        timeout=60,
        env=dict(os.environ),
    )

    assert result.returncode == 1
    assert "Traceback" not in result.stdout + result.stderr
    assert str(desk.home) in json.loads(result.stdout)["error"]["where"]


def test_nobody_else_reads_what_a_run_leaves(desk: Any) -> None:
    """With the most open umask: a closed home, and closed files of ours in it."""
    before = os.umask(0)
    try:
        question = desk.waiting()
        desk("token", "rotate")
        desk("approve", question["id"])
    finally:
        os.umask(before)

    ours = {path: stat.S_IMODE(path.stat().st_mode) for path in desk.home.rglob("*")}
    assert stat.S_IMODE(desk.home.stat().st_mode) == 0o700
    tools_own = {desk.home / name for name in ("paid.txt", "begun")}
    assert {mode for path, mode in ours.items() if path not in tools_own} == {0o600}
    assert {path.name for path in ours} >= {"pointsman.db", "checkpoints.db", "keyring.json"}
