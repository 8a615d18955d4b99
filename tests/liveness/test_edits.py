"""A person's edit, however large, holds the event loop no longer than anything else."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver

from pointsman import Settings, open_store
from pointsman.agent import build_dependencies
from pointsman.errors import DecisionError
from pointsman.graphs.agent import build_graph
from pointsman.runs.decisions import record_decisions
from pointsman.state.approval import read_decisions
from pointsman.state.run import Principal
from pointsman.testing import ScriptedModel
from pointsman.tools import Tool, ToolContract

MILLION = 1_000_000
LINE = {"type": "object", "properties": {"n": {"type": "integer"}, "s": {"type": "string"}}}
SCHEMA = {
    "type": "object",
    "properties": {
        "lines": {"type": "array", "items": LINE, "uniqueItems": True},
        "text": {"type": "string"},
        "any": {},
    },
}
EDITS: dict[str, Any] = {
    "many": {"lines": [{"n": n, "s": "x"} for n in range(40_000)]},
    "equal": {"lines": [{"n": 1}] * 100_000},
    "keys": {"any": {str(n): n for n in range(60_000)}},
    "numbers": {"any": [0] * 400_000},
    "text": {"text": "x " * (MILLION // 2 - 10)},
    "escapes": {"text": "\x01" * 150_000},
    "wide": {"any": "\U0001f600" * 240_000},
}


@pytest.mark.parametrize("name", EDITS)
async def test_recording_an_edit(name: str, watch: Any, tmp_path: Path) -> None:
    """Checked against the tool, judged by policy, recorded with the audit log."""

    async def run(_args: Any, _call: Any) -> Any:
        return "done"

    contract = ToolContract(name="act", description="Act.", args_schema=SCHEMA, effect="write")
    store = open_store(tmp_path / "ledger.db")
    step = {"id": "act", "kind": "tool", "tool": "act", "args": {"text": "A"}}
    planner = ScriptedModel(replies=[{"steps": [step]}])
    dependencies = build_dependencies(
        Settings.parse({"home": tmp_path / "h"}),
        tools=[Tool(contract=contract, run=run)],
        models={"planner": planner},
        store=store,
    )
    agent: Any = build_graph(dependencies, checkpointer=InMemorySaver())
    at: Any = {"configurable": {"thread_id": "t"}}
    out = await agent.ainvoke({"task": "Act"}, at)
    [asked] = out["__interrupt__"][0].value["pointsman"]["approvals"]
    request = (await store.approvals.get(asked["id"])).request
    edit = {"type": "edit", "edited_action": {"args": EDITS[name]}}
    decisions = read_decisions(edit, [request])
    async with watch():
        with suppress(DecisionError):  # of equal lines: it doesn't fit
            await record_decisions(
                decisions,
                [request],
                approver=Principal(id="bea", role="admin"),
                authenticated=True,
                dependencies=dependencies,
            )
    status = (await store.approvals.get(request.id)).status
    assert status == ("waiting" if name == "equal" else "edited")
    store.close_now()
