"""A thousand tools do not hold the event loop, though policy decides about each of them."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Any

from langgraph.checkpoint.memory import InMemorySaver

from pointsman import Settings, build_agent, open_store, tool
from pointsman.state.values import JsonObject
from pointsman.testing import ScriptedModel
from pointsman.tools import Tool

PLAN: JsonObject = {
    "reason": "as asked",
    "steps": [{"id": "s1", "kind": "tool", "tool": "look_0", "args": {"item": "A"}}],
}


def tools(count: int) -> list[Tool]:
    """Return tools that differ by name."""

    async def look(item: str) -> JsonObject:
        """Look something up."""
        return {"item": item}

    making = [tool(name=f"look_{n}", effect="read", trust="internal") for n in range(count)]
    return [make(look) for make in making]


async def run(home: Path, count: int, watch: Any) -> None:
    """Do one run with so many tools."""
    home.mkdir()
    async with open_store(home / "store.db") as store:
        agent = build_agent(
            Settings(home=home),
            tools=tools(count),
            models={"planner": ScriptedModel(replies=[PLAN])},
            checkpointer=InMemorySaver(),
            store=store,
        )
        async with watch():
            config: Any = {"configurable": {"thread_id": "t"}}
            out = await agent.ainvoke({"task": "Look A up"}, config)
    assert out["results"]["s1"]["status"] == "accepted"


async def test_a_thousand_tools_leave_the_loop_its_turns(watch: Any, tmp_path: Path) -> None:
    """The first plan of a principal asks about each tool anew."""
    # What is loaded once is no matter of many tools.
    await run(tmp_path / "few", 1, nullcontext)

    await run(tmp_path / "many", 1000, watch)
