"""`config check`."""

from __future__ import annotations

import pytest
import yaml


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
