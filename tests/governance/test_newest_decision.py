"""The newest decision counts, whatever fails between what a person says and the effect."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from langgraph.types import Command

from pointsman.errors import DecisionError, PointsmanError
from pointsman.graphs.agent import build_graph
from pointsman.policy.switches import SwitchBoard
from pointsman.state.approval import RECORDED
from pointsman.tools import Runner

from .failing import FailingStore, Failures

PAY = {"to": "ann", "amount": 100.0}
REJECT = {"type": "reject", "message": "changed my mind"}


@pytest.fixture(params=["here", "elsewhere"])
def desk(request: Any, desk: Any) -> Any:
    """Give a desk, and one whose people decide on another machine, over PostgreSQL."""
    return desk if request.param == "here" else request.getfixturevalue("far_desk")


async def send(agent: Any, value: Any, at: Any) -> Any:
    """Resume as an approver would; an error is what they get to see."""
    try:
        return await agent.ainvoke(Command(resume=value), at)
    except PointsmanError as error:
        return error


async def settle(agent: Any, at: Any) -> None:
    """Let the thread come to its end with what is decided."""
    for _ in range(4):
        state = await agent.aget_state(at)
        if not state.next:
            return
        if state.interrupts:
            await send(agent, RECORDED, at)
        else:
            await agent.ainvoke(None, at)
        if (await agent.aget_state(at)).interrupts:
            return


async def test_a_decision_that_this_release_cannot_carry_out_does_not_stay(
    desk: Any, w: Any
) -> None:
    """Approve → the tool is missing; reject → the tool is back: nothing is paid."""
    agent = desk.agent(w.plan(w.step("pay", "pay", **PAY)))
    await desk.ask(agent, "Pay ann 100")
    without = desk.agent()
    kept = {name: tool for name, tool in desk.dependencies.tools.tools.items() if name != "pay"}
    desk.dependencies.tools.tools = kept
    out = await send(without, {"decisions": [w.APPROVE]}, desk.at("t"))
    assert not isinstance(out, dict) or "__interrupt__" in out

    back = desk.agent()
    out = await send(back, {"decisions": [REJECT]}, desk.at("t"))

    assert not desk.called("pay")
    assert "changed my mind" in out["answer"]["text"]


@pytest.mark.parametrize("newest", ["approve", "reject"])
async def test_the_newest_decision_counts_after_a_failure_at_any_point(
    desk: Any, w: Any, newest: str
) -> None:
    """The store fails at one call after the other between the decision and the effect."""
    point, reached = 0, True
    while reached:
        point += 1
        thread, at = f"t{point}", desk.at(f"t{point}")
        money = {"to": thread, "amount": 100.0}
        await desk.ask(desk.agent(w.plan(w.step("pay", "pay", **money))), "Pay", thread=thread)
        agent, failures = desk.agent(), Failures()
        failing = FailingStore(desk.store, failures)
        broken = dataclasses.replace(
            desk.dependencies,
            store=failing,
            tools=Runner(desk.dependencies.tools.tools, failing),  # type: ignore[arg-type]
        )
        failures.begin(point)
        first, second = (w.APPROVE, REJECT) if newest == "reject" else (REJECT, w.APPROVE)
        await send(build_graph(broken, checkpointer=desk.checkpointer), [first], at)
        reached = failures.passed >= point
        if reached and money not in desk.called("pay"):
            heard = await send(agent, [second], at)
            await settle(agent, at)
            # What was carried out already is not undone, and whoever says otherwise is told so.
            refused = newest == "approve" and isinstance(heard, DecisionError)
            assert (money in desk.called("pay")) == (newest == "approve" and not refused), point
            state = await agent.aget_state(at)
            assert not state.next or state.interrupts, point
        assert desk.called("pay").count(money) <= 1
    assert point > 3


async def test_a_decision_sent_to_a_thread_beats_the_one_on_record(desk: Any, w: Any) -> None:
    """Approved by a command, rejected in the chat before the run went on."""
    agent = desk.agent(w.plan(w.step("pay", "pay", **PAY)))
    [asked] = w.requests(await desk.ask(agent, "Pay ann 100"))
    await desk.decide(agent, asked["id"], w.APPROVE, "bea")

    await desk.resume(agent, REJECT)

    assert not desk.called("pay")


@pytest.mark.parametrize("name", ["switches.active", "approvals.get_all", "approvals.decide"])
async def test_an_older_decision_is_not_carried_out_over_one_that_was_not_heard(
    desk: Any, w: Any, name: str
) -> None:
    """The store fails once while a newer one is recorded: whoever sent it reads so, and decides."""
    desk.agent(w.plan(w.step("pay", "pay", **PAY)))
    failures = Failures()
    store: Any = FailingStore(desk.store, failures)
    agent = build_graph(
        dataclasses.replace(
            desk.dependencies,
            store=store,
            switches=SwitchBoard(store.switches, max_age_seconds=0),
        ),
        checkpointer=desk.checkpointer,
    )
    nth, reached = 0, True
    while reached:
        nth, thread = nth + 1, f"t{nth}"
        desk.planner.replies.append(w.plan(w.step("pay", "pay", **PAY)))
        [asked] = w.requests(await desk.ask(agent, "Pay ann 100", thread=thread))
        await desk.decide(agent, asked["id"], w.APPROVE, "bea")

        failures.begin(nth, only=name, lasting=False)
        out = await send(agent, [REJECT], desk.at(thread))
        reached = failures.passed >= nth
        failures.begin(0)

        assert not desk.called("pay")
        if reached and isinstance(out, dict):
            assert "disk is gone" in out["__interrupt__"][0].value["pointsman"]["error"]
            out = await send(agent, [REJECT], desk.at(thread))
            assert "changed my mind" in out["answer"]["text"]
    assert nth > 1


@pytest.mark.parametrize(
    "extra",
    [
        {"args": {"to": "eve", "amount": 100.0}},
        {"edited_action": {"name": "pay", "args": {"to": "eve", "amount": 100.0}}},
        {"args": {"action": "pay", "args": {"to": "ann", "amount": 1.0}}},
        {"args": {}},
        {"args": '{"to": "eve", "amount": 100.0}'},
        {"args": {"args": PAY, "action": "send"}},
        {"edited_action": {"name": "send", "args": PAY}},
        {"edited_action": {"name": "pay", "arguments": {"to": "eve", "amount": 100.0}}},
        {"edit": {"to": "eve", "amount": 100.0}},
        {"action": {"name": "pay", "args": {"to": "ann", "amount": 1.0}}},
        {"tool_call": {"name": "pay", "input": {"to": "eve", "amount": 100.0}}},
    ],
)
async def test_an_approval_with_other_arguments_is_refused(desk: Any, w: Any, extra: Any) -> None:
    """It is neither ignored nor taken for an edit."""
    agent = desk.agent(w.plan(w.step("pay", "pay", **PAY)))
    await desk.ask(agent, "Pay ann 100")

    out = await desk.resume(agent, {"type": "approve", **extra})

    assert "cannot change the arguments" in out["__interrupt__"][0].value["pointsman"]["error"]
    assert not desk.calls
    await desk.resume(agent, {"type": "approve", "args": PAY})
    assert desk.called("pay") == [PAY]


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ("It did not happen, the bank says", "rejected"),
        ("no", "rejected"),
        ("The transfer was not executed", "rejected"),
        ("Das ist nicht passiert", "rejected"),
        ("It happened: reference 99", "accepted"),
        ("It is in the books", "accepted"),
    ],
)
async def test_words_about_a_doubtful_call_are_taken_as_they_are_meant(
    desk: Any, w: Any, words: str, status: str
) -> None:
    """A denial never makes an accepted step."""
    agent = desk.agent(w.plan(w.step("wire", "wire", **PAY)), limits={"max_revisions": 0})
    desk.lost = ["before"]
    await desk.ask(agent, "Wire")
    await desk.resume(agent, w.APPROVE)

    out = await desk.resume(agent, {"type": "respond", "message": words})

    assert out["results"]["wire"]["status"] == status
    assert not desk.called("wire")


@pytest.mark.parametrize("words", ["No idea", "I do not know", "maybe?", "nothing to add"])
async def test_words_that_say_neither_are_asked_again(desk: Any, w: Any, words: str) -> None:
    """Nothing is guessed from them."""
    agent = desk.agent(w.plan(w.step("wire", "wire", **PAY)))
    desk.lost = ["before"]
    await desk.ask(agent, "Wire")
    await desk.resume(agent, w.APPROVE)

    out = await desk.resume(agent, {"type": "respond", "message": words})

    assert "plainly" in out["__interrupt__"][0].value["pointsman"]["error"]


async def test_reruns_of_a_doubtful_call_are_bounded(desk: Any, w: Any) -> None:
    """After as many attempts as a step has, making the call again is not offered."""
    agent = desk.agent(w.plan(w.step("wire", "wire", **PAY)), limits={"max_tool_failures": 20})
    desk.lost = ["before"] * 20
    out = await desk.ask(agent, "Wire")
    offered = 0
    while "approve" in w.requests(out)[0].get("allowed", ["approve"]):
        offered += 1
        out = await desk.resume(agent, w.APPROVE)
        assert offered < 10

    assert w.requests(out)[0]["allowed"] == ["respond", "reject"]
    assert 20 - len(desk.lost) == 3
