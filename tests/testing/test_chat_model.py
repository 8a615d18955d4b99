"""A chat model that plays a script."""

from __future__ import annotations

import pytest
from langchain_core.messages import AIMessage
from pydantic import BaseModel

from pointsman.testing import ScriptedModel


class City(BaseModel):
    """A city."""

    name: str


async def test_replies_come_in_order() -> None:
    """Strings, messages and dictionaries are played one after the other."""
    model = ScriptedModel(replies=["Hello.", AIMessage("Bye."), {"name": "Bern"}])
    assert [(await model.ainvoke("hi")).text for _ in range(3)] == [
        "Hello.",
        "Bye.",
        '{"name": "Bern"}',
    ]
    model.assert_complete()


async def test_an_exception_is_raised() -> None:
    """A scripted exception reaches the caller."""
    model = ScriptedModel(replies=[TimeoutError("slow")])
    with pytest.raises(TimeoutError, match="slow"):
        await model.ainvoke("hi")
    model.assert_complete()


async def test_an_unexpected_call_fails_even_if_swallowed() -> None:
    """A call beyond the script raises, and `assert_complete` still knows of it."""
    model = ScriptedModel(replies=[])
    with pytest.raises(AssertionError, match="Unexpected call 1: 'hi'"):
        await model.ainvoke("hi")
    with pytest.raises(AssertionError, match="0 replies, the model was called 1 times"):
        model.assert_complete()


def test_leftover_replies_fail() -> None:
    """Replies that nobody asked for fail the test."""
    with pytest.raises(AssertionError, match="1 replies, the model was called 0 times"):
        ScriptedModel(replies=["Hello."]).assert_complete()


async def test_prompts_are_recorded() -> None:
    """Every prompt can be read afterwards, through bindings too."""
    model = ScriptedModel(replies=["a", "b"])
    await model.ainvoke("one")
    await model.bind_tools([City]).ainvoke("two")
    assert [prompt[-1].text for prompt in model.prompts] == ["one", "two"]


async def test_structured_output() -> None:
    """A dictionary answers a forced tool as its call."""
    model = ScriptedModel(replies=[{"name": "Bern"}])
    assert await model.with_structured_output(City).ainvoke("where") == City(name="Bern")


async def test_offered_tools_are_not_forced() -> None:
    """With tools on offer only, a dictionary is JSON text."""
    model = ScriptedModel(replies=[{"name": "Bern"}])
    reply = await model.bind_tools([City]).ainvoke("where")
    assert reply.text == '{"name": "Bern"}'
    assert reply.tool_calls == []


async def test_a_stream_joins_to_the_reply() -> None:
    """Chunks carry the text by words and the tool calls and usage at the end."""
    call = {"name": "City", "args": {"name": "Bern"}, "id": "c1", "type": "tool_call"}
    model = ScriptedModel(replies=[AIMessage("Let me look.", tool_calls=[call])])
    chunks = [chunk async for chunk in model.astream("where")]
    whole = chunks[0]
    for chunk in chunks[1:]:
        whole += chunk
    assert len(chunks) > 3
    assert whole.text == "Let me look."
    assert whole.tool_calls == [call]
    assert whole.usage_metadata is not None
    assert whole.usage_metadata["total_tokens"] > 0


def test_it_answers_plain_synchronous_code() -> None:
    """`invoke` and `stream` work without an event loop."""
    model = ScriptedModel(replies=["one two", "three"])
    assert "".join(chunk.text for chunk in model.stream("hi")) == "one two"
    assert model.invoke("hi").text == "three"
