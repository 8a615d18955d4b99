"""Every fault in every way of calling: the next candidate's right answer, or a clear end."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, get_args

import pytest
from langchain_core.messages import HumanMessage

from pointsman.errors import EndpointError, OutputError
from pointsman.models.requests import ModelReply, ModelRequest, Signals
from pointsman.stores.records import ModelAttempt
from pointsman.stores.store import SqlStore
from pointsman.testing import Fault as ScriptedFault
from pointsman.testing import FaultKind, Price, Reply, RequestRecord, ScriptedGateway

from .conftest import MakeGateway, MakeRun, MakeSettings

FAULTS: tuple[FaultKind, ...] = get_args(FaultKind)
MODES = ("chat", "tool_call", "schema", "stream")
"""`tool_call`: the reply comes as a forced call of a function."""
TIMEOUT = {"slow_first_byte": 0.8, "slow_tokens": 0.8, "stall": 0.8}
"""Seconds for an attempt where the fault is a matter of time."""
PATIENT = 20.0
"""Seconds for all other attempts: a busy machine must not look like one more fault."""
PRICE = Price(input=1.0, output=2.0)
PRICES = {"input": 1.0, "output": 2.0}

SCHEMA: dict[str, Any] = {
    "title": "City",
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
JSON_FAULTS = ("malformed_tool_arguments", "schema_violation", "trailing_comma", "code_fence")
STRUCTURED: dict[str, str] = {"schema": "json_schema", "tool_call": "tool_call"}
REPLIES: dict[str, Reply] = {
    "chat": Reply(text="Bern is the capital of Switzerland."),
    "stream": Reply(text="Bern is the capital of Switzerland."),
    "schema": Reply(json={"city": "Bern"}),
    "tool_call": Reply(json={"city": "Bern"}),
}


def _request(mode: str, fault: FaultKind) -> ModelRequest:
    return ModelRequest(
        signals=Signals(data_class=(), role="chat"),
        messages=[HumanMessage("What is the capital of Switzerland?")],
        schema=SCHEMA if mode in STRUCTURED else None,
        stream=mode == "stream",
        max_output_tokens=64,
        timeout=TIMEOUT.get(fault, PATIENT),
    )


def _model(mode: str) -> dict[str, Any]:
    return {"structured_output": STRUCTURED.get(mode, "json_schema")}


def _assert_right(reply: ModelReply, mode: str, fault: FaultKind) -> None:
    if mode in STRUCTURED:
        assert reply.data == {"city": "Bern"}
    elif fault in JSON_FAULTS:
        assert reply.text  # plain text cannot be bad JSON: what the model said is the answer
    else:
        assert reply.text == "Bern is the capital of Switzerland."


def _without_timeouts(
    attempts: Sequence[ModelAttempt], seen: Sequence[RequestRecord]
) -> list[ModelAttempt]:
    """Return the attempts without as many timed-out ones as have sent nothing.

    Those go first that cost nothing, as only a request that has not left does; then the last ones.
    """
    left = list(attempts)
    for attempt in sorted(attempts, key=lambda attempt: (attempt.usd != 0, -attempt.started_at)):
        if len(left) > len(seen) and attempt.outcome == "timeout":
            left.remove(attempt)
    return left


def _assert_matches(attempts: Sequence[ModelAttempt], seen: Sequence[RequestRecord]) -> None:
    """One attempt record for each request, in order, and never less money than was billed.

    On a busy machine an attempt may time out before its request has left.
    """
    told = [(a.model, a.outcome, a.error) for a in attempts]
    unsent = len(attempts) - len(seen)
    assert 0 <= unsent <= sum(a.outcome == "timeout" for a in attempts), told
    arrived = attempts if not unsent else _without_timeouts(attempts, seen)
    assert [a.model for a in arrived] == [r.model for r in seen], told
    for attempt, record in zip(arrived, seen, strict=True):
        assert attempt.usd is not None
        assert record.billed_usd is not None
        assert attempt.usd >= record.billed_usd - 1e-12
        if not attempt.estimated:
            assert attempt.usd == pytest.approx(record.billed_usd)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("fault", FAULTS)
async def test_next_candidate_answers(
    fault: FaultKind,
    mode: str,
    store: SqlStore,
    run: MakeRun,
    settings: MakeSettings,
    gateway: MakeGateway,
) -> None:
    """Whatever one endpoint does, the answer is right, and nothing half-said is kept."""
    good = REPLIES[mode]
    faulty = ScriptedFault(kind=fault, model="first", seconds=_delay(fault))
    with ScriptedGateway(
        {"first": lambda _: good, "second": lambda _: good},
        faults=[faulty],
        prices={"first": PRICE, "second": PRICE},
    ) as server:
        models = gateway(
            settings(
                {"a": server, "b": server.base_url},
                [
                    {**_model(mode), "id": "first", "endpoint": "a"},
                    {**_model(mode), "id": "second", "endpoint": "b", "prices": PRICES},
                ],
            )
        )
        events: list[dict[str, Any]] = []
        limited = run(budget_usd=1.0)

        reply = await models.complete(
            _request(mode, fault), run=limited, step="s1", emit=events.append
        )

        _assert_right(reply, mode, fault)
        assert server.wait_idle()
        attempts = await store.attempts.of_run("run-1")
        _assert_matches(attempts, server.requests)
        assert reply.attempts == len(attempts)
        if mode == "stream":
            assert _heard(events) == reply.text
        balance = await store.budgets.balance("run", "run-1")
        assert balance.reserved_usd == pytest.approx(0.0)
        assert balance.spent_usd == pytest.approx(sum(a.usd or 0.0 for a in attempts))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("fault", FAULTS)
async def test_all_down_is_a_clear_end(
    fault: FaultKind,
    mode: str,
    store: SqlStore,
    run: MakeRun,
    settings: MakeSettings,
    gateway: MakeGateway,
) -> None:
    """When every endpoint misbehaves, the caller gets a right answer or one of two typed errors."""
    good = REPLIES[mode]
    with ScriptedGateway(
        {"first": lambda _: good, "second": lambda _: good},
        faults=[ScriptedFault(kind=fault, seconds=_delay(fault))],
        prices={"first": PRICE, "second": PRICE},
    ) as server:
        models = gateway(
            settings(
                {"a": server, "b": server.base_url},
                [
                    {**_model(mode), "id": "first", "endpoint": "a"},
                    {**_model(mode), "id": "second", "endpoint": "b"},
                ],
                retry={"max_attempts": 3, "max_wait_seconds": 0.0},
            )
        )
        events: list[dict[str, Any]] = []
        call = models.complete(
            _request(mode, fault), run=run(budget_usd=1.0), step="s1", emit=events.append
        )
        ended = (await asyncio.gather(call, return_exceptions=True))[0]

        if isinstance(ended, ModelReply):
            _assert_right(ended, mode, fault)
        else:
            assert isinstance(ended, EndpointError | OutputError)
            assert "first@a" in str(ended)
            assert _heard(events) == ""
        assert server.wait_idle()
        _assert_matches(await store.attempts.of_run("run-1"), server.requests)
        assert (await store.budgets.balance("run", "run-1")).reserved_usd == pytest.approx(0.0)


def _delay(fault: FaultKind) -> float | None:
    return {"slow_first_byte": 2.0, "slow_tokens": 0.8}.get(fault)


def _heard(events: Sequence[dict[str, Any]]) -> str:
    """What a listener who obeys `discard` has on screen."""
    text = ""
    for event in events:
        if event["event"] == "token":
            text += event["text"]
        elif event["event"] == "discard":
            text = ""
    return text
