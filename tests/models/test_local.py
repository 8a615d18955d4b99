"""The embedded model: started once, ended cleanly, and how well it fills in arguments."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
from langchain_openai import ChatOpenAI
from openai import DefaultAsyncHttpxClient
from pydantic import SecretStr

from pointsman.errors import ConfigError
from pointsman.models.embedded import local
from pointsman.models.embedded.local import LocalModel, close, is_installed, local_model

REQUIRED = os.environ.get("POINTSMAN_REQUIRE_LOCAL") == "1"
needs_model = pytest.mark.skipif(
    not is_installed() and not REQUIRED, reason="the embedded model is not installed: `make local`"
)

INSTRUCTION = "Extract the fields from the text. Copy the values exactly."
EXAMPLE = (
    ("user", "Text: Hi, lamp from order Q-77 is dead, 19.99 dollars please, I am pat@old.example"),
    ("assistant", '{"order_id": "Q-77", "email": "pat@old.example", "amount": 19.99}'),
)
SENTENCES: tuple[tuple[str, str, str, float], ...] = (
    (
        "Please refund $49.90 for order A-1042, my e-mail is jane.doe@example.com.",
        "A-1042",
        "jane.doe@example.com",
        49.9,
    ),
    (
        "My order ORD-7731 arrived broken. Send 120 dollars back; write to bob@shop.example.",
        "ORD-7731",
        "bob@shop.example",
        120,
    ),
    (
        "I'm kim@acme.example and want 15.50 USD back for order 55821.",
        "55821",
        "kim@acme.example",
        15.5,
    ),
    (
        "Order B-99 was damaged, it cost $12. Contact: li.wei@mail.example",
        "B-99",
        "li.wei@mail.example",
        12,
    ),
    (
        "Refund of 300 dollars requested by sara@home.example for order X-2001.",
        "X-2001",
        "sara@home.example",
        300,
    ),
    (
        "The blender from order K-314 never worked. I paid $89.99. Reach me at tom@post.example.",
        "K-314",
        "tom@post.example",
        89.99,
    ),
    (
        "order number 4711, e-mail anna@web.example, amount 5 dollars",
        "4711",
        "anna@web.example",
        5,
    ),
    (
        "Hello, I am Max (max@firm.example). Order C-808: please return $64.",
        "C-808",
        "max@firm.example",
        64,
    ),
    (
        "Could you give me back the $27.30 I paid? Order is D-120, mail eve@net.example",
        "D-120",
        "eve@net.example",
        27.3,
    ),
    (
        "zoe@uni.example here: order E-5005 came two weeks late, I'd like 10 dollars off.",
        "E-5005",
        "zoe@uni.example",
        10,
    ),
)


@pytest.fixture(scope="module")
def served() -> Iterator[LocalModel]:
    """The embedded model, stopped after the last test."""
    yield local_model()
    close()


@pytest.fixture
async def chat(served: LocalModel) -> AsyncIterator[ChatOpenAI]:
    """The client that every provider gets, its connections closed at the end."""
    async with DefaultAsyncHttpxClient() as connections:
        yield ChatOpenAI(
            model=served.model,
            base_url=served.base_url,
            api_key=SecretStr(served.api_key),
            http_async_client=connections,
            max_retries=0,
            timeout=60,
            temperature=0,
            max_completion_tokens=96,
        )


def refund_schema(string: dict[str, Any]) -> dict[str, Any]:
    """Order id, e-mail and amount in dollars, all required and bounded."""
    amount = {"type": "number", "minimum": 0, "maximum": 10_000}
    properties = {"order_id": string, "email": string, "amount": amount}
    return {
        "title": "refund",
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def words(text: str) -> list[str]:
    """The words of a text, which are the values that may be copied from it."""
    found = (word.strip(".,;:!?()$") for word in text.split())
    return list(dict.fromkeys(word for word in found if word))


@needs_model
async def test_it_fills_arguments_from_sentences(chat: ChatOpenAI, record_property: Any) -> None:
    """With an example, and strings restricted to words of the text, most fields are right.

    Measured: order id 9, e-mail 9, amount 10, all three together 8 of 10. docs/testing.md says how
    much worse it is without. The floor leaves room for other processors' rounding.
    """
    right = {"order_id": 0, "email": 0, "amount": 0}
    for text, *expected in SENTENCES:
        schema = refund_schema({"type": "string", "maxLength": 40, "enum": words(text)})
        model = chat.with_structured_output(schema, method="json_schema")
        got = await model.ainvoke([("system", INSTRUCTION), *EXAMPLE, ("user", f"Text: {text}")])
        assert isinstance(got, dict)
        assert got["order_id"] in text
        assert got["email"] in text
        for name, value in zip(right, expected, strict=True):
            right[name] += got[name] == value
    record_property("right_of_ten", right)
    assert min(right.values()) >= 8, right


@needs_model
async def test_bounds_are_kept(chat: ChatOpenAI) -> None:
    """The grammar keeps lengths and integer ranges even where the text does not.

    It does not know ranges of fractional numbers, so replies are validated like any provider's.
    """
    schema = refund_schema({"type": "string", "maxLength": 8})
    schema["properties"]["amount"]["type"] = "integer"
    model = chat.with_structured_output(schema, method="json_schema")
    got = await model.ainvoke("Order " + "9" * 40 + " cost 123456789 dollars.")
    assert isinstance(got, dict)
    assert len(got["order_id"]) <= 8
    assert len(got["email"]) <= 8
    assert 0 <= got["amount"] <= 10_000


@needs_model
async def test_it_streams_with_usage(chat: ChatOpenAI) -> None:
    """The embedded model streams and reports usage as a provider does."""
    chunks = [c async for c in chat.astream("Say hello.", stream_usage=True)]
    assert "".join(c.text for c in chunks)
    [usage] = [c.usage_metadata for c in chunks if c.usage_metadata]
    assert usage["input_tokens"] > 0
    assert usage["output_tokens"] > 0


@needs_model
def test_it_starts_once_and_hides_its_key(served: LocalModel) -> None:
    """A process has one embedded model; its key is needed and not shown."""
    assert local_model() is served
    assert served.api_key not in repr(served)
    refused = httpx.post(f"{served.base_url}/chat/completions", json={"messages": []})
    assert refused.status_code == 401


def test_a_missing_model_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the package there is a clear error and no import of anything else."""
    monkeypatch.setattr(local, "WEIGHTS_PACKAGE", "no_such_weights")
    monkeypatch.setattr(local, "_state", local._State())
    assert not is_installed()
    with pytest.raises(ConfigError, match="make local"):
        local_model()


ASK_FOREVER = """
import threading, time
import httpx
from pointsman.models.embedded.local import close, local_model

def ask():
    body = {"messages": [{"role": "user", "content": "Tell a long story."}], "max_tokens": 3000,
            "stream": True}
    key = {"authorization": "Bearer " + model.api_key}
    try:
        with httpx.stream("POST", model.base_url + "/chat/completions", json=body, headers=key,
                          timeout=60) as reply:
            for _ in reply.iter_lines():
                talking.set()
    except httpx.HTTPError as error:
        print(type(error).__name__)

model, talking = local_model(), threading.Event()
asking = threading.Thread(target=ask, daemon=True)
asking.start()
assert talking.wait(30)
"""
CLOSE = "close(); asking.join(10); assert not asking.is_alive(); assert local_model() != model"
AT_ONCE = "from pointsman.models.embedded.local import *\nfor _ in range(4): local_model(); close()"
FORK = """
import multiprocessing
from pointsman.models.embedded.local import local_model

def child(parents_url):
    assert local_model().base_url != parents_url

process = multiprocessing.get_context("fork").Process(target=child, args=[local_model().base_url])
process.start()
process.join(30)
assert process.exitcode == 0, process.exitcode
"""


@needs_model
@pytest.mark.parametrize(
    "code",
    [
        pytest.param(ASK_FOREVER, id="exit"),
        pytest.param(ASK_FOREVER + CLOSE, id="close"),
        pytest.param(AT_ONCE, id="at_once"),
        pytest.param(FORK, id="fork"),
    ],
)
def test_it_never_holds_up_a_process(code: str) -> None:
    """Exit, close and fork end at once: in a long reply, or before the server has settled."""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=40, capture_output=True)
