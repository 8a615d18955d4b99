"""A call that cannot be repeated and may have happened: a person says what is true."""

from __future__ import annotations

from typing import Any

import pytest

WIRE = {"to": "ann", "amount": 100.0}


@pytest.fixture
async def in_doubt(desk: Any, w: Any) -> Any:
    """Give an agent whose approved wire ended without an answer from the bank."""
    agent = desk.agent(w.plan(w.step("wire", "wire", **WIRE)), limits={"max_revisions": 0})
    await desk.ask(agent, "Wire ann 100")
    desk.lost.append("after")
    out = await desk.answer(agent, w.APPROVE)
    return agent, out


async def test_a_person_is_asked_with_what_is_known(desk: Any, w: Any, in_doubt: Any) -> None:
    """The request says that it may have happened, why, and what each answer does."""
    _, out = in_doubt
    [request] = w.requests(out)

    assert request["args"] == WIRE
    assert "The line went dead." in request["description"]
    assert request["allowed"] == ["approve", "respond", "reject"]
    assert len(desk.called("wire")) == 1


async def test_respond_records_that_it_happened(desk: Any, w: Any, in_doubt: Any) -> None:
    """The person's words become the result, and nothing runs again."""
    agent, _ = in_doubt

    out = await desk.answer(agent, {"type": "respond", "message": "The bank shows it."})

    assert out["results"]["wire"]["status"] == "accepted"
    assert "The bank shows it." in str(out["results"]["wire"]["output"])
    assert len(desk.called("wire")) == 1


async def test_reject_leaves_it_and_ends_the_step(desk: Any, w: Any, in_doubt: Any) -> None:
    """The step ends as declined; the ledger still says that nobody knows."""
    agent, _ = in_doubt

    out = await desk.answer(agent, {"type": "reject", "message": "Leave it."})

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
    await desk.answer(agent, w.APPROVE)
    assert not desk.calls

    out = await desk.answer(agent, w.APPROVE)

    assert out["results"]["wire"]["status"] == "accepted"
    assert desk.called("wire") == [WIRE]


async def test_a_second_doubt_is_a_second_question(desk: Any, w: Any, in_doubt: Any) -> None:
    """An answer to the first doubt does not settle the next one."""
    agent, out = in_doubt
    desk.lost.append("before")

    again = await desk.answer(agent, w.APPROVE)

    assert w.requests(again)[0]["id"] != w.requests(out)[0]["id"]
    assert len(desk.called("wire")) == 1


async def test_an_edited_call_in_doubt_is_run_again_as_edited(desk: Any, w: Any) -> None:
    """What a person edited is what the second attempt runs, under the same consent."""
    agent = desk.agent(w.plan(w.step("wire", "wire", **WIRE)))
    await desk.ask(agent, "Wire ann 100")
    desk.lost.append("before")
    await desk.answer(agent, w.edit(to="ann", amount=10.0))

    await desk.answer(agent, w.APPROVE)

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

    [second] = w.requests(await desk.answer(agent, w.APPROVE))

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
