"""Half an emoji, wherever it comes in, is a character like another; it never crashes a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from pointsman import Settings, build_agent, tool
from pointsman.errors import ToolError
from pointsman.testing import ScriptedModel

HALF = "half \ud83d"
"""What is left of an emoji when a client cuts a text in the middle of it."""


@pytest.fixture
def w(write: dict[str, Any]) -> Any:
    """Give the writers by attribute."""
    return type("Writers", (), {name: staticmethod(f) for name, f in write.items()})


@tool(effect="read", trust="internal")
def halve(item: str) -> dict[str, str]:
    """Return half an emoji."""
    return {"note": f"{item} {HALF}"}


@tool(effect="read", trust="internal")
def complain(item: str) -> str:
    """Fail with half an emoji."""
    raise ToolError(f"{item} {HALF}")


INPUTS = [
    pytest.param({"task": f"look up A {HALF}"}, id="task"),
    pytest.param({"messages": [HumanMessage(f"look up A {HALF}")]}, id="message"),
    pytest.param({"messages": [{"role": "user", "content": [HALF, "A"]}]}, id="blocks"),
    pytest.param(
        {"messages": [HumanMessage("A"), AIMessage(HALF), HumanMessage("look up A")]}, id="earlier"
    ),
    pytest.param(
        {"task": "look up A", "attachments": [{"name": f"a{HALF}", "text": HALF}]}, id="attachment"
    ),
]


@pytest.mark.parametrize("given", INPUTS)
async def test_in_what_a_client_sends(given: Any, bench: Any, w: Any, tmp_path: Path) -> None:
    """Checkpointed in a real file, too."""
    async with AsyncSqliteSaver.from_conn_string(str(tmp_path / "checkpoints.db")) as saver:
        agent = build_agent(
            Settings.parse({"home": bench.home}),
            tools=bench.tools(),
            models={"planner": ScriptedModel(replies=[w.plan(w.step("a", "look", item="A"))])},
            checkpointer=saver,
            store=bench.store,
        )
        out = await agent.ainvoke(given, w.thread())
    assert out["results"]["a"]["status"] == "accepted"


@pytest.mark.parametrize(("name", "status"), [("halve", "accepted"), ("complain", "failed")])
async def test_in_what_a_tool_says(name: str, status: str, bench: Any, w: Any) -> None:
    """A result and an error."""
    agent = bench.agent(
        w.plan(w.step("a", name, item="A")),
        {"steps": [], "cannot": "no other way"},
        tools=[halve, complain],
    )
    out = await agent.ainvoke({"task": "look up A"}, w.thread())
    assert out["results"]["a"]["status"] == status
    assert "\ufffd" in str(out["results"]["a"])


async def test_in_what_a_model_says(bench: Any, w: Any) -> None:
    """JSON writes it as an escape that nobody notices."""
    agent = bench.agent({"reason": HALF, "steps": [w.step("a", "look", item=f"A {HALF}")]})
    out = await agent.ainvoke({"task": f"look up A {HALF}"}, w.thread())
    assert out["results"]["a"]["status"] == "accepted"
    assert bench.calls == [("look", {"id": "A half \ufffd"})]


@pytest.mark.parametrize("kind", ["reject", "respond"])
async def test_in_a_reviewers_words(kind: str, bench: Any, w: Any) -> None:
    """They are recorded, and the run ends as it should."""
    agent = bench.agent(
        w.plan(w.step("a", "pay", to="ann", amount=5.0)),
        {"steps": [], "cannot": "a person said no"},
    )
    await agent.ainvoke({"task": "pay ann 5"}, w.thread())
    out = await agent.ainvoke(w.resume({"type": kind, "message": HALF}), w.thread())
    assert out["results"]["a"]["status"] == "rejected"
    assert bench.count("pay") == 0
