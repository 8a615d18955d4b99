"""Conditions and `on_error`, through the graph."""

from __future__ import annotations

from typing import Any

import pytest

from pointsman import tool
from pointsman.errors import ToolError


@pytest.fixture
def w(write: dict[str, Any]) -> Any:
    """Give the writers by attribute."""
    return type("Writers", (), {name: staticmethod(f) for name, f in write.items()})


@tool(effect="read", trust="internal")
async def find(item: str) -> dict[str, Any]:
    """Find nothing."""
    raise ToolError(f"There is no {item}.")


async def run(bench: Any, w: Any, *steps: Any) -> Any:
    """Run a plan to its end or to its first question."""
    agent = bench.agent(w.plan(*steps), tools=[find], limits={"max_revisions": 0})
    return await agent.ainvoke({"task": "Look up the total of A, B and C"}, w.thread())


async def test_a_false_condition_skips_the_step_with_its_reason(bench: Any, w: Any) -> None:
    """Skipped is no failure: the answer is complete and does not list it."""
    second = {**w.step("b", "look", item="B"), "when": "a.total > 100"}

    out = await run(bench, w, w.step("a", "look", item="A"), second)

    assert out["results"]["b"]["status"] == "skipped"
    assert out["results"]["b"]["reason"] == "skipped because not a.total > 100 (a.total is 49.90)"
    assert out["answer"]["status"] == "complete"
    assert bench.count("look") == 1


async def test_what_needs_a_skipped_step_is_skipped_too(bench: Any, w: Any) -> None:
    """And it names the step that the condition skipped."""
    second = {**w.step("b", "look", item="B"), "when": "a.total > 100"}
    third = w.step("c", "look", item=w.ref("b", "id"))

    out = await run(bench, w, w.step("a", "look", item="A"), second, third)

    assert out["results"]["c"]["status"] == "skipped"
    assert "b" in out["results"]["c"]["reason"]


async def test_the_first_branch_that_ran_is_taken(bench: Any, w: Any) -> None:
    """`$first_of` joins branches: one was skipped, the step runs."""
    small = {**w.step("small", "look", item="S"), "when": "a.total <= 100"}
    large = {**w.step("large", "look", item="L"), "when": "a.total > 100"}
    taken = {"$first_of": [w.ref("large", "id"), w.ref("small", "id")]}

    out = await run(
        bench, w, w.step("a", "look", item="A"), large, small, w.step("c", "look", item=taken)
    )

    assert out["results"]["c"]["output"]["id"] == "S"


async def test_a_condition_that_cannot_be_decided_fails_the_step(bench: Any, w: Any) -> None:
    """The failure names the step and the field, and nothing of the step has run."""
    second = {**w.step("b", "look", item="B"), "when": "a.nothing > 1"}

    out = await run(bench, w, w.step("a", "look", item="A"), second)

    failure = out["results"]["b"]["failure"]
    assert failure["kind"] == "expression"
    assert "b.when" in failure["message"]
    assert bench.count("look") == 1


async def test_a_step_that_may_fail_is_skipped_and_its_failure_told(bench: Any, w: Any) -> None:
    """`on_error: skip` goes on; the answer says what failed."""
    first = {**w.step("a", "find", item="A"), "on_error": "skip"}
    second = w.step("b", "look", item="B")

    out = await run(bench, w, first, second)

    assert out["results"]["a"]["status"] == "skipped"
    assert "There is no A." in out["answer"]["text"]
    assert out["results"]["b"]["status"] == "accepted"


async def test_another_value_takes_the_place_of_a_failure(bench: Any, w: Any) -> None:
    """`on_error: use` gives what the next step reads."""
    first = {**w.step("a", "find", item="A"), "on_error": {"use": {"id": "Z"}}}

    out = await run(bench, w, first, w.step("b", "look", item=w.ref("a", "id")))

    assert out["results"]["b"]["output"]["id"] == "Z"
    assert out["results"]["a"]["failure"]["kind"] == "tool_error"


async def test_the_approver_reads_why_the_step_runs(bench: Any, w: Any) -> None:
    """The condition and its values stand in the request."""
    pay = {**w.step("p", "pay", to="a@example.org", amount=1.0), "when": "a.total < 100"}

    out = await run(bench, w, w.step("a", "look", item="A"), pay)

    [asked] = out["__interrupt__"]
    assert "runs because a.total < 100 (a.total is 49.90)" in str(asked.value)
