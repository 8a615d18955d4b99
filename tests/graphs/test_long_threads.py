"""A thread of a hundred turns: prompts stay bounded, and what was found out long ago is there."""

from __future__ import annotations

from typing import Any

import pytest

TURNS = 100


@pytest.fixture
def w(write: dict[str, Any]) -> Any:
    """Give the writers by attribute."""
    return type("Writers", (), {name: staticmethod(f) for name, f in write.items()})


def size(messages: list[Any]) -> int:
    """Return the characters of a prompt."""
    return sum(len(message.text) for message in messages)


@pytest.mark.timeout(300)
async def test_prompts_of_a_hundred_turns_are_bounded(bench: Any, w: Any) -> None:
    """The planner reads older turns in short, with turn and source, and refers to their results."""
    talk = "Tell me about this thing, please. " + "It matters a great deal to me. " * 30
    plans = [w.plan(w.step("order", "look", item=f"A-{n}")) for n in range(TURNS)]
    last = w.plan(w.step("pay", "pay", to="ann", amount=w.ref("t60_order", "total")))
    agent = bench.agent(*plans, last)

    for n in range(TURNS):
        message = {"messages": [("user", f"{talk} The item is A-{n}.")]}
        await agent.ainvoke(message, w.thread())
    out = await agent.ainvoke({"messages": [("user", "Pay ann for item A-59")]}, w.thread())

    sizes = [size(prompt) for prompt in bench.models[0].prompts]
    assert len(sizes) == TURNS + 1
    assert TURNS * len(talk) > 90_000
    assert max(sizes) < 35_000
    assert sizes[-2] - sizes[-4] < 400
    shown = bench.models[0].prompts[TURNS][-1].text
    assert "Earlier turns of this conversation, in short:" in shown
    assert "turn 1, user: Tell me about this thing, please." in shown
    assert "turn 90, " in shown
    assert "more messages are not shown" in shown
    [request] = out["__interrupt__"][0].value["action_requests"]
    assert request["args"] == {"to": "ann", "amount": 49.9}


async def test_older_turns_keep_the_source_of_their_words(bench: Any, w: Any) -> None:
    """What an answer repeated of a mail stands in a block that names the mail, in short too."""
    plans = [w.plan(w.step("mail", "read_mail", item="7"))]
    plans += [{"steps": [], "answer": "You're welcome!"}] * 8
    agent = bench.agent(*plans, task={"max_conversation_messages": 4})

    await agent.ainvoke({"messages": [("user", "Read mail 7")]}, w.thread())
    for _ in range(8):
        await agent.ainvoke({"messages": [("user", "Thanks")]}, w.thread())

    shown = bench.models[0].prompts[-1][-1].text
    line = next(part for part in shown.split("<") if "turn 1, assistant" in part)
    assert "read_mail" in line
