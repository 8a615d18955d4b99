"""What waits survives a new message, or is withdrawn visibly; questions are messages."""

from __future__ import annotations

from typing import Any

import pytest

from pointsman import AgentContext
from pointsman.testing import ScriptedModel


@pytest.fixture
def w(write: dict[str, Any]) -> Any:
    """Give the writers by attribute."""
    return type("Writers", (), {name: staticmethod(f) for name, f in write.items()})


def says(text: str) -> Any:
    """Write a message of the user's."""
    return {"messages": [("user", text)]}


def pays(w: Any, to: str, amount: float = 5.0, *, step: str = "pay") -> Any:
    """Write a plan that pays somebody, which waits for a person."""
    return w.plan({**w.step(step, "pay", to=to, amount=amount), "goal": f"Pay {to}"})


def asked(out: Any) -> list[str]:
    """Return whom the requests of the pause would pay."""
    [interrupt] = out["__interrupt__"]
    return [request["args"]["to"] for request in interrupt.value["action_requests"]]


async def listed(bench: Any) -> list[str]:
    """Return the ids of what waits, as every list of approvals shows it."""
    return [record.request.id for record in await bench.store.approvals.waiting()]


async def test_the_user_hears_what_waits(bench: Any, w: Any) -> None:
    """The pause is no silence: the conversation says what is not done yet."""
    agent = bench.agent(pays(w, "ann"))

    out = await agent.ainvoke(says("Pay ann 5"), w.thread())

    assert out["messages"][-1].text == "Waiting for approval: Pay ann."


async def test_an_approval_survives_a_new_message(bench: Any, w: Any) -> None:
    """The question is answered, the request waits on under its id, and what is approved runs."""
    agent = bench.agent(pays(w, "ann"), {"steps": [], "answer": "We open at nine."})
    agent = bench.agent(
        pays(w, "ann"),
        {"steps": [], "answer": "We open at nine."},
        {"steps": [], "answer": "You're welcome!"},
        instructions="We open at nine.",
    )
    first = await agent.ainvoke(says("Pay ann 5"), w.thread())
    before = await listed(bench)

    out = await agent.ainvoke(says("When do you open?"), w.thread())

    assert out["answer"]["text"] == "We open at nine.\nWaiting for approval: Pay ann."
    assert asked(out) == asked(first) == ["ann"]
    assert await listed(bench) == before
    assert not bench.count("pay")

    done = await agent.ainvoke(w.resume({"type": "approve"}), w.thread())

    assert "__interrupt__" not in done
    assert bench.count("pay") == 1
    assert "Done: Pay ann." in done["messages"][-1].text or "R-ann" in done["messages"][-1].text
    assert await listed(bench) == []
    last = await agent.ainvoke(says("Thanks!"), w.thread())
    assert last["messages"][-1].text == "You're welcome!"


@pytest.mark.parametrize(
    ("words", "heard"),
    [
        ("No, cancel it", "Withdrawn, and not done: Pay ann."),
        ("Never mind, thanks", "Withdrawn, and not done: Pay ann."),
        ("Nein, bitte abbrechen", "Zurückgezogen und nicht ausgeführt: Pay ann."),
        ("Non, annulez cela s'il vous plaît", "Retiré et pas effectué : Pay ann."),
        ("No, cancélalo por favor", "Retirado y no realizado: Pay ann."),
    ],
)
async def test_a_change_of_mind_withdraws_what_waits(
    bench: Any, w: Any, words: str, heard: str
) -> None:
    """No model is asked, no list shows it any more, and an approval that comes later is refused."""
    agent = bench.agent(pays(w, "ann"))
    await agent.ainvoke(says("Pay ann 5"), w.thread())
    [waiting] = await listed(bench)

    out = await agent.ainvoke(says(words), w.thread())

    assert out["messages"][-1].text == heard
    assert "__interrupt__" not in out
    assert await listed(bench) == []
    assert (await bench.store.approvals.get(waiting)).status == "withdrawn"
    bench.models[0].assert_complete()


async def test_the_planner_takes_back_one_of_two(bench: Any, w: Any) -> None:
    """Which one is meant is understood by who reads the conversation; the other waits on."""
    agent = bench.agent(
        w.plan(*pays(w, "ann")["steps"], *pays(w, "bob", step="other")["steps"]),
        {"steps": [], "withdraw": ["w2"], "answer": "Understood."},
    )
    await agent.ainvoke(says("Pay ann and bob 5 each"), w.thread())

    out = await agent.ainvoke(says("Don't pay ann after all"), w.thread())

    prompt = bench.models[0].prompts[1][-1].text
    assert "Waiting for a person's decision:" in prompt
    assert "name='w1'" in prompt
    withdrawn = {"ann": "bob", "bob": "ann"}[asked(out)[0]]
    assert f"Withdrawn, and not done: Pay {withdrawn}." in out["answer"]["text"]
    assert len(await listed(bench)) == 1


async def test_an_amended_request_replaces_the_old_one(bench: Any, w: Any) -> None:
    """The old approval is gone, which is heard at once and once; nothing was paid twice."""
    agent = bench.agent(
        pays(w, "ann", 50.0),
        {**pays(w, "ann", 30.0), "withdraw": ["w1"]},
    )
    await agent.ainvoke(says("Pay ann 50"), w.thread())
    [old] = await listed(bench)

    out = await agent.ainvoke(says("Make it 30 instead"), w.thread())

    [interrupt] = out["__interrupt__"]
    assert [r["args"]["amount"] for r in interrupt.value["action_requests"]] == [30.0]
    assert old not in await listed(bench)
    waits = "Waiting for approval: Pay ann."
    assert out["messages"][-1].text == f"Withdrawn, and not done: Pay ann.\n{waits}"
    out = await agent.ainvoke(w.resume({"type": "approve"}), w.thread())
    assert "Withdrawn" not in out["messages"][-1].text
    assert [args["amount"] for name, args in bench.calls if name == "pay"] == [30.0]


async def test_two_requests_one_after_another_are_asked_together(bench: Any, w: Any) -> None:
    """One interrupt holds both, and each decision reaches its own run."""
    agent = bench.agent(pays(w, "ann"), pays(w, "bob"))
    await agent.ainvoke(says("Pay ann 5"), w.thread())

    out = await agent.ainvoke(says("And pay bob 5"), w.thread())

    assert asked(out) == ["bob", "ann"]
    out = await agent.ainvoke(w.resume({"type": "approve"}, {"type": "approve"}), w.thread())
    assert "__interrupt__" not in out
    assert sorted(args["to"] for name, args in bench.calls if name == "pay") == ["ann", "bob"]


async def test_the_older_of_two_may_be_decided_first(bench: Any, w: Any) -> None:
    """What is decided runs; the other one waits on."""
    agent = bench.agent(pays(w, "ann"), pays(w, "bob"))
    first = await agent.ainvoke(says("Pay ann 5"), w.thread())
    [old] = first["__interrupt__"][0].value["pointsman"]["approvals"]
    await agent.ainvoke(says("And pay bob 5"), w.thread())

    decision = {"type": "approve", "approval_id": old["id"]}
    out = await agent.ainvoke(w.resume(decision), w.thread())

    assert [args["to"] for name, args in bench.calls if name == "pay"] == ["ann"]
    assert asked(out) == ["bob"]


QUESTION = {"id": "which", "kind": "ask", "prompt": "Which order do you mean?"}


async def test_a_question_is_a_message_and_the_next_one_its_reply(bench: Any, w: Any) -> None:
    """No interrupt is needed, and no model is asked again."""
    agent = bench.agent(w.plan(QUESTION, w.step("a", "look", item=w.ref("which", "text"))))

    out = await agent.ainvoke(says("Look up my order"), w.thread())

    assert "__interrupt__" not in out
    assert out["messages"][-1].text == "Which order do you mean?"
    assert out["answer"]["status"] == "question"
    assert await listed(bench) == []

    out = await agent.ainvoke(says("ORD-7"), w.thread())

    assert bench.calls == [("look", {"id": "ORD-7"})]
    assert out["answer"]["status"] == "complete"
    bench.models[0].assert_complete()


async def test_the_reply_sent_again_happens_once(bench: Any, w: Any) -> None:
    """A client that heard nothing sends the same message under the same id."""
    agent = bench.agent(w.plan(QUESTION, w.step("a", "look", item=w.ref("which", "text"))))
    await agent.ainvoke(says("Look up my order"), w.thread())
    reply = {"messages": [{"role": "user", "content": "ORD-7", "id": "m-2"}]}
    first = await agent.ainvoke(reply, w.thread())

    again = await agent.ainvoke(reply, w.thread())

    assert bench.count("look") == 1
    assert again["answer"]["text"] == first["answer"]["text"]


async def test_a_counter_question_is_answered_and_the_question_asked_again(
    bench: Any, w: Any
) -> None:
    """It is no reply: its words reach no tool."""
    agent = bench.agent(
        w.plan(QUESTION, w.step("a", "look", item=w.ref("which", "text"))),
        {"steps": [], "answer": "It is on your receipt."},
        instructions="The order number is on your receipt.",
    )
    await agent.ainvoke(says("Look up my order"), w.thread())

    out = await agent.ainvoke(says("Where do I find its number?"), w.thread())

    said = [m.text for m in out["messages"] if m.type == "ai"]
    assert said[-2:] == ["It is on your receipt.", "Which order do you mean?"]
    assert not bench.calls
    await agent.ainvoke(says("ORD-7"), w.thread())
    assert bench.calls == [("look", {"id": "ORD-7"})]


async def test_a_question_may_be_left_without_a_reply(bench: Any, w: Any) -> None:
    """Whoever changes their mind is not asked again."""
    agent = bench.agent(
        w.plan({**QUESTION, "goal": "Find the order"}),
        {"steps": [], "answer": "You're welcome!"},
    )
    await agent.ainvoke(says("Look up my order"), w.thread())

    out = await agent.ainvoke(says("Never mind"), w.thread())

    assert out["messages"][-1].text == "Withdrawn, and not done: Find the order."
    out = await agent.ainvoke(says("Thanks"), w.thread())
    assert out["messages"][-1].text == "You're welcome!"


async def test_a_client_with_interrupts_declares_them(bench: Any, w: Any) -> None:
    """The question is then a request beside the approvals."""
    agent = bench.agent(w.plan(QUESTION, w.step("a", "look", item=w.ref("which", "text"))))
    context = AgentContext(questions="interrupt")

    out = await agent.ainvoke(says("Look up my order"), w.thread(), context=context)

    assert out["__interrupt__"][0].value["action_requests"][0]["name"] == "ask"
    await agent.ainvoke(w.resume({"type": "respond", "message": "ORD-7"}), w.thread())
    assert bench.calls == [("look", {"id": "ORD-7"})]


async def test_a_question_and_an_approval_wait_side_by_side(bench: Any, w: Any) -> None:
    """The reply comes as a message while the approval waits on under its id."""
    agent = bench.agent(
        w.plan(*pays(w, "ann")["steps"], QUESTION, w.step("a", "look", item=w.ref("which", "text")))
    )
    out = await agent.ainvoke(says("Pay ann 5 and look up my order"), w.thread())
    assert asked(out) == ["ann"]
    assert "Which order do you mean?" in out["messages"][-1].text
    before = await listed(bench)

    out = await agent.ainvoke(says("ORD-7"), w.thread())

    assert bench.calls == [("look", {"id": "ORD-7"})]
    assert asked(out) == ["ann"]
    assert await listed(bench) == before
    await agent.ainvoke(w.resume({"type": "approve"}), w.thread())
    assert bench.count("pay") == 1


async def test_an_invented_identifier_in_a_question_is_not_asked(bench: Any, w: Any) -> None:
    """A question passes the same check as an answer."""
    question = {**QUESTION, "goal": "Find the order", "prompt": "Do you mean ORD-4711?"}
    agent = bench.agent(w.plan(question))

    out = await agent.ainvoke(says("Look up my order"), w.thread())

    assert out["messages"][-1].text == "I still need: Find the order."
    assert "ORD-4711" in out["answer"]["dropped"][0]


async def test_an_answer_in_progress_costs_a_reply_no_generator(bench: Any, w: Any) -> None:
    """A withdrawal is told by the framework alone."""
    generator = ScriptedModel(replies=[])
    agent = bench.agent(pays(w, "ann"), models={"generator": generator})
    await agent.ainvoke(says("Pay ann 5"), w.thread())

    await agent.ainvoke(says("Cancel it"), w.thread())

    assert not generator.prompts
