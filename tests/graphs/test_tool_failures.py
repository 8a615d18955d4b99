"""When failures of a tool end a run, and when the plan's own word comes first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pointsman import tool
from pointsman.errors import ToolError


@tool(effect="read", trust="internal")
async def three() -> list[str]:
    """List three things."""
    return ["A", "B", "C"]


@pytest.fixture
def w(write: dict[str, Callable[..., Any]]) -> Any:
    """Give the small writers as attributes."""
    return type("Write", (), {name: staticmethod(made) for name, made in write.items()})


def loop(w: Any, on_error: Any = "fail") -> Any:
    """Write a loop in which every item fails."""
    steps = [w.step("each", "broken")]
    return {
        "id": "l",
        "kind": "each",
        "on_error": on_error,
        "for_each": {"items": "listed", "max": 9, "steps": steps},
    }


async def test_items_that_fail_lead_to_another_plan(bench: Any, w: Any) -> None:
    """Six calls for three items have failed; the planner is told so, and its plan is followed."""
    agent = bench.agent(
        w.plan(w.step("listed", "three"), loop(w)),
        w.plan(w.step("other", "look", item="A")),
        tools=[three],
    )

    out = await agent.ainvoke({"task": "look up"}, w.thread())

    assert bench.count("broken") == 6
    assert "3 of 3 items did not succeed" in str(bench.models[0].prompts[1][-1].content)
    assert out.get("stop") is None
    assert out["results"]["other"]["status"] == "accepted"


async def test_a_loop_that_bears_with_failures_goes_on(bench: Any, w: Any) -> None:
    """Its `on_error` has decided; what comes after it runs, and no other plan is asked for."""
    agent = bench.agent(
        w.plan(
            w.step("listed", "three"), loop(w, "skip"), w.step("after", "look", ["l"], item="A")
        ),
        tools=[three],
    )

    out = await agent.ainvoke({"task": "look up"}, w.thread())

    assert out.get("stop") is None
    assert out["results"]["l"]["output"] == []
    assert out["results"]["after"]["status"] == "accepted"
    assert len(bench.models[0].prompts) == 1


@pytest.mark.parametrize("on_error", ["skip", {"use": {"id": "A"}}])
async def test_a_step_that_bears_with_failure_ends_no_run(
    bench: Any, w: Any, on_error: Any
) -> None:
    """All attempts have failed, and the plan has said what then."""
    bad = {**w.step("bad", "broken"), "on_error": on_error}
    agent = bench.agent(w.plan(bad, w.step("good", "look", item="A")))

    out = await agent.ainvoke({"task": "look up"}, w.thread())

    assert bench.count("broken") == 2
    assert out.get("stop") is None
    assert out["results"]["good"]["status"] == "accepted"


async def test_attempts_that_were_made_good_do_not_count(bench: Any, w: Any) -> None:
    """A tool that answers at the second try, four times over, works."""
    calls: list[str] = []

    @tool(effect="read", trust="internal")
    async def flaky(item: str) -> str:
        """Answer at the second try."""
        calls.append(item)
        if calls.count(item) == 1:
            raise ToolError("The line is down.", retryable=True)
        return item

    steps = [w.step(f"s{n}", "flaky", [f"s{n - 1}"] if n else [], item=f"I{n}") for n in range(4)]
    look = {**w.plan(*steps), "then_plan": "what is left"}
    agent = bench.agent(look, {"steps": []}, tools=[flaky])

    out = await agent.ainvoke({"task": "look up"}, w.thread())

    assert len(calls) == 8
    assert out.get("stop") is None


async def test_a_tool_that_fails_the_next_plan_too_ends_the_run(bench: Any, w: Any) -> None:
    """The revision has had its say; there is no third try."""
    agent = bench.agent(
        w.plan(w.step("bad", "broken")),
        w.plan(w.step("again", "broken")),
        w.plan(w.step("third", "broken")),
    )

    out = await agent.ainvoke({"task": "try it"}, w.thread())

    assert bench.count("broken") == 4
    assert out["stop"]["reason"] == "tool_failure"
    assert "4 times" in out["stop"]["detail"]
