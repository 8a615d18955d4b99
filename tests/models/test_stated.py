"""An error in the place of a reply is what its provider says it is, in whichever form."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from langchain_core.messages import HumanMessage

from pointsman.errors import EndpointError
from pointsman.models.failures.stated import stated_in
from pointsman.models.requests import ModelRequest, Signals
from pointsman.stores.store import SqlStore
from pointsman.testing import Reply, ScriptedGateway

from .conftest import MakeGateway, MakeRun, MakeSettings

ASK = ModelRequest(
    signals=Signals(data_class=(), role="chat"), messages=[HumanMessage("Hello")], timeout=5.0
)
FULL = "This model's maximum context length is 4096 tokens. However, you requested 9000 tokens"
FORMS: list[tuple[Any, str]] = [
    ({"error": "rate limit exceeded"}, "rate_limit"),
    ({"error": {"code": 429, "message": "Slow down"}}, "rate_limit"),
    ({"error": {"message": "Insufficient Balance", "code": "invalid_request_error"}}, "rate_limit"),
    ({"detail": "The model is overloaded"}, "overloaded"),
    ({"detail": "Invalid API key"}, "authentication"),
    ({"detail": [{"msg": "no such model", "type": "value_error"}]}, "unknown_model"),
    ({"errors": [{"code": 429, "message": "Too many requests"}]}, "rate_limit"),
    (
        {"object": "error", "message": FULL, "type": "BadRequestError", "code": 400},
        "context_too_long",
    ),
    ({"status": "error", "message": "Internal failure", "code": 500}, "overloaded"),
    ({"statusCode": 429, "message": "Try again in 7 seconds."}, "rate_limit"),
    ({"code": "Throttling.RateQuota", "message": "Limited"}, "rate_limit"),
    ({"code": "InvalidApiKey", "message": "No."}, "authentication"),
    ({"error_code": 18, "error_msg": "Open api qps request limit reached"}, "rate_limit"),
    (
        {"choices": None, "base_resp": {"status_code": 1002, "status_msg": "rate limit"}},
        "rate_limit",
    ),
    (
        {"success": False, "errors": [{"code": 10000, "message": "Authentication error"}]},
        "authentication",
    ),
    ({"title": "Forbidden", "status": 403, "detail": "Not for you."}, "permission"),
]


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(("body", "kind"), FORMS, ids=str)
async def test_an_error_of_status_200_is_classed_by_what_it_says(
    body: dict[str, Any],
    kind: str,
    stream: bool,
    gateway: MakeGateway,
    settings: MakeSettings,
    run: MakeRun,
    store: SqlStore,
) -> None:
    """It is no malformed reply, which would be asked again in vain and paid for."""
    said = Reply(chunks=[body]) if stream else Reply(document=body)
    with ScriptedGateway({"m": [said]}) as server:
        models = gateway(
            settings({"a": server}, [{"id": "m", "endpoint": "a"}], retry={"max_attempts": 1})
        )
        with pytest.raises(EndpointError) as caught:
            await models.complete(dataclasses.replace(ASK, stream=stream), run=run(), step="s")

    assert caught.value.failure == kind
    [attempt] = await store.attempts.of_run("run-1")
    assert attempt.outcome == kind
    assert attempt.usd == 0.0 or kind == "overloaded"


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    ("choice", "kind"),
    [
        ({"error": {"code": 429, "message": "Upstream is busy"}}, "rate_limit"),
        ({"error": {"code": 502, "message": "Upstream failed"}}, "overloaded"),
        ({}, "overloaded"),
    ],
    ids=str,
)
async def test_a_reply_that_an_error_ended_is_no_answer(
    choice: dict[str, Any],
    kind: str,
    stream: bool,
    gateway: MakeGateway,
    settings: MakeSettings,
    run: MakeRun,
    store: SqlStore,
) -> None:
    """Half a sentence is not taken for the whole, and what was written of it is paid for."""
    message = {"role": "assistant", "content": "The balance is 4"}
    ended = {"index": 0, "finish_reason": "error", **choice}
    envelope = {"id": "1", "created": 1, "model": "m"}
    usage = {"prompt_tokens": 20, "completion_tokens": 5, "total_tokens": 25}
    whole = {"object": "chat.completion", **envelope, "usage": usage}
    part = {"object": "chat.completion.chunk", **envelope}
    said = (
        Reply(chunks=[{**part, "choices": [{**ended, "delta": message}]}])
        if stream
        else Reply(document={**whole, "choices": [{**ended, "message": message}]})
    )
    with ScriptedGateway({"m": [said]}) as server:
        models = gateway(
            settings({"a": server}, [{"id": "m", "endpoint": "a"}], retry={"max_attempts": 1})
        )
        with pytest.raises(EndpointError) as caught:
            await models.complete(dataclasses.replace(ASK, stream=stream), run=run(), step="s")

    assert caught.value.failure == kind
    [attempt] = await store.attempts.of_run("run-1")
    assert attempt.usd


@pytest.mark.parametrize(
    "reply",
    [
        {"choices": [{"message": {"content": "message: code 429"}, "finish_reason": "stop"}]},
        {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 0}},
        {"id": "x", "object": "chat.completion.chunk", "choices": [], "code": 0},
        {"base_resp": {"status_code": 0, "status_msg": ""}},
        {},
        [],
        None,
        7,
    ],
    ids=str,
)
def test_what_is_no_error_is_not_taken_for_one(reply: Any) -> None:
    """A reply that speaks of errors is a reply, and one that holds nothing is merely odd."""
    assert stated_in(json.dumps(reply).encode()) is None


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=9),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["error", "errors", "message", "code", "choices", "detail"]), inner
            )
        ),
    )
)
@example({"error": None, "errors": None, "detail": "\r"})
@example({"error": {"message": " ", "code": "\t"}})
def test_whatever_is_received_is_read(value: Any) -> None:
    """An error always has words; no body is too odd to be looked at."""
    found = stated_in(json.dumps(value).encode())
    assert found is None or found["error"]["message"].strip()


def test_a_stream_is_read_event_by_event() -> None:
    """What was cut at its beginning is passed over."""
    received = b'ices": [{}]}\n\ndata: {"detail": "Too many requests"}\r\n\r\ndata: [DONE]\n\n'
    found = stated_in(received)
    assert found is not None
    assert found["error"] == {"message": "Too many requests"}
