"""Each endpoint, through the clients that applications use."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import openai
import pytest
from langchain_core.utils.function_calling import convert_to_openai_tool
from langchain_openai import ChatOpenAI
from pydantic import BaseModel, SecretStr

from pointsman.testing import GatewayRequest, Reply, ScriptedGateway, TokenUsage

HELLO: list[Any] = [{"role": "user", "content": "hello"}]


class Order(BaseModel):
    """An order."""

    order_id: str
    amount: float


TOOL: Any = convert_to_openai_tool(Order)


def chat_model(gateway: ScriptedGateway, **options: Any) -> ChatOpenAI:
    """LangChain's client of the gateway."""
    return ChatOpenAI(
        model="m", base_url=gateway.base_url, api_key=SecretStr("sk-test"), max_retries=0, **options
    )


def test_text(connect: Any) -> None:
    """A plain completion carries text, finish reason and usage."""
    with ScriptedGateway({"m": ["Good morning."]}) as gateway:
        reply = connect(gateway).chat.completions.create(model="m", messages=HELLO)
    assert reply.choices[0].message.content == "Good morning."
    assert reply.choices[0].finish_reason == "stop"
    assert (reply.usage.prompt_tokens, reply.usage.completion_tokens) == (2, 4)
    gateway.assert_complete()


def test_tool_calls(connect: Any) -> None:
    """Tool calls arrive with ids, names and JSON arguments."""
    calls = ({"name": "Order", "args": {"order_id": "A1", "amount": 2}},) * 2
    with ScriptedGateway({"m": [Reply(tool_calls=calls)]}) as gateway:
        reply = connect(gateway).chat.completions.create(model="m", messages=HELLO, tools=[TOOL])
    [first, second] = reply.choices[0].message.tool_calls
    assert json.loads(first.function.arguments) == {"order_id": "A1", "amount": 2}
    assert first.id != second.id
    assert reply.choices[0].finish_reason == "tool_calls"


@pytest.mark.parametrize("method", ["json_schema", "function_calling", "json_mode"])
async def test_one_script_serves_every_structured_output_mode(method: Any) -> None:
    """A JSON reply fits a schema, a forced tool call and JSON mode alike."""
    async with ScriptedGateway({"m": [{"order_id": "A1", "amount": 9.5}]}) as gateway:
        model = chat_model(gateway).with_structured_output(Order, method=method)
        assert await model.ainvoke("read it") == Order(order_id="A1", amount=9.5)
    gateway.assert_complete()


async def test_streamed_text_and_usage() -> None:
    """A stream carries the text in several chunks and the usage at its end."""
    usage = TokenUsage(
        input_tokens=100, output_tokens=20, cached_input_tokens=80, reasoning_tokens=5
    )
    script = {"m": [Reply(text="One two three.", usage=usage)]}
    async with ScriptedGateway(script) as gateway:
        model = chat_model(gateway, stream_usage=True)
        chunks = [chunk async for chunk in model.astream("count")]
    assert [c.text for c in chunks if c.text] == ["One ", "two ", "three."]
    told: Any
    [told] = [c.usage_metadata for c in chunks if c.usage_metadata]
    assert told["input_token_details"]["cache_read"] == 80
    assert told["output_token_details"]["reasoning"] == 5
    assert told["total_tokens"] == 120


async def test_streamed_tool_call() -> None:
    """Streamed argument pieces join into the scripted arguments."""
    call = {"name": "Order", "args": {"order_id": "two words", "amount": 1}, "id": "c1"}
    async with ScriptedGateway({"m": [Reply(tool_calls=(call,))]}) as gateway:
        chunks = [c async for c in chat_model(gateway).bind_tools([Order]).astream("go")]
    whole: Any = chunks[0]
    for chunk in chunks[1:]:
        whole += chunk
    assert [(c["name"], c["args"], c["id"]) for c in whole.tool_calls] == [
        ("Order", {"order_id": "two words", "amount": 1}, "c1")
    ]


def test_usage_is_streamed_only_on_request(connect: Any) -> None:
    """Without `include_usage` no chunk carries usage."""
    with ScriptedGateway({"m": ["hi"]}) as gateway:
        stream = connect(gateway).chat.completions.create(model="m", messages=HELLO, stream=True)
        assert all(chunk.usage is None for chunk in stream)


def test_logprobs(connect: Any) -> None:
    """Each token reports the scripted log-probability when the request asks for it."""
    with ScriptedGateway({"m": [Reply(text="yes indeed", logprob=-0.5)] * 2}) as gateway:
        ask = connect(gateway).chat.completions.create
        told = ask(model="m", messages=HELLO, logprobs=True).choices[0].logprobs.content
        assert ask(model="m", messages=HELLO).choices[0].logprobs is None
    assert [(t.token, t.logprob) for t in told] == [("yes ", -0.5), ("indeed", -0.5)]


def test_output_limit_is_kept(connect: Any) -> None:
    """A reply stops at the request's limit, says so, and is billed no more."""
    with ScriptedGateway({"m": ["x" * 400]}) as gateway:
        reply = connect(gateway).chat.completions.create(
            model="m", messages=HELLO, max_completion_tokens=10
        )
    assert reply.choices[0].finish_reason == "length"
    assert reply.usage.completion_tokens == 10
    assert len(reply.choices[0].message.content) == 39


def test_output_limit_cuts_tool_arguments(connect: Any) -> None:
    """The limit falls inside the arguments of a call as it does in text."""
    calls = ({"name": "Order", "args": {"order_id": "x" * 100}},)
    with ScriptedGateway({"m": [Reply(tool_calls=calls)]}) as gateway:
        reply = connect(gateway).chat.completions.create(
            model="m", messages=HELLO, tools=[TOOL], max_completion_tokens=5
        )
    [call] = reply.choices[0].message.tool_calls
    assert call.function.arguments == '{"order_id":"xxxxxx'
    assert reply.choices[0].finish_reason == "length"


def test_models(connect: Any) -> None:
    """The models of the script are listed."""
    with ScriptedGateway({"small": [], "large": []}) as gateway:
        assert [m.id for m in connect(gateway).models.list()] == ["small", "large"]


@pytest.mark.parametrize("form", ["json", "text"])
def test_transcription(connect: Any, form: Any) -> None:
    """Audio is answered with the scripted text, and the record knows the file."""
    audio = bytes(range(256)) * 10
    with ScriptedGateway({"whisper": ["Good evening."]}) as gateway:
        told = connect(gateway).audio.transcriptions.create(
            model="whisper", file=("call.wav", audio, "audio/wav"), response_format=form
        )
    assert (told if form == "text" else told.text) == "Good evening."
    file = {"filename": "call.wav", "media_type": "audio/wav", "size": 2560}
    assert gateway.requests[0].body["file"] == file


def test_key_is_checked_and_never_recorded(connect: Any) -> None:
    """A wrong key gets 401; no record holds a key."""
    with ScriptedGateway({"m": ["hi"]}, api_key="sk-right") as gateway:
        with pytest.raises(openai.AuthenticationError):
            connect(gateway, api_key="sk-wrong").models.list()
        connect(gateway, api_key="sk-right").chat.completions.create(model="m", messages=HELLO)
    assert [r.status for r in gateway.requests] == [401, 200]
    assert not any("sk-" in str(vars(r)) for r in gateway.requests)
    gateway.assert_complete()


async def test_a_responder_sees_the_request() -> None:
    """A responder decides from the request; it may be asynchronous."""

    async def echo(request: GatewayRequest) -> str:
        await asyncio.sleep(0)
        return f"{request.text} {list(request.tools)} {request.stream}"

    async with ScriptedGateway({"m": echo}) as gateway:
        reply = await chat_model(gateway).bind_tools([Order]).ainvoke("ping")
    assert reply.text == "ping ['Order'] False"
    gateway.assert_complete()


async def test_many_clients_from_many_loops() -> None:
    """One gateway serves concurrent clients of several event loops, each request recorded once."""

    async def burst(gateway: ScriptedGateway) -> list[str]:
        async with openai.AsyncOpenAI(
            base_url=gateway.base_url, api_key="k", max_retries=0
        ) as client:
            asked = [client.chat.completions.create(model="m", messages=HELLO) for _ in range(10)]
            return [str(r.choices[0].message.content) for r in await asyncio.gather(*asked)]

    with ScriptedGateway(default="ok") as gateway:
        loops = [asyncio.to_thread(asyncio.run, burst(gateway)) for _ in range(3)]
        assert await asyncio.gather(*loops) == [["ok"] * 10] * 3
    assert [r.number for r in gateway.requests] == list(range(1, 31))
