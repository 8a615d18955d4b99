"""Failures are told once, and each kind calls for its own following."""

from __future__ import annotations

import asyncio
import random
from typing import Any, get_args

import httpx
import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.models.failures.classes import AttemptFailure, FailureClass, RejectedReplyError
from pointsman.models.failures.classify import classify
from pointsman.models.failures.next_attempt import Option, Patience, attempt_after

REQUEST = httpx.Request("POST", "http://a.test/v1/chat/completions")
REQUEST_FOR_SDK: Any = REQUEST
LIMITS = Patience(max_attempts=6, backoff=0.5, max_backoff=8.0, patience=2.0, max_wait=30.0)
HERE = Option(name="m@a", endpoint="a", context_window=8_000)
THERE = Option(name="n@b", endpoint="b", context_window=32_000)
SIBLING = Option(name="n@a", endpoint="a", context_window=4_000)


def status_error(status: int, message: str = "no", **headers: str) -> Any:
    """What the SDK raises for an error status."""
    response = httpx.Response(status, request=REQUEST, headers=headers)
    response_for_sdk: Any = response
    return openai.APIStatusError(message, response=response_for_sdk, body=None)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        pytest.param(status_error(401), "authentication", id="401"),
        pytest.param(status_error(403), "permission", id="403"),
        pytest.param(status_error(404), "unknown_model", id="404"),
        pytest.param(status_error(408), "timeout", id="408"),
        pytest.param(status_error(413), "context_too_long", id="413"),
        pytest.param(status_error(429), "rate_limit", id="429"),
        pytest.param(status_error(500), "overloaded", id="500"),
        pytest.param(status_error(529), "overloaded", id="529"),
        pytest.param(status_error(400, "nonsense"), "bad_request", id="400"),
        pytest.param(
            status_error(400, "maximum context length is 8192"), "context_too_long", id="context"
        ),
        pytest.param(status_error(400, "content_filter triggered"), "content_filter", id="filter"),
        pytest.param(httpx.ReadTimeout("slow"), "timeout", id="read timeout"),
        pytest.param(TimeoutError(), "timeout", id="timeout"),
        pytest.param(httpx.ConnectError("refused"), "connection", id="connect"),
        pytest.param(httpx.RemoteProtocolError("cut"), "cut_stream", id="cut"),
        pytest.param(asyncio.CancelledError(), "cancelled", id="cancelled"),
        pytest.param(ValueError("no choices"), "malformed_output", id="value"),
        pytest.param(RejectedReplyError("refusal", "no"), "refusal", id="refusal"),
        pytest.param(RuntimeError("?"), "unknown", id="unknown"),
    ],
)
def test_each_error_has_its_class(error: BaseException, kind: FailureClass) -> None:
    """What a library raises becomes one of the classes."""
    assert classify(error).kind == kind


def test_a_connection_cut_after_the_request_is_a_cut_stream() -> None:
    """The SDK's connection error is told apart by what caused it."""
    request: Any = REQUEST
    error = openai.APIConnectionError(request=request)
    error.__cause__ = httpx.RemoteProtocolError("peer closed")
    assert classify(error).kind == "cut_stream"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        pytest.param({"retry-after": "7"}, 7.0, id="seconds"),
        pytest.param({"retry-after-ms": "1500"}, 1.5, id="milliseconds"),
        pytest.param({"retry-after": "Thu, 01 Jan 1970 00:01:40 GMT"}, 60.0, id="date"),
        pytest.param({"retry-after": "soon"}, None, id="nonsense"),
        pytest.param({"retry-after": "-3"}, None, id="negative"),
        pytest.param({}, None, id="absent"),
    ],
)
def test_retry_after_is_read(headers: dict[str, str], seconds: float | None) -> None:
    """Seconds, milliseconds and dates are understood; nonsense is ignored."""
    assert classify(status_error(429, **headers), now=40.0).retry_after == seconds


def test_what_a_gateway_passes_on_is_told_from_its_own_refusal() -> None:
    """A provider's 401 behind LiteLLM is not about our key; its Retry-After has another name."""
    passed_on = {"llm_provider-server": "x", "llm_provider-retry-after": "7"}

    assert classify(status_error(401, **passed_on)).kind == "permission"
    assert classify(status_error(400, "No connected db.")).kind == "authentication"
    assert classify(status_error(429, **passed_on)).retry_after == 7


def test_an_error_event_in_a_stream_is_a_cut_stream() -> None:
    """The reply had begun under status 200 when the provider failed."""
    event = openai.APIError("upstream failed", request=REQUEST_FOR_SDK, body=None)

    assert classify(event).kind == "cut_stream"


def test_keys_in_a_provider_s_message_are_masked() -> None:
    """A provider that quotes the key does not get it into our records."""
    error = status_error(401, "Incorrect API key provided: sk-secret-1")
    assert "sk-secret-1" not in classify(error, secrets=("sk-secret-1",)).message


@pytest.mark.parametrize(
    ("kind", "others", "action", "to"),
    [
        pytest.param("overloaded", [THERE], "retry", "", id="overloaded is retried once"),
        pytest.param("timeout", [THERE], "fallback", "n@b", id="timeout goes on"),
        pytest.param("timeout", [], "retry", "", id="the last one is asked again"),
        pytest.param("authentication", [SIBLING, THERE], "fallback", "n@b", id="other endpoint"),
        pytest.param("authentication", [SIBLING], "stop", "", id="no other endpoint"),
        pytest.param("context_too_long", [SIBLING, THERE], "fallback", "n@b", id="larger context"),
        pytest.param("context_too_long", [SIBLING], "stop", "", id="no larger context"),
        pytest.param("refusal", [THERE], "fallback", "n@b", id="refusal goes on"),
        pytest.param("refusal", [], "stop", "", id="refusal of the last"),
        pytest.param("output_limit", [THERE], "extend", "", id="longer output"),
    ],
)
def test_each_class_has_its_move(
    kind: FailureClass, others: list[Option], action: str, to: str
) -> None:
    """What follows the first failure depends on its class and on who is left."""
    following = attempt_after(
        [("m@a", AttemptFailure(kind=kind))],
        current=HERE,
        others=others,
        limits=LIMITS,
        now=0.0,
        jitter=0.5,
    )
    assert (following.action, following.to) == (action, to)


def test_a_malformed_reply_is_quoted_once_and_then_given_up() -> None:
    """The same candidate gets one re-ask; then another one is asked."""
    bad = AttemptFailure(kind="malformed_output", message="no city", reply="{}")
    history = [("m@a", bad)]
    first = attempt_after(history, current=HERE, others=[THERE], limits=LIMITS, now=0, jitter=0)
    second = attempt_after(
        history * 2, current=HERE, others=[THERE], limits=LIMITS, now=0, jitter=0
    )
    assert (first.action, second.action) == ("reask", "fallback")


def test_an_error_page_is_not_quoted() -> None:
    """There is no point in quoting back what no model wrote."""
    page = AttemptFailure(kind="malformed_output", message="<html>")
    following = attempt_after(
        [("m@a", page)], current=HERE, others=[THERE], limits=LIMITS, now=0, jitter=0
    )
    assert following.action == "fallback"


@pytest.mark.parametrize(
    ("retry_after", "others", "action"),
    [
        pytest.param(1.0, [THERE], "retry", id="short enough to wait"),
        pytest.param(20.0, [THERE], "fallback", id="another one is free"),
        pytest.param(20.0, [], "retry", id="nobody else"),
        pytest.param(90.0, [], "stop", id="too long"),
    ],
)
def test_retry_after_is_honoured(retry_after: float, others: list[Option], action: str) -> None:
    """A candidate is never asked again earlier than it wanted."""
    limited = AttemptFailure(kind="rate_limit", retry_after=retry_after)
    following = attempt_after(
        [("m@a", limited)], current=HERE, others=others, limits=LIMITS, now=0.0, jitter=0.0
    )
    assert following.action == action
    assert following.action != "retry" or following.wait >= retry_after


kinds = st.sampled_from([k for k in get_args(FailureClass) if k != "cancelled"])


@given(
    kinds=st.lists(kinds, min_size=1, max_size=20),
    retry_after=st.none() | st.floats(0, 1e6),
    deadline=st.none() | st.floats(0, 100),
    seed=st.integers(0, 2**32),
)
def test_it_always_ends_and_never_waits_too_long(
    kinds: list[FailureClass], retry_after: float | None, deadline: float | None, seed: int
) -> None:
    """Attempts are bounded, and no wait passes the deadline or the bound on waiting."""
    chance = random.Random(seed)
    limits = Patience(
        max_attempts=6,
        backoff=0.5,
        max_backoff=8.0,
        patience=2.0,
        max_wait=30.0,
        deadline_at=deadline,
    )
    others = [THERE, SIBLING]
    history: list[tuple[str, AttemptFailure]] = []
    for kind in kinds:
        history.append(("m@a", AttemptFailure(kind=kind, retry_after=retry_after, reply="x")))
        following = attempt_after(
            history,
            current=HERE,
            others=others,
            limits=limits,
            now=0.0,
            jitter=chance.random(),
        )
        if following.action == "stop":
            return
        assert len(history) < limits.max_attempts
        assert following.wait <= limits.max_wait
        assert deadline is None or following.wait == 0 or following.wait < deadline
        if following.action == "fallback":
            others = others[[o.name for o in others].index(following.to) + 1 :]
