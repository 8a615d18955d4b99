"""What a server needs to be told before it starts."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest

from pointsman.errors import ConfigError
from pointsman.server.auth import auth_from_environment

ROOT = Path(__file__).parents[2]
DEV = {
    "LANGGRAPH_RUNTIME_EDITION": "inmem",
    "LANGSMITH_LANGGRAPH_API_VARIANT": "local_dev",
    "LANGGRAPH_API_URL": "http://127.0.0.1:2024",
}


@pytest.mark.parametrize(
    "environment",
    [
        pytest.param(DEV, id="as-it-is"),
        pytest.param(DEV | {"LANGGRAPH_API_URL": "http://[::1]:2024"}, id="ipv6"),
        pytest.param(DEV | {"LANGGRAPH_API_URL": "http://localhost:2024/x"}, id="localhost"),
        pytest.param(
            DEV | {"LANGGRAPH_API_URL": "http://0.0.0.0:2024", "POINTSMAN_AUTH": "off"},
            id="off-in-a-container",
        ),
    ],
)
def test_langgraph_dev_starts_without_a_keyring(
    environment: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    """On loopback, or where somebody said so; with one warning."""
    with caplog.at_level(logging.WARNING):
        auth = auth_from_environment(environment)

    assert not auth._handlers
    assert [record.levelname for record in caplog.records] == ["WARNING"]


@pytest.mark.parametrize(
    "environment",
    [
        pytest.param({}, id="unknown-server"),
        pytest.param(DEV | {"LANGGRAPH_RUNTIME_EDITION": "postgres"}, id="production"),
        pytest.param(
            DEV | {"LANGGRAPH_RUNTIME_EDITION": "postgres", "POINTSMAN_AUTH": "off"},
            id="production-switched-off",
        ),
        pytest.param(DEV | {"LANGSMITH_LANGGRAPH_API_VARIANT": "cloud"}, id="cloud"),
        pytest.param(DEV | {"LANGGRAPH_API_URL": "http://0.0.0.0:2024"}, id="all-interfaces"),
        pytest.param(DEV | {"LANGGRAPH_API_URL": "https://x.trycloudflare.com"}, id="tunnel"),
        pytest.param(DEV | {"LANGGRAPH_API_URL": ""}, id="unknown-address"),
        pytest.param(DEV | {"POINTSMAN_AUTH": "on"}, id="on"),
        pytest.param(DEV | {"POINTSMAN_AUTH": "no"}, id="misspelt"),
    ],
)
def test_any_other_server_needs_a_keyring(environment: dict[str, str]) -> None:
    """It does not start, and says what to set."""
    with pytest.raises(ConfigError, match="POINTSMAN_KEYRING: It must be clear who is let in"):
        auth_from_environment(environment)


def test_the_projects_own_file_serves_the_example() -> None:
    """What langgraph.json names is there."""
    config = json.loads((ROOT / "langgraph.json").read_text())

    assert (ROOT / config["env"]["POINTSMAN_CONFIG"] / "pointsman.yaml").is_file()
    assert config["auth"] == {"path": "pointsman.server.auth:auth", "disable_studio_auth": True}
