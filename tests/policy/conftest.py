"""Factories for contracts, facts and policies."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pointsman.policy.cedar import CedarPolicy
from pointsman.policy.facts import CallFacts
from pointsman.policy.settings import PolicySettings
from pointsman.state.run import Principal
from pointsman.tools.contract import ToolContract

MakeContract = Callable[..., ToolContract]
MakeFacts = Callable[..., CallFacts]
MakePolicy = Callable[..., CedarPolicy]


@pytest.fixture
def contract() -> MakeContract:
    """Build a contract of a refund tool, with changes."""

    def build(**changes: Any) -> ToolContract:
        facts: dict[str, Any] = {
            "name": "issue_refund",
            "description": "Refund a payment.",
            "args_schema": {"type": "object"},
            "effect": "money",
            "amount": "amount",
        }
        return ToolContract(**{**facts, **changes})

    return build


@pytest.fixture
def facts() -> MakeFacts:
    """Build facts of a call of the refund tool by alice, with changes."""

    def build(**changes: Any) -> CallFacts:
        defaults: dict[str, Any] = {
            "principal": Principal(id="alice", tenant="acme"),
            "tool": "issue_refund",
            "args": {"order": "ORD-1", "amount": 40.0},
        }
        return CallFacts(**{**defaults, **changes})

    return build


@pytest.fixture
def policy(tmp_path: Path) -> MakePolicy:
    """Build an engine from the default policies and additional Cedar text."""

    def build(added: str = "", **settings: Any) -> CedarPolicy:
        path = tmp_path / "added.cedar"
        path.write_text(added, "utf-8")
        return CedarPolicy(PolicySettings(additions=(path,), **settings))

    return build
