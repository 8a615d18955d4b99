"""The JSON of the pages is read by what reads it in a run: decisions, plans, settings."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from langgraph_cli.config import validate_config
from langgraph_cli.schemas import AuthConfig

from pointsman.policy.keyring import new_keyring, write_keyring
from pointsman.state.approval import ApprovalRequest, Decision, read_decisions
from pointsman.state.checks import check_plan
from pointsman.state.plan import Plan

from .pages import PAGES, ROOT, Block, blocks, name_of

REQUEST = ApprovalRequest(
    id="ap_1",
    step="paid",
    tool="transfer",
    args={"to": "ann", "iban": "DE89", "subject": "rent", "amount": 40.0},
    provenance=dict.fromkeys(("to", "iban", "subject"), ("mail",)),
)
"""What the decisions of the pages are on."""
LOOP = [REQUEST.model_copy(update={"id": f"ap_{n}", "step": f"paid[ORD-{n}]"}) for n in (1, 2)]
"""Two items of a loop, which one decision is on."""
WHOLE = "decisions"


def kind_of(data: dict[str, Any]) -> str:
    """Return what reads an object, by its keys; another kind needs a reader here."""
    if "type" in data or WHOLE in data:
        return "decision"
    return {"steps": "plan", "auth": "server"}[next(iter(data))]


def inline() -> list[Any]:
    """Return the JSON objects that stand in the pages' prose."""
    return [
        pytest.param(json.loads(found), id=f"{name_of(page)}-{number}")
        for page in PAGES
        for number, found in enumerate(
            re.findall(r"`(\{\"(?:type|decisions)\": [^`]+\})`", page.read_text("utf-8"))
        )
        if " | " not in found  # what may stand there, and no value
    ]


def decided(data: dict[str, Any]) -> tuple[Decision, ...]:
    """Read a decision as the gate does."""
    return read_decisions(data, LOOP if "step" in data else [REQUEST])


@pytest.mark.parametrize("block", blocks("json"), ids=str)
def test_a_block_is_read(block: Block, tmp_path: Path) -> None:
    """By the product's own reader, which refuses what it does not know."""
    data = json.loads(block.text)

    match kind_of(data):
        case "decision":
            [decision] = decided(data)
            for key in data.keys() - {"type"}:
                assert getattr(decision, key)
        case "plan":
            check_plan(Plan.model_validate(data))
        case _:
            assert_server(data, tmp_path)


@pytest.mark.parametrize("data", inline())
def test_a_decision_in_prose_is_read(data: dict[str, Any]) -> None:
    """Whoever copies one is understood."""
    decisions = decided(data)

    assert decisions or data == {"type": "recorded"}
    for decision in decisions:
        assert not data.get("endorse") or decision.endorse


def assert_server(data: dict[str, Any], folder: Path) -> None:
    """Hold settings of the Agent Server to its own check, and to what ships."""
    ours = json.loads((ROOT / "langgraph.json").read_text(encoding="utf-8"))
    auth = data["auth"]

    given: Any = {**ours, **data}
    assert validate_config(given).get("auth") == auth
    assert auth.keys() <= AuthConfig.__annotations__.keys()
    module, name = auth["path"].split(":")
    write_keyring(folder / "ring.json", new_keyring())
    subprocess.run(
        [sys.executable, "-c", f"from {module} import {name}; assert {name}.on.threads"],
        env={**os.environ, "POINTSMAN_KEYRING": str(folder / "ring.json")},
        timeout=100,
        check=True,
    )
    assert {**ours["auth"], **auth} == ours["auth"]
