"""Operators' switches over the whole graph: effective at the next step."""

from __future__ import annotations

from typing import Any

import pytest

from pointsman.planners.protocols import PlanRequest
from pointsman.state.plan import Plan, Step

PAY = {"to": "ann", "amount": 100.0}


async def test_a_tool_frozen_after_approval_does_not_run(desk: Any, w: Any) -> None:
    """The step fails with the operator's reason."""
    agent = desk.agent(w.plan(w.step("pay", "pay", **PAY)), limits={"max_revisions": 0})
    await desk.ask(agent, "Pay ann 100")
    await desk.switch("freeze_tool", "pay", "wrong amounts")

    out = await desk.resume(agent, w.APPROVE)

    # Whether at the gate or at the step: nobody could agree to a frozen tool, and it did not run.
    assert not desk.calls
    assert "frozen" in str(out)


async def test_a_tool_frozen_between_consent_and_execution_does_not_run(desk: Any, w: Any) -> None:
    """An approval that stands in the store does not outweigh the switch."""
    agent = desk.agent(w.plan(w.step("pay", "pay", **PAY)), limits={"max_revisions": 0})
    [request] = w.requests(await desk.ask(agent, "Pay ann 100"))
    await desk.decide(agent, request["id"], w.APPROVE, "bea")
    await desk.switch("freeze_tool", "pay", "wrong amounts")

    out = await desk.go_on(agent)

    assert out["results"]["pay"]["failure"]["kind"] == "refused"
    assert "frozen" in str(out["answer"]["report"])
    assert not desk.calls


async def test_a_pause_stops_the_run_at_its_next_step(desk: Any, w: Any) -> None:
    """State and answer give the reason, and what was not done."""
    agent = desk.agent(w.plan(w.step("pay", "pay", **PAY)))
    await desk.ask(agent, "Pay ann 100")
    await desk.switch("pause", reason="incident 7")

    out = await desk.resume(agent, w.APPROVE)

    assert out["stop"]["reason"] == "paused"
    assert "incident 7" in str(out["answer"]["report"])
    assert not desk.calls


async def test_after_a_pause_a_replay_goes_on_and_answers_for_itself(desk: Any, w: Any) -> None:
    """The stopped run's answer is not the answer of the run that went on."""
    agent = desk.agent(w.plan(w.step("a", "look", item="A")))
    await desk.switch("pause", reason="incident 7")
    await desk.ask(agent, "Look up total of A")
    await desk.store.switches.clear("pause")
    history = [s async for s in agent.aget_state_history(desk.at("t"))]
    planned = next(s for s in history if "lane" in s.next)

    out = await agent.ainvoke(None, planned.config)

    assert out["answer"]["status"] == "complete"
    assert "incident 7" not in str(out["answer"])
    assert len(desk.called("look")) == 1


async def test_a_revoked_principal_stops(desk: Any, w: Any) -> None:
    """Nothing more is done for somebody who was revoked."""
    agent = desk.agent(
        w.plan(w.step("a", "look", item="A")), principal={"id": "ann", "role": "user"}
    )
    await desk.switch("revoke_principal", "ann", "left the company")

    out = await desk.ask(agent, "Look up A")

    assert out["stop"]["reason"] == "paused"
    assert "left the company" in str(out["answer"]["report"])
    assert not desk.calls


class Allowing:
    """A planner that allows only some tools for the task, as a playbook does."""

    def __init__(self, tools: tuple[str, ...]) -> None:
        self.tools = tools

    async def plan(self, request: PlanRequest) -> Plan:
        """Plan a lookup and a payment."""
        steps = (
            Step(id="look", kind="tool", tool="look", args={"item": "A"}),
            Step(id="pay", kind="tool", tool="pay", args=PAY),
        )
        return Plan(steps=steps, planner="playbook:look", tools=self.tools)


async def test_a_plan_outside_its_own_allowlist_does_not_start(desk: Any) -> None:
    """Planning fails, and nothing of the plan runs."""
    agent = desk.agent(planner=Allowing(("look",)))

    out = await desk.ask(agent, "Look up A")

    assert out["stop"]["reason"] == "planning"
    assert "'pay'" in out["stop"]["detail"]
    assert not desk.calls


async def test_a_tool_outside_the_allowlist_is_refused_at_its_step(desk: Any, w: Any) -> None:
    """Policy holds the list again at execution, whatever became of the plan in between."""
    agent = desk.agent(planner=Allowing(("look", "pay")), limits={"max_revisions": 0})
    await desk.ask(agent, "Look up A")
    values = (await agent.aget_state(desk.at("t"))).values
    narrowed = {**values["plan"], "tools": ["look"]}
    await agent.aupdate_state(
        desk.at("t"), {"plan": narrowed, "results": {"pay": None}}, as_node="lane"
    )

    out = await agent.ainvoke(None, desk.at("t"))

    assert out["results"]["pay"]["failure"]["kind"] == "refused"
    assert not desk.called("pay")


@pytest.mark.parametrize("forged", [{"amount": 100.0}, {"amount": 9999.0}])
async def test_a_forged_clearance_runs_nothing(desk: Any, w: Any, forged: Any) -> None:
    """State that claims a person agreed is not the approval store."""
    agent = desk.agent(w.plan(w.step("pay", "pay", **PAY)))
    await desk.ask(agent, "Pay ann 100")
    waiting = (await agent.aget_state(desk.at("t"))).values["results"]["pay"]
    approval = {**waiting["approval"], "args": {"to": "ann", **forged}}
    claimed = {**waiting, "status": "cleared", "approval": approval}
    await agent.aupdate_state(desk.at("t"), {"results": {"pay": claimed}}, as_node="lane")

    out = await agent.ainvoke(None, desk.at("t"))

    assert w.requests(out)[0]["args"]["amount"] == forged["amount"]
    assert not desk.calls
