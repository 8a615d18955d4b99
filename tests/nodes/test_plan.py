"""plan: paid for once, and small in what it hands to a lane."""

from __future__ import annotations

from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver

from pointsman.runs.view import RunView
from pointsman.state.plan import Plan, Step
from pointsman.state.results import Attempt, StepResult
from pointsman.state.values import SCHEMA_VERSION, size_of


async def test_a_lost_checkpoint_costs_no_second_plan(bench: Any, looks: Any, at: Any) -> None:
    """After a crash the same input finds plan, results and answer in the journal."""
    agent = bench.agent(looks("A", "B"))
    first = await agent.ainvoke({"task": "Look up A and B"}, at)
    planner = bench.planner

    # The checkpoints of the first life are gone; the store is not.
    again = bench.agent(checkpointer=InMemorySaver())
    second = await again.ainvoke({"task": "Look up A and B"}, at)

    planner.assert_complete()
    assert not bench.planner.prompts
    assert sorted(bench.calls) == ["A", "B"]
    assert second["answer"] == first["answer"]


async def test_a_declined_plan_is_journaled_too(bench: Any, at: Any) -> None:
    """A replay repeats the refusal without asking the model again."""
    agent = bench.agent({"steps": [], "cannot": "There is no tool for painting."})
    await agent.ainvoke({"task": "Paint"}, at)

    out = await bench.agent(checkpointer=InMemorySaver()).ainvoke({"task": "Paint"}, at)

    assert "no tool for painting" in out["answer"]["text"]
    assert not bench.planner.prompts


async def test_what_lanes_are_sent_grows_with_the_chain_only(
    bench: Any, looks: Any, at: Any
) -> None:
    """Each lane of a wide plan gets its own step, not the plan."""
    agent = bench.agent(looks(*[f"ITEM{n}" for n in range(40)]))

    stream = agent.astream({"task": "Look all up"}, at, stream_mode="debug")
    sent = [
        part["payload"]["input"]
        async for part in stream
        if part["type"] == "task" and part["payload"]["name"] == "lane"
    ]

    assert len(sent) == 40
    assert {len(lane["plan"]["steps"]) for lane in sent} == {1}
    assert max(size_of(lane) for lane in sent) < 2_000


def chain_of(steps: int) -> tuple[Plan, dict[str, StepResult]]:
    """Return a plan of many accepted steps and a last one that uses the first."""
    done = [
        Step(id=f"s{n}", kind="tool", tool="look", args={"item": "x" * 500}) for n in range(steps)
    ]
    last = Step(id="last", kind="tool", tool="look", args={"item": {"$from": "s0", "path": "id"}})
    results = {
        step.id: StepResult(
            step=step.id, status="accepted", output={"id": "y" * 100}, attempts=(Attempt(),) * 3
        )
        for step in done
    }
    return Plan(steps=(*done, last)), results


def test_a_lane_gets_the_results_that_it_uses() -> None:
    """Not the other results, the tries before the last, or files that it does not name."""
    plan, results = chain_of(100)
    state: Any = {
        "run": {"id": "r", "started_at": 0.0},
        "work": {"text": "t", "attachments": [{"name": "big.txt", "payload": "d" * 64}]},
        "plan": plan.to_json(),
        "results": {key: result.to_json() for key, result in results.items()},
        "schema_version": SCHEMA_VERSION,
    }

    sent = RunView(state).lane(["last"])

    assert list(sent["inputs"]) == ["s0"]
    assert len(sent["inputs"]["s0"]["attempts"]) == 1
    assert not sent["attachments"]
    assert [step["id"] for step in sent["plan"]["steps"]] == ["last"]
    assert size_of(sent) < 1_000


@pytest.mark.parametrize("said", ["None", "none", "n/a", "-", "null"])
async def test_an_empty_refusal_beside_good_steps_is_none(
    bench: Any, looks: Any, at: Any, said: str
) -> None:
    """The steps are the plan, and they are carried out."""
    agent = bench.agent({**looks("A"), "cannot": said})

    out = await agent.ainvoke({"task": "What is the status of A?"}, at)

    assert out["results"]["a"]["status"] == "accepted"
