"""A fork whose plan was edited while a request waited: what was asked for is not what it says."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from langgraph.types import Command


async def resumed(agent: Any, desk: Any, w: Any, out: Any) -> tuple[list[Any], Any]:
    """Approve whatever is asked; return what was asked for, and how it ended."""
    asked: list[Any] = []
    while requests := w.requests(out):
        asked += [(request["tool"], request["args"]) for request in requests]
        value = {"decisions": [w.APPROVE] * len(requests)}
        out = await agent.ainvoke(Command(resume=value), desk.at("t"))
    return asked, out


@pytest.mark.parametrize("tool", ["wire", "pay"])
@pytest.mark.parametrize("as_node", ["plan", None])
async def test_from_no_checkpoint_does_an_edited_plan_get_the_result_of_another(
    desk: Any, w: Any, tool: str, as_node: str | None
) -> None:
    """Neither the old request, approved since, nor what it came to answers for the new argument."""
    steps = (w.step("s1", tool, to="A", amount=5.0), w.step("s2", "send", ["s1"], to="x", body="b"))
    agent = desk.agent(w.plan(*steps))
    asked, _ = await resumed(agent, desk, w, await desk.ask(agent, "go"))
    assert [args["to"] for _, args in asked] == ["A", "x"]
    tried = 0
    for snapshot in [s async for s in agent.aget_state_history(desk.at("t"))]:
        results = snapshot.values.get("results") or {}
        if not snapshot.next or not (snapshot.values.get("plan") or {}).get("steps"):
            continue
        if results.get("s1", {}).get("status") == "accepted":
            continue  # The state itself holds the result, which was not edited.
        tried += 1
        plan = copy.deepcopy(snapshot.values["plan"])
        plan["steps"][0]["args"]["to"] = f"B{tried}"
        before = len(desk.calls)
        at = await agent.aupdate_state(snapshot.config, {"plan": plan}, as_node=as_node)
        asked, out = await resumed(agent, desk, w, await agent.ainvoke(None, at))
        assert (tool, {"to": f"B{tried}", "amount": 5.0}) in asked
        assert [c.args["to"] for c in desk.calls[before:] if c.tool == tool] == [f"B{tried}"]
        assert f"B{tried}" in out["results"]["s1"]["evidence"][0]["source"]
    assert tried >= 3
    assert [args["to"] for args in desk.called(tool)].count("A") == 1


async def test_what_is_not_edited_keeps_its_approval(desk: Any, w: Any) -> None:
    """Another step's edit asks nobody about this one again."""
    steps = (w.step("s1", "wire", to="A", amount=5.0), w.step("s2", "look", item="I"))
    agent = desk.agent(w.plan(*steps))
    await desk.ask(agent, "go")
    snapshot = await agent.aget_state(desk.at("t"))
    plan = copy.deepcopy(snapshot.values["plan"])
    plan["steps"][1]["args"]["item"] = "J"
    at = await agent.aupdate_state(snapshot.config, {"plan": plan}, as_node="plan")
    asked, out = await resumed(agent, desk, w, await agent.ainvoke(None, at))
    assert asked == [("wire", {"to": "A", "amount": 5.0})]
    assert out["results"]["s1"]["status"] == "accepted"
    assert desk.called("wire") == [{"to": "A", "amount": 5.0}]
