"""The script is followed exactly, or the test fails."""

from __future__ import annotations

import gc
import threading
from typing import Any

import httpx
import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.errors import ConfigError
from pointsman.testing import Fault, GatewayRequest, ScriptedGateway
from pointsman.testing.completion import pieces
from pointsman.testing.script import Script

HELLO: list[Any] = [{"role": "user", "content": "hello"}]


def ask(client: openai.OpenAI, model: str = "m") -> str | None:
    """Ask once."""
    return client.chat.completions.create(model=model, messages=HELLO).choices[0].message.content


def test_replies_come_in_order(connect: Any) -> None:
    """Entries are used one after the other, for each model apart."""
    with ScriptedGateway({"a": ["1", "2"], "b": ["3"]}) as gateway:
        client = connect(gateway)
        assert [ask(client, m) for m in ("a", "b", "a")] == ["1", "3", "2"]
    assert [r.model for r in gateway.requests] == ["a", "b", "a"]
    gateway.assert_complete()


@pytest.mark.parametrize(("model", "why"), [("m", "no reply left"), ("other", "not in the script")])
def test_unexpected_requests_fail(connect: Any, model: str, why: str) -> None:
    """A request for which nothing is scripted gets status 418 and fails the test."""
    with ScriptedGateway({"m": []}) as gateway, pytest.raises(openai.APIStatusError) as caught:
        ask(connect(gateway), model)
    assert caught.value.status_code == 418
    with pytest.raises(AssertionError, match=why):
        gateway.assert_complete()


def test_unknown_paths_fail() -> None:
    """A path that the gateway does not have is an unexpected request."""
    with ScriptedGateway() as gateway:
        assert httpx.post(f"{gateway.base_url}/embeddings", json={}).status_code == 418
    with pytest.raises(AssertionError, match="There is no POST /v1/embeddings"):
        gateway.assert_complete()


def test_a_failing_responder_fails_the_test(connect: Any) -> None:
    """What a responder raises does not get lost on the gateway's thread."""

    def check(request: GatewayRequest) -> str:
        raise AssertionError(f"asked {request.text}")

    with ScriptedGateway({"m": check}) as gateway, pytest.raises(openai.APIStatusError):
        ask(connect(gateway))
    with pytest.raises(AssertionError, match="asked hello"):
        gateway.assert_complete()


def test_leftover_replies_fail() -> None:
    """Replies that nobody asked for fail the test."""
    with ScriptedGateway({"m": ["1", "2"]}) as gateway:
        pass
    with pytest.raises(AssertionError, match="model 'm': 2 scripted replies"):
        gateway.assert_complete()


def test_a_fault_takes_its_place_in_the_script(connect: Any) -> None:
    """A fault as an entry happens at that place and is used up."""
    with ScriptedGateway({"m": ["1", Fault(kind="overloaded"), "2"]}) as gateway:
        client = connect(gateway)
        assert ask(client) == "1"
        with pytest.raises(openai.InternalServerError):
            ask(client)
        assert ask(client) == "2"
    assert [r.fault for r in gateway.requests] == [None, "overloaded", None]
    gateway.assert_complete()


def test_a_fault_beside_the_script_leaves_the_reply(connect: Any) -> None:
    """A retry gets the reply that the failed request did not."""
    faults = [Fault(kind="server_error", model="m", at=frozenset({1, 2}))]
    with ScriptedGateway({"m": ["at last"]}, faults=faults) as gateway:
        client = connect(gateway)
        for _ in range(2):
            with pytest.raises(openai.InternalServerError):
                ask(client)
        assert ask(client) == "at last"
    gateway.assert_complete()


def test_a_fault_of_one_model_spares_the_others(connect: Any) -> None:
    """`model` restricts a fault, `times` ends it."""
    faults = [Fault(kind="server_error", model="a", times=1)]
    with ScriptedGateway({"a": ["1"], "b": ["2"]}, faults=faults) as gateway:
        client = connect(gateway)
        assert ask(client, "b") == "2"
        with pytest.raises(openai.InternalServerError):
            ask(client, "a")
        assert ask(client, "a") == "1"


@given(seed=st.integers(), probability=st.floats(0, 1))
def test_chance_follows_the_seed(seed: int, probability: float) -> None:
    """The same seed draws the same faults; nothing else does."""

    def drawn() -> list[bool]:
        fault = Fault(kind="overloaded", probability=probability)
        script = Script({}, default="x", faults=[fault], seed=seed)
        requests = [
            GatewayRequest(number=n, endpoint="chat", model="m", body={}) for n in range(20)
        ]
        return [script.next(request).fault is not None for request in requests]

    first = drawn()
    assert first == drawn()
    assert not any(first) if probability == 0 else True
    assert all(first) if probability == 1 else True


@given(st.text())
def test_pieces_lose_nothing(text: str) -> None:
    """The chunks of a stream join to the scripted text."""
    assert "".join(pieces(text)) == text


def test_models_can_fail_too(connect: Any) -> None:
    """A fault may be put on the list of models."""
    faults = [Fault(kind="html_body", endpoint="models", status=502)]
    with ScriptedGateway(faults=faults) as gateway, pytest.raises(openai.APIStatusError) as caught:
        connect(gateway).models.list()
    assert caught.value.status_code == 502


def test_a_fault_without_effect_is_refused() -> None:
    """A fault that spoils chat replies cannot be put on another endpoint."""
    with pytest.raises(ConfigError, match="spoils a chat reply"):
        Fault(kind="refusal", endpoint="models")


def test_several_gateways_run_side_by_side(connect: Any) -> None:
    """Each gateway has its own port, script and records."""
    with ScriptedGateway({"m": ["a"]}) as one, ScriptedGateway({"m": ["b"]}) as two:
        assert (ask(connect(one)), ask(connect(two))) == ("a", "b")
    assert len(one.requests) == len(two.requests) == 1


def test_a_stopped_gateway_is_dead_until_it_starts_again(connect: Any) -> None:
    """Stopping refuses connections, and starting again keeps the address."""
    with ScriptedGateway({"m": ["back"]}) as gateway:
        url = gateway.base_url
        gateway.stop()
        with pytest.raises(openai.APIConnectionError):
            ask(connect(gateway))
        gateway.start()
        assert gateway.base_url == url
        assert ask(connect(gateway)) == "back"


def test_stopping_ends_what_is_in_flight(connect: Any) -> None:
    """A stop drops stalled connections, leaves no thread and no warning behind."""
    gateway = ScriptedGateway(faults=[Fault(kind="stall")], default="x").start()
    failed: list[str] = []

    def hang() -> None:
        try:
            ask(connect(gateway, timeout=30))
        except openai.APIConnectionError as error:
            failed.append(type(error).__name__)

    hanging = threading.Thread(target=hang)
    hanging.start()
    assert gateway.wait_for_requests(1)
    gateway.stop()
    hanging.join(10)
    assert failed == ["APIConnectionError"]
    assert [r.outcome for r in gateway.requests] == ["stopped"]
    assert not any(t.name == "scripted-gateway" for t in threading.enumerate())
    gc.collect()


def test_a_taken_port_is_refused_clearly() -> None:
    """A port in use is a configuration error."""
    with ScriptedGateway() as gateway:
        port = int(gateway.base_url.split(":")[2].split("/")[0])
        with pytest.raises(ConfigError, match="Cannot listen"):
            ScriptedGateway(port=port).start()
        with pytest.raises(ConfigError, match="running"):
            gateway.start()
