"""Rounds between the plan and the people who decide: every way round has an end."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from pointsman import tool
from pointsman.runs.steps.tool_route import MAX_VOID

from .conftest import Call

MANY = 40
"""Rounds that somebody who always answers would go."""
QUICK = """@id("quick") @expires("1")
permit (principal, action == Action::"call", resource) when { resource.effect == "money" };"""


def greedy(w: Any) -> list[Any]:
    """Plans that each pay one more, and want to look again."""
    return [
        {**w.plan(w.step(f"p{n}", "pay", to="ann", amount=1.0 + n)), "then_plan": "what else"}
        for n in range(MANY)
    ]


def slow_tool(desk: Any, check: Any) -> Any:
    """Make a tool that pays, with a check of its own."""

    @tool(effect="money", trust="internal", idempotency="key")
    async def slowly(to: str) -> dict[str, Any]:
        """Pay after a long look."""
        desk.calls.append(Call(tool="slowly", args={"to": to}, at=0.0))
        return {"receipt": to}

    return dataclasses.replace(slowly, check=check)


async def rounds(desk: Any, w: Any, agent: Any, said: Any) -> tuple[Any, int]:
    """Answer whatever is asked, and count how often that is."""
    out, asked = await desk.ask(agent, "Pay ann"), 0
    while w.requests(out) and asked < MANY:
        asked += 1
        out = await desk.resume(agent, *[said] * len(w.requests(out)))
    return out, asked


@pytest.mark.parametrize(
    ("said", "bound"),
    [
        pytest.param({"type": "approve"}, 4, id="approved"),
        pytest.param({"type": "reject", "message": "no"}, 4, id="rejected"),
        pytest.param({"type": "respond", "message": "Pay another sum."}, 6, id="answered"),
    ],
)
async def test_a_planner_that_always_asks_for_more_comes_to_an_end(
    desk: Any, w: Any, said: Any, bound: int
) -> None:
    """Looks and revisions bound the plans, whoever answers what each of them asks."""
    agent = desk.agent(*greedy(w))

    out, asked = await rounds(desk, w, agent, said)

    assert 0 < asked <= bound
    assert out["answer"]
    assert len(desk.called("pay")) == (asked if said["type"] == "approve" else 0)


async def test_what_lapses_before_each_call_is_not_asked_for_without_end(desk: Any, w: Any) -> None:
    """Its own check takes longer than an approval lasts, and somebody always approves."""

    def look_long(args: Any) -> None:
        desk.clock.now += 2

    slow = slow_tool(desk, look_long)
    agent = desk.agent(w.plan(w.step("p", "slowly", to="ann")), tools=[slow], policy=QUICK)

    out, asked = await rounds(desk, w, agent, w.APPROVE)

    assert asked == MAX_VOID
    assert not desk.called("slowly")
    assert "The approval has expired" in out["results"]["p"]["failure"]["message"]
    assert out["answer"]["text"].startswith("Approved, but not done: ")


async def test_the_last_approval_that_holds_still_runs(desk: Any, w: Any) -> None:
    """The bound is one on asking again: it costs no action that was approved in time."""
    seconds = [2.0]

    def look_long(args: Any) -> None:
        desk.clock.now += seconds[0]

    slow = slow_tool(desk, look_long)
    agent = desk.agent(w.plan(w.step("p", "slowly", to="ann")), tools=[slow], policy=QUICK)
    out = await desk.ask(agent, "Pay ann")
    for _ in range(MAX_VOID - 1):
        out = await desk.resume(agent, w.APPROVE)
    seconds[0] = 0.0

    out = await desk.resume(agent, w.APPROVE)

    assert desk.called("slowly") == [{"to": "ann"}]
    assert out["answer"]["status"] == "complete"
