"""A call that cannot be repeated and may have happened: a person says what is true."""

from __future__ import annotations

from typing import Any

import pytest

WIRE = {"to": "ann", "amount": 100.0}


@pytest.fixture
async def in_doubt(desk: Any, w: Any) -> Any:
    """Give an agent whose approved wire ended without a word from the bank."""
    agent = desk.agent(w.plan(w.step("wire", "wire", **WIRE)), limits={"max_revisions": 0})
    await desk.ask(agent, "Wire ann 100")
    desk.lost.append("after")
    out = await desk.resume(agent, w.APPROVE)
    return agent, out


async def test_a_person_is_asked_with_what_is_known(desk: Any, w: Any, in_doubt: Any) -> None:
    """The request says that it may have happened, why, and what each decision does."""
    _, out = in_doubt
    [request] = w.requests(out)

    assert request["args"] == WIRE
    assert "The line went dead." in request["description"]
    assert request["allowed"] == ["approve", "respond", "reject"]
    assert len(desk.called("wire")) == 1


async def test_respond_records_that_it_happened(desk: Any, w: Any, in_doubt: Any) -> None:
    """The person's words become the result, and nothing runs again."""
    agent, _ = in_doubt

    out = await desk.resume(agent, {"type": "respond", "message": "The bank shows it."})

    assert out["results"]["wire"]["status"] == "accepted"
    assert "The bank shows it." in str(out["results"]["wire"]["output"])
    assert len(desk.called("wire")) == 1


async def test_reject_leaves_it_and_ends_the_step(desk: Any, w: Any, in_doubt: Any) -> None:
    """The step ends as declined; the ledger still says that nobody knows."""
    agent, _ = in_doubt

    out = await desk.resume(agent, {"type": "reject", "message": "Leave it."})

    assert out["results"]["wire"]["status"] == "rejected"
    [effect] = await desk.store.effects.of_run(
        (await agent.aget_state(desk.at("t"))).values["run"]["id"]
    )
    assert effect.state == "unknown"
    assert len(desk.called("wire")) == 1


async def test_approve_runs_it_again(desk: Any, w: Any) -> None:
    """It did not happen, so the approved call is made once more."""
    agent = desk.agent(w.plan(w.step("wire", "wire", **WIRE)))
    await desk.ask(agent, "Wire ann 100")
    desk.lost.append("before")
    await desk.resume(agent, w.APPROVE)
    assert not desk.calls

    out = await desk.resume(agent, w.APPROVE)

    assert out["results"]["wire"]["status"] == "accepted"
    assert desk.called("wire") == [WIRE]


async def test_a_second_doubt_is_a_second_question(desk: Any, w: Any, in_doubt: Any) -> None:
    """A decision on the first doubt does not settle the next one."""
    agent, out = in_doubt
    desk.lost.append("before")

    again = await desk.resume(agent, w.APPROVE)

    assert w.requests(again)[0]["id"] != w.requests(out)[0]["id"]
    assert len(desk.called("wire")) == 1


async def test_an_edited_call_in_doubt_is_run_again_as_edited(desk: Any, w: Any) -> None:
    """What a person edited is what the second attempt runs, under the same consent."""
    agent = desk.agent(w.plan(w.step("wire", "wire", **WIRE)))
    await desk.ask(agent, "Wire ann 100")
    desk.lost.append("before")
    await desk.resume(agent, w.edit(to="ann", amount=10.0))

    await desk.resume(agent, w.APPROVE)

    assert desk.called("wire") == [{"to": "ann", "amount": 10.0}]


async def test_a_doubtful_call_keeps_its_taint(desk: Any, w: Any) -> None:
    """The second question shows where the arguments came from, as the first did."""
    agent = desk.agent(
        w.plan(
            w.step("mail", "read_mail", item="1"),
            w.step("wire", "wire", to=w.ref("mail", "sender"), amount=1.0),
        )
    )
    [first] = w.requests(await desk.ask(agent, "Wire 1 to the sender of mail 1"))
    desk.lost.append("after")

    [second] = w.requests(await desk.resume(agent, w.APPROVE))

    assert second["provenance"] == first["provenance"] == {"to": ["tool:read_mail#mail"]}


async def test_replays_of_a_doubtful_call_do_not_repeat_it(
    desk: Any, w: Any, in_doubt: Any
) -> None:
    """Every earlier checkpoint leads back to the question."""
    agent, _ = in_doubt
    history = [s async for s in agent.aget_state_history(desk.at("t"))]

    for snapshot in history:
        if snapshot.next:
            out = await agent.ainvoke(None, snapshot.config)
            assert w.requests(out)

    assert len(desk.called("wire")) == 1


ASKED = [
    pytest.param("Wire ann 100", "It is not known whether this happened: Wire.", id="en"),
    pytest.param(
        "Bitte überweise 100 an Ann, und zwar mit der Bank, die ich nicht mag",
        "Es ist nicht bekannt, ob das",
        id="de",
    ),
    pytest.param(
        "Envoie 100 à Ann, mais avec la banque que je ne connais pas",
        "On ne sait pas si cela a été fait",
        id="fr",
    ),
    pytest.param(
        "Por favor, envía 100 a Ann con el banco que no me gusta",
        "No se sabe si esto se ha hecho",
        id="es",
    ),
]


@pytest.mark.parametrize(("task", "heard"), ASKED)
@pytest.mark.parametrize("optional", [False, True])
@pytest.mark.parametrize("truth", ["before", "after"])
async def test_a_doubt_that_is_left_open_is_not_called_undone(
    desk: Any, w: Any, task: str, heard: str, truth: str, optional: bool
) -> None:
    """Nobody has said that it did not happen, so nobody is told so; nor is it passed over."""
    agent = desk.agent(w.plan({**w.step("wire", "wire", **WIRE), "optional": optional}))
    await desk.ask(agent, task)
    desk.lost.append(truth)
    await desk.resume(agent, w.APPROVE)

    out = await desk.resume(agent, {"type": "reject", "message": "Leave it."})

    text, report = out["answer"]["text"], str(out["answer"]["report"])
    assert heard in text
    assert "Leave it." in text
    assert "not done" not in text + report
    assert "Not known whether it was done" in report


@pytest.mark.parametrize("repeated", [False, True])
async def test_a_doubt_that_is_left_open_outlives_another_plan(
    desk: Any, w: Any, repeated: bool
) -> None:
    """Whether it leaves the step out or repeats it: it is told of, and not asked about again."""
    wire, look = w.step("wire", "wire", **WIRE), w.step("l", "look", item="1")
    wrong = w.step("wrong", "look", item=w.ref("pay", "amount"))
    first = w.plan(wire, w.step("pay", "pay", to="bob", amount=2.0), wrong)
    agent = desk.agent(first, w.plan(*[wire] * repeated, look))
    await desk.ask(agent, "Wire ann 100 and pay bob 2")
    desk.lost.append("after")
    out = await desk.resume(agent, w.APPROVE, w.APPROVE)
    [doubt] = w.requests(out)

    out = await desk.resume(agent, {"type": "reject", "message": "Leave it."})

    assert doubt["step"] == "wire"
    assert not w.requests(out)
    assert out["results"]["l"]["status"] == "accepted"
    assert "It is not known whether this happened: Wire." in out["answer"]["text"]
    assert len(desk.called("wire")) == 1


async def test_a_loop_whose_doubt_is_left_open_goes_on(desk: Any, w: Any) -> None:
    """A person's word on one item is no failure that another plan would mend."""
    each = {"items": "['ann', 'bob']", "item": "who", "key": "who", "max": 5}
    wire = {"id": "w", "kind": "tool", "tool": "wire", "args": {"to": w.ref("who"), "amount": 1.0}}
    agent = desk.agent(w.plan({"id": "all", "kind": "each", "for_each": {**each, "steps": [wire]}}))
    out = await desk.ask(agent, "Wire 1 to each")
    desk.lost.append("after")
    out = await desk.resume(agent, *(w.APPROVE for _ in w.requests(out)))
    [doubt] = w.requests(out)

    out = await desk.resume(agent, {"type": "reject", "message": "Leave it."})

    assert doubt["step"] == "w[ann]"
    assert out["results"]["all"]["status"] == "accepted"
    assert len(desk.called("wire")) == 2
    assert "leaves open whether it happened" in out["answer"]["text"]


async def test_a_doubt_at_which_the_run_stops_is_not_called_undone(
    desk: Any, w: Any, in_doubt: Any
) -> None:
    """Its request is withdrawn, because no decision could be carried out; the money may be gone."""
    two = w.plan(w.step("wire", "wire", **WIRE), w.step("pay", "pay", to="bob", amount=2.0))
    agent = desk.agent(two)
    await desk.ask(agent, "Wire ann 100 and pay bob 2", thread="stopped")
    desk.lost.append("after")
    approve = [{**w.APPROVE, "step": "wire"}]
    out = await desk.resume(agent, *approve, thread="stopped")
    [pay] = [r["id"] for r in w.requests(out) if r["step"] == "pay"]
    await desk.decide(agent, pay, w.APPROVE, "bea")
    await desk.switch("pause")

    out = await desk.go_on(agent, thread="stopped")

    assert out["stop"]["reason"] == "paused"
    assert "It is not known whether this happened: Wire." in out["answer"]["text"]
    assert "not done: Wire" not in out["answer"]["text"]


@pytest.mark.parametrize("said", ["never mind", "Cancel it, please.", "Please leave Ann be."])
async def test_a_call_that_has_left_cannot_be_taken_back(desk: Any, w: Any, said: str) -> None:
    """Neither by the user's words nor by what a planner makes of them: a person is still asked."""
    wire = w.plan(w.step("wire", "wire", **WIRE))
    back = {"reason": "The user takes it back.", "reply": "Very well.", "withdraw": ["w1"]}
    agent = desk.agent(wire, back)
    thread = desk.at("t")
    await agent.ainvoke({"messages": [("user", "Wire ann 100")]}, thread)
    desk.lost.append("after")
    [doubt] = w.requests(await desk.resume(agent, w.APPROVE))

    out = await agent.ainvoke({"messages": [("user", said)]}, thread)

    assert [r["id"] for r in w.requests(out)] == [doubt["id"]]
    heard = "\n".join(message.text for message in out["messages"])
    assert "It is not known whether this happened: Wire." in heard
    assert "Withdrawn" not in heard
    out = await desk.resume(agent, {"type": "respond", "message": "It happened: the books say so."})
    assert out["results"]["wire"]["status"] == "accepted"
    assert len(desk.called("wire")) == 1
