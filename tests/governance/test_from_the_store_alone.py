"""Decisions recorded where the store is, and picked up by whoever runs the thread."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pointsman.errors import DecisionError

TWO = (
    '@id("two") @quorum("2") permit (principal, action == Action::"call", resource == Tool::"pay");'
)


@pytest.fixture(params=["here", "elsewhere"])
def desk(request: Any, desk: Any) -> Any:
    """Give a desk, and one whose people decide on another machine, over PostgreSQL."""
    return desk if request.param == "here" else request.getfixturevalue("far_desk")


def three(w: Any) -> Any:
    """Write three payments that wait in one gate."""
    return w.plan(*(w.step(to, "pay", to=to, amount=1.0) for to in ("ann", "bob", "cy")))


def ids(w: Any, out: Any) -> dict[str, str]:
    """Return what waits: step → request."""
    return {request["step"]: request["id"] for request in w.requests(out)}


def paid(desk: Any) -> list[str]:
    """Return who was paid, in order."""
    return [args["to"] for args in desk.called("pay")]


async def test_some_of_several_are_decided(desk: Any, w: Any) -> None:
    """What is decided is carried out in the plan's order, and the rest is asked again alone."""
    agent = desk.agent(three(w), limits={"max_revisions": 0})
    waits = ids(w, await desk.ask(agent, "Pay them"))
    await desk.decide(agent, waits["cy"], w.APPROVE, "bea")
    await desk.decide(agent, waits["ann"], {"type": "reject", "message": "No."}, "bea")

    out = await desk.go_on(agent)

    assert paid(desk) == ["cy"]
    assert ids(w, out) == {"bob": waits["bob"]}
    await desk.decide(agent, waits["bob"], w.APPROVE, "bea")
    out = await desk.go_on(agent)
    assert paid(desk) == ["cy", "bob"]
    assert out["results"]["ann"]["status"] == "rejected"


async def test_nothing_decided_asks_for_all_again(desk: Any, w: Any) -> None:
    """Whoever looks too early finds the same requests."""
    agent = desk.agent(three(w))
    waits = ids(w, await desk.ask(agent, "Pay them"))

    assert ids(w, await desk.go_on(agent)) == waits
    assert not paid(desk)


async def test_an_edit_is_another_action_that_waits(desk: Any, w: Any) -> None:
    """Its request is a new one, which the store alone can answer too."""
    agent = desk.agent(w.plan(w.step("p", "pay", to="ann", amount=1.0)))
    waits = ids(w, await desk.ask(agent, "Pay ann"))
    await desk.decide(agent, waits["p"], w.edit(to="ann", amount=2.0), "bea")

    out = await desk.go_on(agent)

    if renewed := ids(w, out):
        assert not paid(desk)
        await desk.decide(agent, renewed["p"], w.APPROVE, "cleo")
        await desk.go_on(agent)
    assert desk.called("pay") == [{"to": "ann", "amount": 2.0}]


async def test_a_quorum_comes_together_in_the_store(desk: Any, w: Any) -> None:
    """The second person's word runs it, and a look between the two shows who has agreed."""
    agent = desk.agent(w.plan(w.step("p", "pay", to="ann", amount=1.0)), policy=TWO)
    waits = ids(w, await desk.ask(agent, "Pay ann"))
    await desk.decide(agent, waits["p"], w.APPROVE, "bea")

    [asked] = w.requests(await desk.go_on(agent))
    assert not paid(desk)
    assert asked["id"] == waits["p"]
    record = await desk.store.approvals.get(waits["p"])
    assert [given.approver for given in record.decisions] == ["bea"]
    with pytest.raises(DecisionError, match="has decided on it before"):
        await desk.decide(agent, waits["p"], w.APPROVE, "Bea")
    await desk.decide(agent, waits["p"], w.APPROVE, "cleo")
    await desk.go_on(agent)
    assert paid(desk) == ["ann"]


async def test_a_decision_that_has_expired_meanwhile_runs_nothing(desk: Any, w: Any) -> None:
    """It is asked anew under another id."""
    agent = desk.agent(w.plan(w.step("p", "pay", to="ann", amount=1.0)))
    waits = ids(w, await desk.ask(agent, "Pay ann"))
    await desk.decide(agent, waits["p"], w.APPROVE, "bea")
    desk.clock.now += 40 * 86_400

    out = await desk.go_on(agent)

    assert not paid(desk)
    assert ids(w, out).get("p", waits["p"]) != waits["p"] or out.get("stop")


@pytest.mark.parametrize("switch", [("revoke", "bea"), ("freeze", "pay"), ("pause", "")])
async def test_what_was_switched_off_meanwhile_counts(desk: Any, w: Any, switch: Any) -> None:
    """The person, the tool or the agent: nothing runs on the strength of an old decision."""
    agent = desk.agent(
        w.plan(w.step("p", "pay", to="ann", amount=1.0)), limits={"max_revisions": 0}
    )
    waits = ids(w, await desk.ask(agent, "Pay ann"))
    await desk.decide(agent, waits["p"], w.APPROVE, "bea")
    kind = {"revoke": "revoke_principal", "freeze": "freeze_tool"}.get(switch[0], switch[0])
    await desk.switch(kind, switch[1])

    await desk.go_on(agent)

    assert not paid(desk)


async def test_the_newest_of_two_recorded_decisions_counts(desk: Any, w: Any) -> None:
    """Both ways round."""
    agent = desk.agent(three(w), limits={"max_revisions": 0})
    waits = ids(w, await desk.ask(agent, "Pay them"))
    no = {"type": "reject", "message": "No."}
    await desk.decide(agent, waits["ann"], w.APPROVE, "bea")
    await desk.decide_anew(waits["ann"], no, "cleo")
    await desk.decide(agent, waits["bob"], no, "bea")
    await desk.decide_anew(waits["bob"], w.APPROVE, "cleo")
    await desk.decide(agent, waits["cy"], w.APPROVE, "bea")

    await desk.go_on(agent)

    assert paid(desk) == ["bob", "cy"]


async def test_a_thread_that_has_moved_on_takes_no_decision(desk: Any, w: Any) -> None:
    """What the user took back is refused, with the reason, and runs nothing later."""
    agent = desk.agent(w.plan(w.step("p", "pay", to="ann", amount=1.0)))
    thread = desk.at("t")
    out = await agent.ainvoke({"messages": [("user", "Pay ann 1")]}, thread)
    waits = ids(w, out)
    await agent.ainvoke({"messages": [("user", "never mind")]}, thread)

    with pytest.raises(DecisionError, match=r"withdrawn|took it back"):
        await desk.decide(agent, waits["p"], w.APPROVE, "bea")
    assert not paid(desk)


async def test_a_decision_then_a_withdrawal_runs_nothing(desk: Any, w: Any) -> None:
    """The user takes back what was approved in the store and has not run."""
    agent = desk.agent(w.plan(w.step("p", "pay", to="ann", amount=1.0)))
    thread = desk.at("t")
    waits = ids(w, await agent.ainvoke({"messages": [("user", "Pay ann 1")]}, thread))
    await desk.decide(agent, waits["p"], w.APPROVE, "bea")

    out = await agent.ainvoke({"messages": [("user", "never mind")]}, thread)

    assert not ids(w, out)
    assert not paid(desk), "what was approved ran although the user took it back"


async def test_decisions_at_once_leave_one_standing(desk: Any, w: Any) -> None:
    """Of two people who decide at the same moment one is told that it is decided."""
    agent = desk.agent(
        w.plan(w.step("p", "pay", to="ann", amount=1.0)), limits={"max_revisions": 0}
    )
    waits = ids(w, await desk.ask(agent, "Pay ann"))
    said = [w.APPROVE, {"type": "reject", "message": "No."}]

    ended = await asyncio.gather(
        *(
            desk.decide(agent, waits["p"], one, by)
            for one, by in zip(said, ("bea", "cleo"), strict=True)
        ),
        return_exceptions=True,
    )
    await desk.go_on(agent)

    record = await desk.store.approvals.get(waits["p"])
    assert sum(isinstance(one, DecisionError) for one in ended) == 1
    assert paid(desk) == (["ann"] if record.status == "approved" else [])


async def test_a_fork_of_a_decided_thread_pays_once(desk: Any, w: Any) -> None:
    """Every checkpoint from which the thread can go on finds the same decision and effect."""
    agent = desk.agent(three(w), limits={"max_revisions": 0})
    waits = ids(w, await desk.ask(agent, "Pay them"))
    for request in waits.values():
        await desk.decide(agent, request, w.APPROVE, "bea")
    history = [s async for s in agent.aget_state_history(desk.at("t"))]

    await desk.go_on(agent)
    for snapshot in history:
        if snapshot.next:
            await agent.ainvoke(None, snapshot.config)

    assert sorted(paid(desk)) == ["ann", "bob", "cy"]
