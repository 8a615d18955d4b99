"""What was planned for one course of a run is not the plan of a fork that went another way."""

from __future__ import annotations

from typing import Any

import pytest

from pointsman.runs.trace import trace


@pytest.fixture
def w(write: dict[str, Any]) -> Any:
    """Give the writers by attribute."""
    return type("Writers", (), {name: staticmethod(f) for name, f in write.items()})


def failing(w: Any) -> Any:
    """Write a plan with a step that another plan may avoid."""
    return w.plan(w.step("z", "look", item="Z"), w.step("a", "look", item=w.ref("z", "nothing")))


async def before_revision(agent: Any, w: Any) -> Any:
    """Return the newest checkpoint whose next node plans again."""
    history = [s async for s in agent.aget_state_history(w.thread())]
    return next(snapshot for snapshot in history if snapshot.next == ("revise",))


async def test_a_fork_that_failed_otherwise_is_revised_otherwise(bench: Any, w: Any) -> None:
    """The note of a revision binds the failures that were revised."""
    first = failing(w)
    plans = (w.plan(w.step("b", "look", item="B")), w.plan(w.step("c", "look", item="C")))
    agent = bench.agent(first, *plans)
    await agent.ainvoke({"task": "Look it up"}, w.thread())

    failed = await before_revision(agent, w)
    other = failed.values["results"]["a"]
    other = {**other, "failure": {**other["failure"], "message": "The order is in Rome."}}
    at = await agent.aupdate_state(failed.config, {"results": {"a": other}}, as_node="plan")
    out = await agent.ainvoke(None, at)

    assert out["results"]["c"]["status"] == "accepted"
    assert "Rome" in str(bench.models[0].prompts[2])


async def test_a_fork_that_saw_other_results_looks_otherwise(bench: Any, w: Any) -> None:
    """The note of a look binds the results that were looked at."""
    first = {**w.plan(w.step("a", "look", item="A")), "then_plan": "what else to look up"}
    plans = (w.plan(w.step("b", "look", item="B")), w.plan(w.step("c", "look", item="C")))
    agent = bench.agent(first, *plans)
    await agent.ainvoke({"task": "Look it up"}, w.thread())

    seen = await before_revision(agent, w)
    other = {**seen.values["results"]["a"], "output": {"id": "A", "total": 7}}
    at = await agent.aupdate_state(seen.config, {"results": {"a": other}}, as_node="plan")
    out = await agent.ainvoke(None, at)

    assert out["results"]["c"]["status"] == "accepted"


async def test_the_same_course_costs_no_second_plan(bench: Any, w: Any) -> None:
    """A replay from before a revision or a look gets what was planned then."""
    agent = bench.agent(failing(w), w.plan(w.step("b", "look", item="B")))
    await agent.ainvoke({"task": "Look it up"}, w.thread())

    out = await agent.ainvoke(None, (await before_revision(agent, w)).config)

    assert out["results"]["b"]["status"] == "accepted"
    assert len(bench.models[0].prompts) == 2


async def test_the_trace_shows_the_plans_of_both_courses(bench: Any, w: Any) -> None:
    """Every plan that was made stands there, and its steps do."""
    plans = (w.plan(w.step("b", "look", item="B")), w.plan(w.step("c", "look", item="C")))
    agent = bench.agent(failing(w), *plans)
    await agent.ainvoke({"task": "Look it up"}, w.thread())
    failed = await before_revision(agent, w)
    other = failed.values["results"]["a"]
    other = {**other, "failure": {**other["failure"], "message": "The order is in Rome."}}
    at = await agent.aupdate_state(failed.config, {"results": {"a": other}}, as_node="plan")
    await agent.ainvoke(None, at)

    [run] = (await trace(agent, "t")).runs

    assert [plan.version for plan in run.plans] == [1, 2, 2]
    assert {"a", "b", "c"} <= {step.step.id for step in run.steps}
