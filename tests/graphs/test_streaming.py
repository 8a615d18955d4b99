"""Streaming: verified sentences as chunks of one message; what was dropped was never shown."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from langchain_core.messages import AIMessageChunk
from langgraph.graph import START, MessagesState, StateGraph

from pointsman.runs.listening import with_listeners
from pointsman.testing import ScriptedModel

FIRST = {
    "sentences": [
        {"text": "The total of A is 49.9.", "cites": ["a"]},
        {"text": "It costs 12.0.", "cites": ["a"]},
        {"text": "The owner is ann@example.org.", "cites": ["a"]},
    ]
}
AGAIN = {"sentences": [{"text": "It costs 49.9.", "cites": ["a"]}]}
ASKED: Any = {"messages": [("user", "What does A cost?")]}


@pytest.fixture
def w(write: dict[str, Any]) -> Any:
    """Give the writers by attribute."""
    return type("Writers", (), {name: staticmethod(f) for name, f in write.items()})


async def parts(agent: Any, given: Any, at: Any, *modes: str) -> list[Any]:
    """Return what a client of these stream modes gets."""
    return [part async for part in agent.astream(given, at, stream_mode=list(modes))]


def chunks(streamed: list[Any]) -> list[AIMessageChunk]:
    """Return the chunks of answers."""
    messages = [part[0] for mode, part in streamed if mode == "messages"]
    return [m for m in messages if isinstance(m, AIMessageChunk)]


async def test_a_chat_client_gets_one_message_in_verified_pieces(bench: Any, w: Any) -> None:
    """The pieces join to the answer; the dropped sentence is in none, and no JSON is."""
    writer = ScriptedModel(replies=[FIRST, AGAIN])
    agent = bench.agent(w.plan(w.step("a", "look", item="A")), models={"generator": writer})

    streamed = await parts(agent, ASKED, w.thread(), "messages", "values")

    said = chunks(streamed)
    final = [value for mode, value in streamed if mode == "values"][-1]["messages"][-1]
    assert len({chunk.id for chunk in said}) == 1
    assert "".join(chunk.text for chunk in said) == final.text
    assert final.id == said[0].id
    assert [chunk.text for chunk in said] == [
        "The total of A is 49.9. [1]",
        " It costs 49.9. [1]",
        " The owner is ann@example.org. [1]",
    ]
    whole = [part[0] for mode, part in streamed if mode == "messages"]
    assert [m for m in whole if m.type == "ai" and m not in said] == []


async def test_a_sentence_is_said_before_the_reply_has_ended(bench: Any, w: Any) -> None:
    """The first sentence's event comes before the model's attempt is over."""

    class Slow(ScriptedModel):
        """Takes its time over each piece."""

        async def _astream(self, *args: Any, **kwargs: Any) -> AsyncIterator[Any]:
            async for chunk in super()._astream(*args, **kwargs):
                yield chunk
                await asyncio.sleep(0.01)

    writer = Slow(replies=[FIRST, AGAIN])
    agent = bench.agent(w.plan(w.step("a", "look", item="A")), models={"generator": writer})

    streamed = await parts(agent, ASKED, w.thread(), "custom")

    names = [event["event"] for _, event in streamed if event.get("node") == "synthesize"]
    assert names.index("sentence") < names.index("model_attempt")


async def test_a_verifier_s_word_comes_before_anybody_reads(bench: Any, w: Any) -> None:
    """Where meaning is judged at the end, nothing is said before."""
    writer = ScriptedModel(replies=[{"sentences": FIRST["sentences"][::2]}])
    verifier = ScriptedModel(replies=[{"supported": [True, False]}])
    agent = bench.agent(
        w.plan(w.step("a", "look", item="A")),
        models={"generator": writer, "verifier": verifier},
    )

    streamed = await parts(agent, ASKED, w.thread(), "messages")

    assert [chunk.text for chunk in chunks(streamed)] == ["The total of A is 49.9. [1]"]


async def test_what_was_said_stays_when_the_writer_is_cut_off(bench: Any, w: Any) -> None:
    """The next model's words come after it, and the answer is still whole."""

    class Cut(ScriptedModel):
        """Breaks off in the middle of its second sentence."""

        async def _astream(self, *args: Any, **kwargs: Any) -> AsyncIterator[Any]:
            async for chunk in super()._astream(*args, **kwargs):
                if "12" in chunk.text:
                    raise ConnectionError("cut")
                yield chunk

    writer = Cut(replies=[FIRST] * 9)
    agent = bench.agent(w.plan(w.step("a", "look", item="A")), models={"generator": writer})

    streamed = await parts(agent, ASKED, w.thread(), "messages", "values")

    final = [value for mode, value in streamed if mode == "values"][-1]
    assert "".join(chunk.text for chunk in chunks(streamed)) == final["answer"]["text"]
    assert final["answer"]["text"].startswith("The total of A is 49.9. [1]")
    assert final["answer"]["status"] == "partial"


def test_synchronous_callers_get_the_same(bench: Any, w: Any) -> None:
    """The pieces cross the thread of the background loop."""
    writer = ScriptedModel(replies=[FIRST, AGAIN])
    agent = bench.agent(w.plan(w.step("a", "look", item="A")), models={"generator": writer})

    streamed = list(agent.stream(ASKED, w.thread(), stream_mode=["messages", "values"]))

    final = [value for mode, value in streamed if mode == "values"][-1]
    assert "".join(chunk.text for chunk in chunks(streamed)) == final["answer"]["text"]


async def test_a_replayed_answer_is_said_again_whole(bench: Any, w: Any) -> None:
    """The journal's answer costs nothing and reaches a chat client like any other."""
    writer = ScriptedModel(replies=[FIRST, AGAIN])
    agent = bench.agent(w.plan(w.step("a", "look", item="A")), models={"generator": writer})
    out = await agent.ainvoke(ASKED, w.thread())
    before = [s async for s in agent.aget_state_history(w.thread()) if "synthesize" in s.next]

    streamed = await parts(agent, None, before[0].config, "messages")

    assert "".join(chunk.text for chunk in chunks(streamed)) == out["answer"]["text"]


class Listening(ScriptedModel):
    """Notes how it was asked."""

    streamed: list[bool] = []

    async def _astream(self, *args: Any, **kwargs: Any) -> AsyncIterator[Any]:
        self.streamed.append(True)
        async for chunk in super()._astream(*args, **kwargs):
            yield chunk

    async def _agenerate(self, *args: Any, **kwargs: Any) -> Any:
        self.streamed.append(False)
        return await super()._agenerate(*args, **kwargs)


@pytest.mark.parametrize(
    ("modes", "streamed"),
    [
        (["values"], False),
        (["updates", "values"], False),
        (["custom"], True),
        (["messages", "values"], True),
    ],
)
async def test_a_reply_comes_word_by_word_where_somebody_listens(
    bench: Any, w: Any, modes: list[str], streamed: bool
) -> None:
    """What nobody reads as it grows is asked for as a whole, and is the same answer."""
    writer = Listening(replies=[{"sentences": FIRST["sentences"][:1]}], streamed=[])
    agent = bench.agent(w.plan(w.step("a", "look", item="A")), models={"generator": writer})

    at = w.thread()
    await parts(agent, ASKED, at, *modes)

    assert writer.streamed == [streamed]
    assert (await agent.aget_state(at)).values["answer"]["text"] == "The total of A is 49.9. [1]"


@pytest.mark.parametrize("mode", ["values", "messages"])
async def test_within_another_graph_somebody_may_listen(bench: Any, w: Any, mode: str) -> None:
    """A graph around the agent does not say what its own callers listen to."""
    writer = Listening(replies=[{"sentences": FIRST["sentences"][:1]}], streamed=[])
    agent = bench.agent(w.plan(w.step("a", "look", item="A")), models={"generator": writer})
    around = StateGraph(MessagesState)
    around.add_node("agent", agent)
    around.add_edge(START, "agent")

    await parts(around.compile(), ASKED, w.thread(), mode)

    assert writer.streamed == [True]


def test_saying_who_listens_says_nothing_else() -> None:
    """LangGraph's own defaults stand, such as its limit of supersteps."""
    assert set(with_listeners(None, "values")) == {"configurable"}
    assert with_listeners({"recursion_limit": 7}, None).get("recursion_limit") == 7
