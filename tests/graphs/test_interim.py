"""Two requests at once: what needs nobody is answered while the rest waits for a person."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.messages import AIMessageChunk

from pointsman.testing import ScriptedModel

ASKED: Any = {"messages": [("user", "Pay ann 5 and tell me what A costs")]}
WAITS = "Waiting for approval: Pay ann."
COSTS = {"text": "A costs 49.90.", "cites": ["look"]}
PAID = {"text": "I have paid ann 5.00.", "cites": ["pay"]}


@pytest.fixture
def w(write: dict[str, Any]) -> Any:
    """Give the writers by attribute."""
    return type("Writers", (), {name: staticmethod(f) for name, f in write.items()})


def both(w: Any, **more: Any) -> Any:
    """Plan a payment, which waits, and a look-up, which does not."""
    pay = {**w.step("pay", "pay", to="ann", amount=5.0), "goal": "Pay ann"}
    return {**w.plan(pay, w.step("look", "look", item="A")), **more}


def said(out: Any) -> list[str]:
    """Return all that the agent has said."""
    return [message.text for message in out["messages"] if message.type == "ai"]


async def test_what_needs_nobody_is_answered_at_once_and_once(bench: Any, w: Any) -> None:
    """The look-up stands above what waits; after the approval only the payment is new."""
    writer = ScriptedModel(replies=[{"sentences": [COSTS]}, {"sentences": [COSTS, PAID]}])
    agent = bench.agent(both(w), models={"generator": writer})

    out = await agent.ainvoke(ASKED, w.thread())

    assert said(out) == [f"A costs 49.90. [1]\n{WAITS}"]
    assert out["answer"]["status"] == "waiting"
    assert out["answer"]["citations"][0]["source"] == 'look {"item":"A"}'
    assert len(out["__interrupt__"]) == 1
    assert "say nothing of what waits" in writer.prompts[0][-1].text

    out = await agent.ainvoke(w.resume({"type": "approve"}), w.thread())

    assert said(out) == [f"A costs 49.90. [1]\n{WAITS}", "I have paid ann 5.00. [1]"]
    assert out["answer"]["status"] == "complete"
    assert "A costs 49.90." in writer.prompts[1][-1].text.partition("Said since then")[2]


async def test_a_prepared_sentence_needs_no_writer(bench: Any, w: Any) -> None:
    """The planner's own sentences are said when what they tell of is known, each once."""
    answer = [{"text": {"$expr": "f'A costs {look.total}.'"}}, PAID]
    agent = bench.agent(both(w, answer=answer), models={"generator": ScriptedModel(replies=[])})

    out = await agent.ainvoke(ASKED, w.thread())
    assert said(out) == [f"A costs 49.9. [1]\n{WAITS}"]
    out = await agent.ainvoke(w.resume({"type": "approve"}), w.thread())

    assert said(out)[1:] == ["I have paid ann 5.00. [1]"]


async def test_it_streams_as_one_message(bench: Any, w: Any) -> None:
    """Chunks of one id, the answer first and then what waits; the state holds the same message."""
    writer = ScriptedModel(replies=[{"sentences": [COSTS]}, {"sentences": [PAID]}])
    agent = bench.agent(both(w), models={"generator": writer})

    modes = ["messages", "values"]
    parts = [part async for part in agent.astream(ASKED, w.thread(), stream_mode=modes)]

    messages = [part[0] for mode, part in parts if mode == "messages"]
    chunks = [m for m in messages if isinstance(m, AIMessageChunk)]
    assert [chunk.text for chunk in chunks] == ["A costs 49.90. [1]", f"\n{WAITS}"]
    final = [part for mode, part in parts if mode == "values" and "messages" in part][-1]
    assert final["messages"][-1].id == chunks[0].id == chunks[1].id
    assert final["messages"][-1].text == "".join(chunk.text for chunk in chunks)


async def test_a_repeated_sentence_is_said_once(bench: Any, w: Any) -> None:
    """As it streams and as it stands."""
    writer = ScriptedModel(replies=[{"sentences": [COSTS, COSTS]}])
    agent = bench.agent(both(w), models={"generator": writer})

    out = await agent.ainvoke(ASKED, w.thread())

    assert said(out) == [f"A costs 49.90. [1]\n{WAITS}"]


async def test_a_declined_rest_leaves_the_answer_partial(bench: Any, w: Any) -> None:
    """What was answered stays said, and the end tells only of what was declined."""
    writer = ScriptedModel(replies=[{"sentences": [COSTS]}, {"sentences": [COSTS]}])
    agent = bench.agent(both(w), models={"generator": writer})
    await agent.ainvoke(ASKED, w.thread())

    out = await agent.ainvoke(w.resume({"type": "reject", "message": "Not now."}), w.thread())

    assert said(out)[1:] == ["Declined, and not done: Pay ann. The reviewer declined: Not now."]
    assert out["answer"]["status"] == "partial"


async def test_what_the_waiting_call_was_worked_out_from_is_told_with_it(
    bench: Any, w: Any
) -> None:
    """One request that looks something up first pauses as before, and asks no writer."""
    pay = {
        **w.step("pay", "pay", to=w.ref("look", "owner.email"), amount=5.0),
        "goal": "Pay the owner",
    }
    agent = bench.agent(
        w.plan(w.step("look", "look", item="A"), pay),
        models={"generator": ScriptedModel(replies=[])},
    )

    out = await agent.ainvoke({"messages": [("user", "Pay the owner of A 5")]}, w.thread())

    assert said(out) == ["Waiting for approval: Pay the owner."]


async def test_a_writer_that_cannot_be_had_keeps_nobody_waiting(bench: Any, w: Any) -> None:
    """The evidence's own words stand then, and the request is asked all the same."""
    writer = ScriptedModel(replies=[ConnectionError("down")] * 9)
    agent = bench.agent(both(w), models={"generator": writer})

    out = await agent.ainvoke(ASKED, w.thread())

    assert said(out)[0].startswith("From look: id A, total 49.90")
    assert said(out)[0].endswith(WAITS)


async def test_a_later_turn_repeats_neither_answer(bench: Any, w: Any) -> None:
    """The run that is taken up after it knows what was said, and says only what is new."""
    writer = ScriptedModel(replies=[{"sentences": [COSTS]}, {"sentences": [PAID]}])
    agent = bench.agent(
        both(w),
        {"steps": [], "answer": "We open at nine."},
        models={"generator": writer},
        instructions="We open at nine.",
    )
    await agent.ainvoke(ASKED, w.thread())
    out = await agent.ainvoke({"messages": [("user", "When do you open?")]}, w.thread())
    assert said(out) == [f"A costs 49.90. [1]\n{WAITS}", f"We open at nine.\n{WAITS}"]

    out = await agent.ainvoke(w.resume({"type": "approve"}), w.thread())

    assert said(out)[2:] == ["I have paid ann 5.00. [1]"]
    since = writer.prompts[1][-1].text.partition("Said since then")[2]
    assert "user: When do you open?" in since
    assert "assistant: We open at nine." in since


async def test_the_same_message_again_is_the_same_turn(bench: Any, w: Any) -> None:
    """A client that did not hear the pause sends its words again: nothing is asked twice."""
    writer = ScriptedModel(replies=[{"sentences": [COSTS]}])
    agent = bench.agent(both(w), models={"generator": writer})
    await agent.ainvoke({"task": "Pay ann 5 and tell me what A costs"}, w.thread())

    out = await agent.ainvoke({"task": "Pay ann 5 and tell me what A costs"}, w.thread())

    assert len(out["__interrupt__"][0].value["action_requests"]) == 1
    assert bench.count("look") == 1
    writer.assert_complete()
