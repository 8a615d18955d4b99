"""The Cedar policies of the pages decide what the pages say, and only that."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from pointsman.policy.cedar import CedarPolicy
from pointsman.policy.facts import CallFacts, PolicyDecision
from pointsman.policy.settings import PolicySettings
from pointsman.state.run import Principal
from pointsman.tools.contract import ToolContract

from .pages import Block, blocks

SHOWN = blocks("cedar")
MAIL: dict[str, Any] = {
    "effect": "message",
    "recipients": ("to",),
    "args": {"to": "eve@else.example", "body": "healthy"},
}
CASES: dict[str, list[tuple[dict[str, Any], str, dict[str, Any]]]] = {
    "small-refunds": [
        ({"args": {"amount": 50}}, "ask", {"outcome": "run"}),
        ({"args": {"amount": 50.01}}, "ask", {"outcome": "ask"}),
        ({"name": "other", "args": {"amount": 50}}, "ask", {"outcome": "ask"}),
    ],
    "large-sums": [
        (
            {"args": {"amount": 1000.01}},
            "ask",
            {"quorum": 2, "expires_seconds": 900, "allowed": ("approve", "reject")},
        ),
        ({"args": {"amount": 1000}}, "ask", {"quorum": 1}),
    ],
    "deletes-need-a-fresh-look": [
        (
            {"effect": "delete", "tainted": "id", "endorsed": True, "grant": "gr_1"},
            "run",
            {"outcome": "ask", "reason": "An endorsed value is not enough to delete."},
        ),
        ({"effect": "delete", "grant": "gr_1"}, "run", {"outcome": "run"}),
    ],
    "no-deletes-by-grant": [
        (
            {"effect": "delete", "grant": "gr_1"},
            "run",
            {"outcome": "ask", "reason": "Deleting is looked at each time."},
        ),
        ({"effect": "write", "grant": "gr_1"}, "run", {"outcome": "run"}),
    ],
    "nothing-leaves-the-clinic": [
        (
            {**MAIL, "readers": {"body": ("@clinic.example",)}},
            "ask",
            {"outcome": "refuse", "reason": "eve@else.example may not read it."},
        ),
        ({**MAIL, "readers": {"body": ("@other.example",)}}, "ask", {"outcome": "ask"}),
        (MAIL, "ask", {"outcome": "ask"}),
    ],
}
"""Policy → calls, what the defaults say of each, and what they say with the page's policies."""


def ids_of(block: Block) -> list[str]:
    """Return the ids of a block's policies."""
    return re.findall(r'@id\("(.+?)"\)', block.text)


def decided(policy: CedarPolicy, call: dict[str, Any]) -> PolicyDecision:
    """Put a call to the policies."""
    name, effect = call.get("name", "issue_refund"), call.get("effect", "money")
    args = call.get("args", {"id": "A-1"})
    tainted = {call["tainted"]: ("mail",)} if "tainted" in call else {}
    contract = ToolContract(
        name=name,
        description="",
        args_schema={"type": "object"},
        effect=effect,
        amount="amount" if effect == "money" else "",
        consequential=tuple(args),
        recipients=call.get("recipients"),
    )
    facts = CallFacts(
        principal=Principal(id="alice", tenant="acme"),
        tool=name,
        args=args,
        tainted_args=tainted,
        endorsed=dict.fromkeys(tainted, ("en_1",)) if call.get("endorsed") else {},
        grant=call.get("grant", ""),
        granted_by="ada" if "grant" in call else "",
        readers=call.get("readers", {}),
    )
    return policy.decide(contract, facts)


@pytest.mark.parametrize(
    ("block", "call", "before", "after"),
    [
        pytest.param(block, *case, id=f"{block}-{name}-{number}")
        for block in SHOWN
        for name in ids_of(block)
        for number, case in enumerate(CASES[name])
    ],
)
def test_a_policy_decides_as_its_page_says(
    block: Block, call: dict[str, Any], before: str, after: dict[str, Any], tmp_path: Path
) -> None:
    """As an addition to the policies that ship it changes the calls it is about, and no other."""
    (tmp_path / "shown.cedar").write_text(block.text, encoding="utf-8")
    added = CedarPolicy(PolicySettings(additions=(Path("shown.cedar"),)), folder=tmp_path)

    assert decided(CedarPolicy(), call).outcome == before
    decision = decided(added, call)
    told = {name: getattr(decision, name) for name in after}
    if "reason" in after:
        assert after["reason"] in told["reason"]
        told["reason"] = after["reason"]
    assert told == after


def test_each_policy_is_on_a_page() -> None:
    """A case whose policy is gone goes too."""
    assert {name for block in SHOWN for name in ids_of(block)} == CASES.keys()
