"""What passes inside a lane is typed, and whoever streams it can still send it on."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph_api.serde import json_dumpb

from pointsman import Settings, build_agent, open_store, tool
from pointsman.runs.lane_view import Route
from pointsman.state.verdict import ActOutcome
from pointsman.testing import ScriptedModel

AT: Any = {"configurable": {"thread_id": "t"}}


@pytest.fixture
async def agent(tmp_path: Path) -> AsyncIterator[Any]:
    """Give an agent whose plan is one look."""

    @tool(effect="read", trust="internal")
    async def look(item: str) -> dict[str, Any]:
        """Look something up."""
        return {"id": item}

    step = {"id": "a", "kind": "tool", "tool": "look", "args": {"item": "A"}}
    planner = ScriptedModel(replies=[{"reason": "because", "steps": [step]}])
    async with open_store(tmp_path / "pointsman.db") as store:
        yield build_agent(
            Settings(home=tmp_path),
            tools=[look],
            models={"planner": planner},
            checkpointer=InMemorySaver(),
            store=store,
        )


@pytest.mark.parametrize("mode", ["updates", "values", "debug", "tasks"])
async def test_every_stream_of_a_lane_can_be_sent(agent: Any, mode: str) -> None:
    """By the Agent Server's own serializer, records included."""
    sent = [
        json.loads(json_dumpb(part))
        async for _, part in agent.astream({"task": "x"}, AT, stream_mode=mode, subgraphs=True)
    ]

    assert "look" in json.dumps(sent)


async def test_between_a_lanes_nodes_the_records_themselves_pass(agent: Any) -> None:
    """Nothing of them is packed; the lane keeps no checkpoint."""
    given = {
        part["name"]: part["input"]
        async for _, part in agent.astream({"task": "x"}, AT, stream_mode="tasks", subgraphs=True)
        if "input" in part
    }

    assert isinstance(given["act"]["route"], Route)
    assert isinstance(given["verify"]["outcome"], ActOutcome)


async def test_no_checkpoint_names_a_class_of_ours(agent: Any) -> None:
    """Neither state nor what lanes are sent."""
    await agent.ainvoke({"task": "x"}, AT)

    saved = [saved async for saved in agent.checkpointer.alist(AT)]

    stored = repr(agent.checkpointer.storage) + repr(agent.checkpointer.blobs)
    assert saved
    assert "pointsman" not in stored
