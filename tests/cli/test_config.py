"""`config check`."""

from __future__ import annotations

import json
import shutil
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest
import yaml

from pointsman.stores import inspection
from pointsman.stores.schema import VERSION


def test_check_of_good_settings(desk):
    """Every part is listed, and the exit code is 0."""
    page = desk("config", "check")
    document = desk("config", "check", "--json").document

    assert page.code == 0
    assert "pay_back" in page.out
    assert document["ok"] is True
    assert [c["check"] for c in document["checks"]] == [
        "settings",
        "home",
        "store",
        "tools",
        "playbooks",
        "policy",
        "models",
        "keys",
    ]


def test_check_says_what_the_agent_is_for(desk, tmp_path):
    """The description stands beside the name, for whoever is to use it."""
    file = tmp_path / "settings.yaml"
    file.write_text("name: kettles\ndescription: Sells kettles.\n", encoding="utf-8")

    first = desk("config", "check", "-c", str(file), "--json").document["checks"][0]

    assert first["detail"].startswith("kettles (Sells kettles.), from ")


MODEL = {"id": "m", "endpoint": "e"}
ENDPOINT = {"base_url": "http://127.0.0.1:9/v1", "api_key_env": "NO_SUCH_KEY"}


@pytest.mark.parametrize(
    ("settings", "where"),
    [
        pytest.param({"modles": {}}, "modles", id="unknown key"),
        pytest.param({"tools": ["./nowhere.py:x"]}, "tools.0", id="missing tool file"),
        pytest.param({"playbooks": "nowhere"}, "nowhere", id="no playbooks"),
        pytest.param({"policy": {"file": "nowhere.cedar"}}, "policy.file", id="no policy"),
        pytest.param(
            {"models": {"endpoints": {"e": ENDPOINT}, "models": [MODEL]}},
            "models.endpoints.e.api_key_env",
            id="missing key",
        ),
        pytest.param(
            {
                "limits": {"budget_usd": 1},
                "models": {
                    "endpoints": {"e": {"base_url": "http://127.0.0.1:9/v1"}},
                    "models": [MODEL],
                },
            },
            "models.models",
            id="unknown price under a cap",
        ),
    ],
)
def test_check_names_the_wrong_field(desk, tmp_path, settings, where):
    """What is wrong ends with 1 and the field."""
    file = tmp_path / "settings.yaml"
    file.write_text(yaml.safe_dump(settings), encoding="utf-8")

    result = desk("config", "check", "-c", str(file), "--json")
    [wrong] = [c for c in result.document["checks"] if not c["ok"]]

    assert result.code == 1
    assert where in wrong["where"]


def test_check_reports_a_tool_module_that_raises(desk, tmp_path):
    """A defect in a tool's own code is a finding, and the other parts are still checked."""
    (tmp_path / "bad.py").write_text("raise RuntimeError('no luck')", encoding="utf-8")
    file = tmp_path / "settings.yaml"
    file.write_text('tools: ["./bad.py:tools"]', encoding="utf-8")

    result = desk("config", "check", "-c", str(file), "--json")
    [wrong] = [c for c in result.document["checks"] if not c["ok"]]

    assert result.code == 1
    assert wrong["check"] == "tools"
    assert "no luck" in wrong["detail"]


SERVER = Path(__file__).parents[1] / "tools" / "mcp_server.py"


def contents(folder: Path) -> dict[str, bytes | None]:
    """Return every file and folder below a folder, with what is in it."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
    }


@pytest.fixture
def settings_with_all(tmp_path):
    """Settings with a tools file that writes into its home folder, and an MCP server."""
    pytest.importorskip("mcp")
    (tmp_path / "my_tools.py").write_text(
        "def build(home):\n    (home / 'made').write_text('x')\n    return []\n", encoding="utf-8"
    )
    server = {"name": "files", "command": sys.executable, "args": [str(SERVER)]}
    file = tmp_path / "all.yaml"
    text = yaml.safe_dump({"tools": ["./my_tools.py:build"], "mcp": [server]})
    file.write_text(text, encoding="utf-8")
    return file


@pytest.mark.parametrize("words", [("config", "check"), ("policy", "check")], ids=" ".join)
@pytest.mark.parametrize("used", [False, True], ids=["fresh", "used"])
def test_check_changes_nothing(desk, tmp_path, settings_with_all, words, used):
    """No home folder, database, pin or cache is made, and what is there stays as it is."""
    if used:
        assert desk("switch", "set", "pause", "-c", str(settings_with_all)).code == 0
    before = contents(tmp_path)

    result = desk.alone(*words, "-c", str(settings_with_all), "--json")

    assert result.code == 0, result.out
    assert contents(tmp_path) == before
    if words == ("config", "check"):
        checks = {check["check"]: check["detail"] for check in result.document["checks"]}
        assert ("switched: pause" in checks["store"]) is used
        assert ("made by the first run" in checks["store"]) is not used
        assert not checks["tools"].startswith("0")


@pytest.mark.parametrize("name", ["mcp-pins.json", "approved.json"])
def test_check_refuses_a_changed_definition_and_keeps_its_pin(desk, settings_with_all, name):
    """A server that is not as it was when it was pinned is found, and the pin is not renewed."""
    desk.home.mkdir()
    pins = desk.home / name
    with settings_with_all.open("a", encoding="utf-8") as file:
        file.write(f"mcp_pins: {name}\n")
    pins.write_text(json.dumps({"files": {"gone": "0"}}), encoding="utf-8")

    result = desk.alone("config", "check", "-c", str(settings_with_all), "--json")
    [wrong] = [check for check in result.document["checks"] if not check["ok"]]

    assert result.code == 1
    assert wrong["check"] == "tools"
    assert "was refused" in wrong["detail"]
    assert json.loads(pins.read_text("utf-8")) == {"files": {"gone": "0"}}


@pytest.fixture
def logged(desk):
    """A home whose database has its newest row in the log alone, as a process that runs has it."""
    assert desk("switch", "set", "freeze-tool", "pay_back").code == 0
    with closing(sqlite3.connect(desk.home / "pointsman.db")) as holder:
        holder.execute("SELECT version_num FROM pointsman_version").fetchall()
        assert desk("switch", "set", "pause").code == 0
        yield desk.home


def kept(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Return every file of a folder with what is in it, and when it was written."""
    return {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.iterdir()}


FILES = {
    "held": None,
    "left by a kill": ("pointsman.db", "pointsman.db-wal", "pointsman.db-shm"),
    "put back": ("pointsman.db", "pointsman.db-wal"),
}
"""How a database with a log is found → its files, where nobody has them open."""


@pytest.mark.parametrize("files", FILES.values(), ids=FILES.keys())
def test_check_reads_the_log_of_a_database_and_changes_no_file(
    desk, logged, tmp_path, monkeypatch, files
):
    """Not even the files that any reader of SQLite makes or writes into are made or written."""
    if files is not None:
        monkeypatch.setenv("POINTSMAN_HOME", str(logged := tmp_path / "other home"))
        logged.mkdir()
        for name in files:
            shutil.copy2(desk.home / name, logged / name)
    before = kept(logged)

    result = desk.alone("config", "check", "--json")

    assert result.code == 0, result.out
    assert kept(logged) == before
    [store] = [c["detail"] for c in result.document["checks"] if c["check"] == "store"]
    assert "freeze_tool pay_back" in store
    assert "pause" in store
    assert "pointsman.db-wal" in before


def test_check_says_that_a_large_copy_was_not_looked_into(desk, logged, tmp_path, monkeypatch):
    """What would have to be copied is copied up to a size, and beyond it no claim is made."""
    monkeypatch.setattr(inspection, "MOST_COPIED", 1000)
    monkeypatch.setenv("POINTSMAN_HOME", str(home := tmp_path / "other home"))
    home.mkdir()
    for name in ("pointsman.db", "pointsman.db-wal"):
        shutil.copy2(logged / name, home / name)
    before = kept(home)

    result = desk("config", "check", "--json")

    assert result.code == 0
    [store] = [c["detail"] for c in result.document["checks"] if c["check"] == "store"]
    assert "not looked into" in store
    assert "at most 1,000" in store
    assert kept(home) == before


@pytest.mark.parametrize("log", [False, True], ids=["closed", "with a log"])
def test_check_refuses_the_database_of_a_newer_release_as_a_run_does(desk, log):
    """Both versions are named, and nothing is promised that the next run will not do."""
    assert desk("switch", "set", "pause").code == 0
    with closing(sqlite3.connect(desk.home / "pointsman.db")) as database:
        database.execute("UPDATE pointsman_version SET version_num = '9999'")
        database.commit()
        if not log:
            database.close()
        result = desk("config", "check", "--json")
        run = desk("approvals", "--json")

    [wrong] = [c for c in result.document["checks"] if not c["ok"]]
    assert result.code == run.code == 1
    assert wrong["check"] == "store"
    assert (
        wrong["detail"] == f"The database has version 9999, this release knows {VERSION} at most."
    )
    assert run.document["error"]["message"] == wrong["detail"]
