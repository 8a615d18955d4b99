"""Contracts in YAML."""

from __future__ import annotations

from pathlib import Path

import pytest
from langchain_core.tools import tool

from pointsman.errors import ConfigError
from pointsman.settings import Settings
from pointsman.toolbox import load_tools
from pointsman.tools import collect, load_contracts


@tool
def search(query: str) -> str:
    """Search."""
    return query


def test_contracts_are_read_and_applied(tmp_path: Path) -> None:
    """What the file says holds; what it leaves out stays careful."""
    path = tmp_path / "tools.yaml"
    path.write_text("search:\n  effect: read\n  consequential: [query]\n  rate_per_minute: 30\n")
    contract = collect([search], contracts=load_contracts(path))["search"].contract
    assert (contract.effect, contract.consequential, contract.rate_per_minute) == (
        "read",
        ("query",),
        30,
    )
    assert contract.trust == "untrusted"


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("search:\n  efect: read\n", "search.efect"),
        ("search:\n  effect: sometimes\n", "search.effect"),
        ("search:\n  timeout: -1\n", "search.timeout"),
        ("search: read\n", "search"),
        ("- search\n", "tools.yaml"),
        ("", "tools.yaml"),
        ("search: [", "tools.yaml"),
    ],
)
def test_a_wrong_field_is_named(tmp_path: Path, text: str, where: str) -> None:
    """With the file it stands in."""
    path = tmp_path / "tools.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError) as raised:
        load_contracts(path)
    assert raised.value.where.endswith(where)
    assert str(path) in raised.value.where


def test_a_missing_file(tmp_path: Path) -> None:
    """It is named."""
    with pytest.raises(ConfigError, match=r"none\.yaml"):
        load_contracts(tmp_path / "none.yaml")


def test_settings_may_name_the_file(tmp_path: Path) -> None:
    """A path is relative to the settings file, and its contracts hold for the agent's tools."""
    (tmp_path / "contracts.yaml").write_text("search: {effect: read, trust: internal}\n")
    (tmp_path / "pointsman.yaml").write_text("tool_contracts: contracts.yaml\n")

    tools = load_tools(Settings.load(tmp_path), [search])

    assert (tools["search"].contract.effect, tools["search"].contract.trust) == ("read", "internal")
