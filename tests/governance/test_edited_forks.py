"""A fork whose plan was edited while a request waited: what was asked for is not what it says."""

from __future__ import annotations

import copy
import json
from collections import Counter
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
        if not snapshot.next or not (snapshot.values.get("plan") or {}).get("steps"):
            continue
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


LOOKED = {"$from": "s1", "path": "owner"}
EDITS: dict[str, tuple[Any, set[str]]] = {
    "an argument": (lambda plan: _step(plan, "s1")["args"].update(item="B"), {"s1", "s2", "each"}),
    "another argument": (lambda plan: _step(plan, "s3")["args"].update(item="B"), {"s3"}),
    "the tool": (lambda plan: _step(plan, "s3").update(tool="read_mail"), {"s3"}),
    "a literal for a reference": (lambda plan: _step(plan, "s2")["args"].update(item="B"), {"s2"}),
    "a step of a loop": (
        lambda plan: _inner(plan).update(tool="read_mail", args={"item": {"$from": "item"}}),
        {"each"},
    ),
    "the list of a loop": (
        lambda plan: _step(plan, "each")["for_each"].update(items="['x', 'y', 'z']"),
        {"each"},
    ),
    "a condition": (lambda plan: _step(plan, "s3").update(when="s1.total > 100"), {"s3"}),
    "a check": (
        lambda plan: _step(plan, "s3").update(
            checks=[{"path": "total", "op": "gt", "value": 50, "message": "too little"}]
        ),
        {"s3"},
    ),
    "a new step": (
        lambda plan: plan["steps"].append(
            {"id": "s9", "kind": "tool", "tool": "look", "args": {"item": "N"}}
        ),
        {"s9"},
    ),
    "a step less": (
        lambda plan: plan.update(steps=[s for s in plan["steps"] if s["id"] != "s3"]),
        {"s3"},
    ),
    "nothing": (lambda plan: plan.update(reason="edited"), set()),
}
"""What a person edits, and the steps whose results are then of another plan."""


def _step(plan: Any, step_id: str) -> Any:
    return next(step for step in plan["steps"] if step["id"] == step_id)


def _inner(plan: Any) -> Any:
    return _step(plan, "each")["for_each"]["steps"][0]


@pytest.mark.parametrize("edit", EDITS)
async def test_an_edited_plan_ends_as_if_it_had_been_the_first(
    desk: Any, w: Any, edit: str
) -> None:
    """From every checkpoint on, and what is not edited does not run again."""
    loop = {
        "id": "each",
        "for_each": {
            "items": "[s1.id, 'x']",
            "max": 5,
            "steps": [{"id": "hit", "tool": "search", "args": {"query": {"$from": "item"}}}],
        },
    }
    plan = w.plan(
        w.step("s1", "look", item="A"),
        w.step("s2", "look", item=LOOKED),
        w.step("s3", "look", item="C"),
        loop,
    )
    change, affected = EDITS[edit]
    agent = desk.agent(plan)
    await desk.ask(agent, "go")
    step_of = dict(zip(sorted(map(_said, desk.calls)), STEPS_BY_CALL, strict=True))
    seen = 0
    for snapshot in [s async for s in agent.aget_state_history(desk.at("t"))]:
        if not snapshot.next or not (snapshot.values.get("plan") or {}).get("steps"):
            continue
        seen += 1
        edited = copy.deepcopy(snapshot.values["plan"])
        change(edited)
        before = len(desk.calls)
        at = await agent.aupdate_state(snapshot.config, {"plan": edited})
        out = await agent.ainvoke(None, at)
        made = Counter(map(_said, desk.calls[before:]))
        assert max(made.values(), default=1) == 1
        assert {step_of[call] for call in made if call in step_of} <= affected
        fresh = desk.agent(w.plan(*edited["steps"]))
        anew = await desk.ask(fresh, "go", thread=f"anew {seen}")
        assert _ends(out) == _ends(anew)
    assert seen >= 3


STEPS_BY_CALL = ("s1", "s3", "s2", "each", "each")


def _said(call: Any) -> str:
    return json.dumps([call.tool, call.args])


def _ends(out: Any) -> Any:
    return {
        key: (result["status"], result.get("output"), result.get("items"))
        for key, result in out["results"].items()
    }
