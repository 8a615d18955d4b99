"""One entry a decision: what a run decides stands in the audit log, in its tenant's chain."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command

from pointsman import Settings, build_agent, open_store, tool
from pointsman.policy.cedar import CedarPolicy
from pointsman.state.values import digest
from pointsman.stores.anchor import Anchor
from pointsman.stores.records import AuditEntry
from pointsman.testing import ScriptedModel

PAID: list[float] = []


@tool(effect="read", trust="internal")
async def look_up(name: str) -> dict[str, Any]:
    """Look somebody up."""
    return {"name": name, "balance": 12.5}


@tool(effect="money", trust="internal", idempotency="key")
async def pay(to: str, amount: float) -> dict[str, Any]:
    """Pay somebody."""
    PAID.append(amount)
    return {"to": to, "paid": amount}


def plan(called: str, **args: Any) -> dict[str, Any]:
    """Return a plan of one call."""
    step = {"id": "s", "kind": "tool", "tool": called, "goal": "Mail ann@example.com", "args": args}
    return {"reason": "because", "steps": [step]}


async def run(
    folder: Path,
    planned: dict[str, Any],
    task: str,
    *decisions: dict[str, Any],
    tenant: str = "acme",
    times: int = 1,
) -> list[AuditEntry]:
    """Perform a run, with decisions if it asks, and return what the log says of it."""
    # Whom nobody named may approve what they asked for.
    settings = {"principal": {"id": "ann", "role": "user", "tenant": tenant}} if tenant else {}
    async with open_store(folder / "pointsman.db", anchor=Anchor(folder)) as store:
        agent = build_agent(
            Settings.parse({"home": folder, **settings}),
            tools=[look_up, pay],
            models={"planner": ScriptedModel(replies=[planned] * times)},
            checkpointer=InMemorySaver(),
            store=store,
        )
        for number in range(times):
            at: Any = {"configurable": {"thread_id": f"t{number}"}}
            await agent.ainvoke({"task": task}, at)
            for decision in decisions:
                resumed: Command[Any] = Command(resume={"decisions": [decision]})
                await agent.ainvoke(resumed, at)
    # All is signed once the store is closed.
    async with open_store(folder / "pointsman.db", anchor=Anchor(folder)) as store:
        extent = await store.audit.verify()
        assert extent.signed == extent.entries
        return [*await store.audit.entries(tenant=tenant)]


async def test_a_run_that_only_reads_notes_each_decision(tmp_path: Path) -> None:
    """In the order in which it was taken, under the run and its thread, in the tenant's chain."""
    entries = await run(tmp_path, plan("look_up", name="ann"), "What has ann?")

    kinds = [entry.kind for entry in entries]
    assert Counter(kinds) == Counter(
        ["policy_version", "input", "attempt", "plan", "route", "tool_call", "verdict", "answer"]
    )
    last = ["plan", "route", "tool_call", "verdict", "answer"]
    assert [kind for kind in kinds if kind in last] == last
    assert {entry.thread_id for entry in entries} == {"t0"}
    assert len({entry.run_id for entry in entries}) == 1
    by_kind = {entry.kind: entry.body for entry in entries}
    assert by_kind["route"]["args"] == {"name": "ann"}
    assert by_kind["tool_call"]["ended"] == "done"
    assert by_kind["tool_call"]["output"] == digest({"name": "ann", "balance": 12.5})
    assert by_kind["verdict"]["action"] == "accept"
    assert by_kind["attempt"]["role"] == "planner"


async def test_what_people_said_stands_between(tmp_path: Path) -> None:
    """The request, the decision, and that another's arguments took the place of the agent's."""
    PAID.clear()
    edit = {
        "type": "edit",
        "edited_action": {"name": "pay", "args": {"to": "ann", "amount": 2.0}},
    }
    asked = plan("pay", to="ann", amount=1.0)
    entries = await run(tmp_path, asked, "Pay ann 1", edit, tenant="")

    kinds = [entry.kind for entry in entries]
    assert kinds.index("approval_requested") < kinds.index("approval_decided")
    assert kinds.index("approval_decided") < kinds.index("override")
    [override] = [entry for entry in entries if entry.kind == "override"]
    assert override.body["before"] == digest({"to": "ann", "amount": 1.0})
    assert override.body["after"] == digest({"to": "ann", "amount": 2.0})
    assert kinds.count("tool_call") == len(PAID)


async def test_personal_data_are_masked(tmp_path: Path) -> None:
    """In what was asked, in goals, arguments and the answer; no body has the address."""
    address = "ann.lee@example.com"
    planned = plan("look_up", name=address)
    entries = await run(tmp_path, planned, f"What has {address}?")

    told = {entry.kind: str(entry.body) for entry in entries}
    assert "<email:" in told["input"]
    assert "<email:" in told["plan"]
    assert "<email:" in told["route"]
    assert not [kind for kind, body in told.items() if "@example.com" in body]


async def test_the_policy_in_force_is_noted_once_with_its_texts(tmp_path: Path) -> None:
    """Every input names its version, and whoever has the texts can work that out."""
    entries = await run(tmp_path, plan("look_up", name="ann"), "What has ann?", times=3)

    versions = [entry.body for entry in entries if entry.kind == "policy_version"]
    asked = {entry.body["policy"] for entry in entries if entry.kind == "input"}
    assert [body["policy"] for body in versions] == [*asked] == [CedarPolicy().version]
    async with open_store(tmp_path / "pointsman.db") as store:
        texts = await store.payloads.get(versions[0]["texts"])
    assert texts == CedarPolicy().texts
    assert "permit" in texts["policies"]


@pytest.mark.parametrize("kind", ["plan", "verdict", "answer"])
async def test_what_the_journal_has_the_log_has(tmp_path: Path, kind: str) -> None:
    """A run performed from its journal once more decides nothing anew of what is on record."""
    first = await run(tmp_path, plan("look_up", name="ann"), "What has ann?")
    second = await run(tmp_path, plan("look_up", name="ann"), "What has ann?")

    counted = [Counter(entry.kind for entry in entries)[kind] for entries in (first, second)]
    assert counted == [1, 1]
