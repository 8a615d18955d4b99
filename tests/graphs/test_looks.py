"""A second look: `then_plan`, through the graph."""

from __future__ import annotations

from typing import Any

import pytest

from pointsman.testing import ScriptedModel


@pytest.fixture
def w(write: dict[str, Any]) -> Any:
    """Give the writers by attribute."""
    return type("Writers", (), {name: staticmethod(f) for name, f in write.items()})


def looking(w: Any, *steps: Any, **fields: Any) -> Any:
    """Write a plan that asks to look again."""
    return {**w.plan(*steps), "then_plan": "which order to look at", **fields}


async def test_the_planner_is_asked_again_with_the_results(bench: Any, w: Any) -> None:
    """It adds what only the results can tell, and what has run stays and runs once."""
    agent = bench.agent(
        looking(w, w.step("a", "look", item="A")), w.plan(w.step("b", "look", item="B"))
    )

    out = await agent.ainvoke({"task": "Look up A and what it says"}, w.thread())

    asked = str(bench.models[0].prompts[1][-1].content)
    assert "which order to look at" in asked
    assert "ann@example.org" in asked
    assert "2 more times" in asked
    assert {key: r["status"] for key, r in out["results"].items()} == {
        "a": "accepted",
        "b": "accepted",
    }
    assert bench.count("look") == 2


async def test_looks_are_bounded(bench: Any, w: Any) -> None:
    """A planner that always wants to look again is asked `max_looks` times."""
    plans = [looking(w, w.step(f"s{i}", "look", item="A")) for i in range(6)]
    agent = bench.agent(*plans, limits={"max_looks": 2})

    out = await agent.ainvoke({"task": "Look up A"}, w.thread())

    assert len(bench.models[0].prompts) == 3
    assert out["answer"]["status"] == "complete"


async def test_a_look_that_adds_nothing_ends_the_run(bench: Any, w: Any) -> None:
    """The results are enough."""
    agent = bench.agent(looking(w, w.step("a", "look", item="A")), w.plan())

    out = await agent.ainvoke({"task": "Look up A"}, w.thread())

    assert out["answer"]["status"] == "complete"
    assert bench.count("look") == 1


async def test_a_failure_that_was_borne_is_not_tried_again_by_a_look(bench: Any, w: Any) -> None:
    """What has ended has ended; the look sees it."""
    bad = {**w.step("a", "odd"), "on_error": "skip"}
    agent = bench.agent(looking(w, bad), w.plan(w.step("b", "look", item="B")))

    out = await agent.ainvoke({"task": "Look up B"}, w.thread())

    assert out["results"]["b"]["status"] == "accepted"
    assert bench.count("odd") == 1


async def test_why_nothing_more_can_be_planned_is_told(bench: Any, w: Any) -> None:
    """What was found out stands, and the planner's own words; the answer is not whole."""
    why = "I cannot look at order B for you."
    agent = bench.agent(looking(w, w.step("a", "look", item="A")), {"steps": [], "cannot": why})

    out = await agent.ainvoke({"task": "Look up A, and B if it is due"}, w.thread())

    assert out["answer"]["status"] == "partial"
    assert why in out["answer"]["text"]
    assert "ann@example.org" in out["answer"]["text"]


async def test_a_look_that_no_planner_can_take_is_no_complete_answer(bench: Any, w: Any) -> None:
    """A planner that cannot be reached has decided nothing, and the user hears that."""
    agent = bench.agent(looking(w, w.step("a", "look", item="A")), OSError("gone"))

    out = await agent.ainvoke({"task": "Look up A, and B if it is due"}, w.thread())

    assert out["answer"]["status"] == "partial"
    assert "did not work" in out["answer"]["text"]
    assert bench.count("look") == 1


HOBBY = {"type": "object", "properties": {"hobby": {"type": "string"}}, "required": ["hobby"]}
UNKNOWN = {"hobby": "unknown", "missing": "Eve's hobby, said to stand at eve.example"}


def told_by(w: Any, **fields: Any) -> list[Any]:
    """Write a plan that acts on what a model reads."""
    schema = {**HOBBY, "additionalProperties": False}
    found = {"id": "found", "kind": "reason", "prompt": "Eve's hobby?", "args": {"a": w.ref("a")}}
    published = w.step("published", "pay", to=w.ref("found", "hobby"), amount=1.0)
    return [w.step("a", "look", item="A"), {**found, "output_schema": schema, **fields}, published]


async def test_nothing_is_done_with_what_a_model_did_not_find(bench: Any, w: Any) -> None:
    """The planner hears what is missing, and finds another way; the model is not asked twice."""
    reasoner = ScriptedModel(replies=[UNKNOWN])
    agent = bench.agent(
        w.plan(*told_by(w)),
        w.plan(w.step("a", "look", item="A"), w.step("b", "look", item="eve.example")),
        models={"reasoner": reasoner},
    )

    out = await agent.ainvoke({"task": "Publish Eve's hobby"}, w.thread())

    assert "said to stand at eve.example" in str(bench.models[0].prompts[1][-1].content)
    assert out["results"]["b"]["status"] == "accepted"
    assert bench.count("pay") == 0
    assert len(reasoner.prompts) == 1


async def test_a_plan_may_know_what_to_do_without(bench: Any, w: Any) -> None:
    """It takes its other value, as after any failure."""
    steps = told_by(w, on_error={"use": {"hobby": "none"}})
    agent = bench.agent(w.plan(*steps[:2]), models={"reasoner": ScriptedModel(replies=[UNKNOWN])})

    out = await agent.ainvoke({"task": "Find Eve's hobby"}, w.thread())

    assert out["results"]["found"]["output"] == {"hobby": "none"}
    assert len(bench.models[0].prompts) == 1
