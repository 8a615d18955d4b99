"""`graph` and `config check`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

DESK = Path(__file__).parent / "desk"


def test_mermaid_shows_the_inside_of_the_lane(desk):
    """The text names every node, the lane's own included."""
    result = desk("graph", "--mermaid")

    assert result.code == 0
    for node in ("normalize", "plan", "gate", "synthesize", "route", "act", "verify"):
        assert f"{node}(" in result.out


def test_graph_as_data(desk):
    """As JSON it is nodes, edges and the Mermaid text."""
    document = desk("graph", "--json").document

    assert {"lane:route", "lane:act", "lane:verify"} <= {n["id"] for n in document["nodes"]}
    assert document["mermaid"].startswith("---")


def test_picture_is_drawn_offline(desk, tmp_path):
    """A PNG of some size is written."""
    pytest.importorskip("matplotlib")
    file = tmp_path / "graph.png"

    result = desk("graph", "--png", str(file))

    assert result.code == 0
    data = file.read_bytes()
    assert data.startswith(b"\x89PNG")
    assert int.from_bytes(data[16:20]) > 400


def test_picture_without_its_parts_names_the_extra(desk, tmp_path, monkeypatch):
    """Without matplotlib the error says what to install."""
    monkeypatch.delitem(sys.modules, "pointsman.cli.picture", raising=False)
    monkeypatch.setitem(sys.modules, "matplotlib.axes", None)

    result = desk("graph", "--png", str(tmp_path / "graph.png"))

    assert result.code == 1
    assert "pointsman[draw]" in result.err


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


def test_help_does_not_load_the_graph():
    """What `--help` needs is loaded without LangGraph, which would take a second."""
    code = "import sys, pointsman.cli.app; sys.exit('langgraph' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
