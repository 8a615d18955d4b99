"""The gateway over real HTTP: fallbacks, deadlines, cancellation, hot settings, given models."""

from __future__ import annotations

import asyncio
import dataclasses
import gc
import time
import warnings
from pathlib import Path
from typing import Any

import pytest
import yaml
from langchain_core.messages import HumanMessage

from pointsman.errors import BudgetExceededError, ConfigError, EndpointError, OutputError
from pointsman.models.catalog.settings import parse_models_settings
from pointsman.models.catalog.source import FileSettings
from pointsman.models.gateway import Gateway
from pointsman.models.requests import ModelRequest, Signals
from pointsman.models.routing.health import HealthBoard
from pointsman.state.run import Run
from pointsman.stores.records import Switch
from pointsman.stores.store import SqlStore, open_store
from pointsman.testing import (
    Fault,
    GatewayRequest,
    Price,
    Reply,
    ScriptedGateway,
    ScriptedModel,
    TokenUsage,
)

from .conftest import MakeGateway, MakeRun, MakeSettings

SCHEMA: dict[str, Any] = {
    "title": "City",
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
ASK = ModelRequest(
    signals=Signals(data_class=(), role="chat"),
    messages=[HumanMessage("What is the capital of Switzerland?")],
    timeout=5.0,
)
TWO = [{"id": "first", "endpoint": "a"}, {"id": "second", "endpoint": "b"}]
PNG = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5E"
    "rkJggg=="
)


async def test_no_model_is_said_clearly(gateway: MakeGateway, run: MakeRun) -> None:
    """Without models the gateway serves no role and says so."""
    models = gateway(parse_models_settings({}))

    assert not models.serves("chat")
    with pytest.raises(EndpointError, match="no language model configured"):
        await models.complete(ASK, run=run(), step="s")


async def test_a_missing_key_is_told_when_it_is_needed(
    gateway: MakeGateway, run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first call of an endpoint without its key names the variable; nothing is reserved."""
    monkeypatch.delenv("NO_SUCH_KEY", raising=False)
    endpoint = {"base_url": "http://127.0.0.1:9/v1", "api_key_env": "NO_SUCH_KEY"}
    models = gateway(
        parse_models_settings(
            {"endpoints": {"a": endpoint}, "models": [{"id": "m", "endpoint": "a"}]}
        )
    )
    with pytest.raises(ConfigError, match="NO_SUCH_KEY"):
        await models.complete(ASK, run=run(), step="s")


async def test_the_key_is_sent_and_never_kept(
    gateway: MakeGateway, run: MakeRun, store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong key shows up in no record and no error, though the provider quotes it."""
    monkeypatch.setenv("SOME_KEY", "sk-very-secret")
    with ScriptedGateway({"m": []}, api_key="another") as server:
        endpoint = {"base_url": server.base_url, "api_key_env": "SOME_KEY"}
        models = gateway(
            parse_models_settings(
                {"endpoints": {"a": endpoint}, "models": [{"id": "m", "endpoint": "a"}]}
            )
        )
        with pytest.raises(EndpointError) as caught:
            await models.complete(ASK, run=run(), step="s")
    assert caught.value.failure == "authentication"
    attempts = await store.attempts.of_run("run-1")
    assert [a.outcome for a in attempts] == ["authentication"]
    assert "sk-very-secret" not in str(caught.value) + repr(attempts)


async def test_a_malformed_reply_is_asked_again_with_its_error(
    gateway: MakeGateway, settings: MakeSettings, run: MakeRun, store: SqlStore
) -> None:
    """The re-ask quotes the error, is an attempt of its own, and is budgeted as one."""
    with ScriptedGateway(
        {"first": [Reply(json={"town": "Bern"}), Reply(json={"city": "Bern"})]},
        prices={"first": Price(input=1, output=2)},
    ) as server:
        models = gateway(settings({"a": server}, TWO[:1]))
        request = dataclasses.replace(ASK, schema=SCHEMA)

        reply = await models.complete(request, run=run(budget_usd=1.0), step="s")

        assert reply.data == {"city": "Bern"}
        assert reply.attempts == 2
        assert reply.usage.usd == pytest.approx(server.billed_usd())
        told = server.requests[1].body["messages"]
    assert told[-2] == {"role": "assistant", "content": '{"town": "Bern"}'}
    assert "'city' is a required property" in told[-1]["content"]
    outcomes = [
        (a.outcome, a.why.rpartition("; ")[2]) for a in await store.attempts.of_run("run-1")
    ]
    assert outcomes[0][0] == "malformed_output"
    assert outcomes[1] == ("ok", "reask after malformed_output")


async def test_no_reply_in_the_schema_is_an_output_error(
    gateway: MakeGateway, settings: MakeSettings, run: MakeRun
) -> None:
    """When candidates reply, but never as asked, the error says what was wrong."""
    with ScriptedGateway({"first": lambda _: Reply(json={"town": "Bern"})}) as server:
        models = gateway(settings({"a": server}, TWO[:1]))
        with pytest.raises(OutputError, match="'city' is a required property"):
            await models.complete(dataclasses.replace(ASK, schema=SCHEMA), run=run(), step="s")


async def test_a_reply_cut_at_the_limit_gets_a_longer_one(
    gateway: MakeGateway, settings: MakeSettings, run: MakeRun
) -> None:
    """A reply that ran into the output limit is never taken as it is."""

    def say(request: GatewayRequest) -> Reply:
        if request.body["max_tokens"] < 100:
            return Reply(text="Bern is the", finish_reason="length")
        return Reply(text="Bern is the capital.")

    with ScriptedGateway({"first": say}) as server:
        models = gateway(settings({"a": server}, TWO[:1]))
        request = dataclasses.replace(ASK, max_output_tokens=50)
        reply = await models.complete(request, run=run(), step="s")
    assert reply.text == "Bern is the capital."


async def test_a_long_prompt_goes_to_a_larger_context(
    gateway: MakeGateway, settings: MakeSettings, run: MakeRun
) -> None:
    """After a context error only a model with a larger context is asked."""
    listed = [
        {"id": "first", "endpoint": "a", "context_window": 8_000},
        {
            "id": "equal",
            "endpoint": "a",
            "context_window": 8_000,
            "prices": {"input": 2, "output": 2},
        },
        {
            "id": "second",
            "endpoint": "b",
            "context_window": 90_000,
            "prices": {"input": 9, "output": 9},
        },
    ]
    with ScriptedGateway(
        {"first": [Fault(kind="context_too_long")], "second": ["Bern."]}
    ) as server:
        models = gateway(settings({"a": server, "b": server.base_url}, listed))
        reply = await models.complete(ASK, run=run(), step="s")
        assert [r.model for r in server.requests] == ["first", "second"]
    assert reply.model == "second"


async def test_retry_after_is_waited_for_when_nobody_else_is_there(
    gateway: MakeGateway, settings: MakeSettings, run: MakeRun
) -> None:
    """The only candidate is asked again, not before it wanted to be."""
    with ScriptedGateway(
        {"first": [Fault(kind="rate_limited_seconds", seconds=1.0), "Bern."]}
    ) as server:
        models = gateway(settings({"a": server}, TWO[:1]))
        reply = await models.complete(ASK, run=run(), step="s")
        times = [record.started_at for record in server.requests]
    assert reply.text == "Bern."
    assert times[1] - times[0] >= 1.0


async def test_the_client_library_makes_no_retries_of_its_own(
    gateway: MakeGateway, settings: MakeSettings, run: MakeRun, store: SqlStore
) -> None:
    """Every request that the server sees is one of our attempts."""
    with ScriptedGateway({"first": lambda _: Fault(kind="overloaded")}) as server:
        models = gateway(settings({"a": server}, TWO[:1], retry={"max_attempts": 3}))
        with pytest.raises(EndpointError, match="3 attempts were made"):
            await models.complete(ASK, run=run(), step="s")
        assert len(server.requests) == len(await store.attempts.of_run("run-1")) == 3


async def test_the_deadline_of_the_run_bounds_the_attempt(
    gateway: MakeGateway, settings: MakeSettings, run: MakeRun
) -> None:
    """A silent endpoint costs no more time than the run has left."""
    with ScriptedGateway({"first": lambda _: Fault(kind="stall")}) as server:
        models = gateway(settings({"a": server}, TWO[:1]))
        started = time.monotonic()
        with pytest.raises(EndpointError, match="timeout"):
            await models.complete(ASK, run=run(deadline_in=0.5), step="s")
        assert time.monotonic() - started < 2.0
        with pytest.raises(EndpointError, match="deadline has passed"):
            await models.complete(ASK, run=run("late", deadline_in=-1.0), step="s")


async def test_cancelling_cancels_the_request_and_settles_it(
    gateway: MakeGateway, settings: MakeSettings, run: MakeRun, store: SqlStore
) -> None:
    """The server sees the client go; the attempt is recorded and settled as estimated."""
    with ScriptedGateway(
        {"first": [Fault(kind="stall")]}, prices={"first": Price(input=1, output=2)}
    ) as server:
        models = gateway(settings({"a": server}, TWO[:1]))
        call = asyncio.ensure_future(models.complete(ASK, run=run(budget_usd=1.0), step="s"))
        assert await asyncio.to_thread(server.wait_for_requests, 1)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert await asyncio.to_thread(server.wait_idle)
        assert server.requests[0].client_gone

    (attempt,) = await store.attempts.of_run("run-1")
    assert (attempt.outcome, attempt.estimated) == ("cancelled", True)
    balance = await store.budgets.balance("run", "run-1")
    assert balance.reserved_usd == pytest.approx(0.0)
    assert balance.spent_usd == pytest.approx(attempt.usd)


async def test_a_call_that_never_left_costs_nothing(
    gateway: MakeGateway, settings: MakeSettings, run: MakeRun, store: SqlStore
) -> None:
    """Where nobody listens, nothing can be billed, and the reservation is released."""
    models = gateway(settings({"a": "http://127.0.0.1:9/v1"}, TWO[:1], retry={"max_attempts": 1}))
    with pytest.raises(EndpointError) as caught:
        await models.complete(ASK, run=run(budget_usd=1.0), step="s")
    assert caught.value.failure == "connection"
    balance = await store.budgets.balance("run", "run-1")
    assert (balance.spent_usd, balance.reserved_usd) == (0.0, 0.0)


async def test_little_money_shrinks_the_reply_and_none_refuses(
    gateway: MakeGateway, settings: MakeSettings, run: MakeRun
) -> None:
    """The output limit follows what is left; what fits nothing is refused with the cap's name."""
    with ScriptedGateway({"first": lambda _: "Bern."}) as server:
        models = gateway(settings({"a": server}, TWO[:1]))
        await models.complete(ASK, run=run(budget_usd=0.0006), step="s")
        assert 32 <= server.requests[0].body["max_tokens"] < 1024
        with pytest.raises(BudgetExceededError, match="run-2"):
            await models.complete(ASK, run=run("run-2", budget_usd=1e-7), step="s")
        assert len(server.requests) == 1


async def test_an_unknown_price_under_a_cap_names_the_model(
    gateway: MakeGateway, settings: MakeSettings, run: MakeRun
) -> None:
    """A money cap that cannot be kept is a configuration error."""
    listed = [{"id": "nobodys-model", "endpoint": "a", "prices": None}]
    models = gateway(settings({"a": "http://127.0.0.1:9/v1"}, listed))
    with pytest.raises(ConfigError, match="nobodys-model@a"):
        await models.complete(ASK, run=run(budget_usd=1.0), step="s")


async def test_reported_usage_is_what_is_settled(
    gateway: MakeGateway, settings: MakeSettings, run: MakeRun, store: SqlStore
) -> None:
    """Cached input and reasoning count at their own prices."""
    used = TokenUsage(
        input_tokens=60, cached_input_tokens=40, output_tokens=20, reasoning_tokens=15
    )
    prices = {"input": 10, "cached_input": 1, "output": 100, "reasoning": 100}
    with ScriptedGateway(
        {"first": [Reply(text="Bern.", usage=used)]},
        prices={"first": Price(input=10, output=100, cached_input=1)},
    ) as server:
        models = gateway(settings({"a": server}, [{**TWO[0], "prices": prices}]))
        reply = await models.complete(ASK, run=run(), step="s")
        assert reply.usage.usd == pytest.approx(server.billed_usd())
    (attempt,) = await store.attempts.of_run("run-1")
    assert (attempt.cached_input_tokens, attempt.reasoning_tokens) == (40, 15)
    assert not attempt.estimated
    assert (await models.usage("run-1")).usd == pytest.approx(attempt.usd)


async def test_prompt_and_reply_are_kept_as_payloads(
    gateway: MakeGateway, settings: MakeSettings, run: MakeRun, store: SqlStore
) -> None:
    """The trace can show what was asked and said."""
    with ScriptedGateway({"first": ["Bern."]}) as server:
        models = gateway(settings({"a": server}, TWO[:1]))
        await models.complete(ASK, run=run(), step="s")
    (attempt,) = await store.attempts.of_run("run-1")
    assert await store.payloads.get(attempt.prompt) == [
        {"role": "human", "content": "What is the capital of Switzerland?"}
    ]
    assert await store.payloads.get(attempt.reply) == {"text": "Bern.", "tool_calls": []}


async def test_a_meter_counts_each_call_once(
    gateway: MakeGateway, settings: MakeSettings, run: MakeRun, store: SqlStore
) -> None:
    """What was on record, and every call since, failed ones included; as the log has it."""
    listed = [{"id": "first", "endpoint": "a", "prices": {"input": 1, "output": 1}}]
    script = {"first": ["One.", Fault(kind="refusal"), "Two.", "Three."]}
    with ScriptedGateway(script) as server:
        models = gateway(settings({"a": server}, listed))
        await models.complete(ASK, run=run(), step="s")
        meter, fresh = await models.meter("run-1"), await models.meter("run-1", new=True)
        with pytest.raises(EndpointError):
            await models.complete(ASK, run=run(), step="s")
        await models.complete(ASK, run=run(), step="s")

        assert meter.usage.model_calls == 3
        assert meter.usage == await models.usage("run-1")
        assert fresh.usage.model_calls == 2
        other = await models.meter("run-2")
        await models.complete(ASK, run=run(), step="s")
        assert other.usage.model_calls == 0


async def test_a_frozen_endpoint_is_left_out_at_once(
    gateway: MakeGateway, settings: MakeSettings, run: MakeRun, store: SqlStore
) -> None:
    """An operator's switch holds from the next call on."""
    with ScriptedGateway({"first": ["Bern."], "second": ["Bern!"]}) as server:
        models = gateway(settings({"a": server, "b": server.base_url}, TWO))
        assert (await models.complete(ASK, run=run(), step="s")).model == "first"
        await store.switches.set(Switch(kind="freeze_endpoint", target="a", reason="leak"))
        assert (await models.complete(ASK, run=run(), step="s")).model == "second"
    ranking = await models.rank(Signals(data_class=(), role="chat"), run=run(), step="s")
    assert "frozen: leak" in ranking.excluded[0].reason


async def test_settings_change_without_a_restart(
    gateway: MakeGateway, run: MakeRun, tmp_path: Path
) -> None:
    """A changed file counts from the next call on; a broken one leaves things as they are."""
    path = tmp_path / "pointsman.yaml"

    def write(data: Any) -> None:
        path.write_text(yaml.safe_dump({"models": data}), encoding="utf-8")

    with ScriptedGateway({"first": lambda _: "1", "second": lambda _: "2"}) as server:
        endpoints = {"a": {"base_url": server.base_url}, "b": {"base_url": server.base_url}}
        write({"endpoints": endpoints, "models": TWO})
        models = gateway(FileSettings(path))
        assert (await models.complete(ASK, run=run(), step="s")).text == "1"

        write(
            {"endpoints": {**endpoints, "a": {**endpoints["a"], "disabled": True}}, "models": TWO}
        )
        assert (await models.complete(ASK, run=run(), step="s")).text == "2"

        write({"endpoints": "nonsense, and longer than before"})
        assert (await models.complete(ASK, run=run(), step="s")).text == "2"


async def test_policy_keeps_models_from_a_principal(
    gateway: MakeGateway, settings: MakeSettings, run: MakeRun
) -> None:
    """A model that policy refuses is no candidate, and the reason is told."""
    models = gateway(
        settings({"a": "http://127.0.0.1:9/v1", "b": "http://127.0.0.1:9/v1"}, TWO),
        may_use=lambda _principal, model, _data_class: model != "first",
    )
    ranking = await models.rank(Signals(data_class=(), role="chat"), run=run(), step="s")
    assert [c.model for c in ranking.candidates] == ["second"]
    assert "policy does not let local use it" in ranking.excluded[0].reason


async def test_a_given_model_serves_its_role_alone(
    gateway: MakeGateway, settings: MakeSettings, run: MakeRun, store: SqlStore
) -> None:
    """A chat model that the caller gave comes before the catalog, schema and streaming included."""
    given = ScriptedModel(replies=["Bern.", {"city": "Bern"}, "Bern again."])
    models = gateway(settings({"a": "http://127.0.0.1:9/v1"}, TWO[:1]), overrides={"chat": given})

    said = await models.complete(ASK, run=run(), step="s")
    data = await models.complete(dataclasses.replace(ASK, schema=SCHEMA), run=run(), step="s")
    events: list[dict[str, Any]] = []
    await models.complete(
        dataclasses.replace(ASK, stream=True), run=run(), step="s", emit=events.append
    )

    assert (said.text, data.data) == ("Bern.", {"city": "Bern"})
    assert "".join(e["text"] for e in events if e["event"] == "token") == "Bern again."
    given.assert_complete()
    ranking = await models.rank(Signals(data_class=(), role="chat"), run=run(), step="s")
    assert [c.model for c in ranking.candidates] == ["ScriptedModel"]
    assert "the caller gave a model" in ranking.excluded[0].reason
    assert models.serves("planner")
    assert len(await store.attempts.of_run("run-1")) == 3


async def test_an_error_of_a_given_model_is_a_failure_like_any_other(
    gateway: MakeGateway, run: MakeRun
) -> None:
    """What a chat model raises is classified and told, not let through."""
    given = ScriptedModel(replies=[RuntimeError("boom"), RuntimeError("boom")])
    models = gateway(
        parse_models_settings({"retry": {"backoff_seconds": 0}}), overrides={"chat": given}
    )
    with pytest.raises(EndpointError, match="unknown: boom"):
        await models.complete(ASK, run=run(), step="s")


async def test_images_become_text_for_a_model_without_eyes(
    gateway: MakeGateway, settings: MakeSettings, run: MakeRun
) -> None:
    """When the multimodal model fails, the image is converted and a text model goes on."""

    async def describe(data: bytes, media_type: str) -> str:
        return f"{len(data)} bytes of {media_type}"

    listed = [
        {"id": "eyes", "endpoint": "a", "modalities": ["text", "image"]},
        {"id": "second", "endpoint": "b"},
    ]
    picture = {"type": "image", "base64": PNG, "mime_type": "image/png"}
    request = dataclasses.replace(
        ASK,
        signals=Signals(data_class=(), role="chat", modalities=("text", "image")),
        messages=[HumanMessage([{"type": "text", "text": "What is this?"}, picture])],
    )
    with ScriptedGateway({"eyes": [Fault(kind="refusal")], "second": ["A dot."]}) as server:
        models = gateway(
            settings({"a": server, "b": server.base_url}, listed), converters={"image": describe}
        )
        reply = await models.complete(request, run=run(), step="s")
        first, second = (record.body["messages"][-1]["content"] for record in server.requests)
    assert reply.text == "A dot."
    assert first[1]["type"] == "image_url"
    assert "What is this?" in second
    assert "70 bytes of image/png" in second


async def test_speech_is_transcribed_through_the_same_machinery(
    gateway: MakeGateway, settings: MakeSettings, run: MakeRun, store: SqlStore
) -> None:
    """The transcription endpoint is a model like any other: routed, budgeted and recorded."""
    listed = [
        {"id": "ears", "endpoint": "a", "roles": "transcriber", "modalities": "audio"},
        {"id": "second", "endpoint": "b"},
    ]
    speech = {"type": "audio", "base64": "UklGRiQAAABXQVZFZm10IA==", "mime_type": "audio/wav"}
    request = dataclasses.replace(
        ASK,
        signals=Signals(data_class=(), role="chat", modalities=("text", "audio")),
        messages=[HumanMessage([{"type": "text", "text": "What is said?"}, speech])],
    )
    with ScriptedGateway({"ears": ["Hello there."], "second": ["A greeting."]}) as server:
        models = gateway(settings({"a": server, "b": server.base_url}, listed))
        reply = await models.complete(request, run=run(budget_usd=1.0), step="s")
        assert "Hello there." in server.requests[1].body["messages"][-1]["content"]
    assert reply.text == "A greeting."
    assert [a.role for a in await store.attempts.of_run("run-1")] == ["transcriber", "chat"]


async def test_broken_media_are_not_sent(
    gateway: MakeGateway, settings: MakeSettings, run: MakeRun
) -> None:
    """The media guard refuses before anything is paid."""
    broken = {"type": "image", "base64": "AAAA", "mime_type": "image/png"}
    request = dataclasses.replace(
        ASK,
        signals=Signals(data_class=(), role="chat", modalities=("text", "image")),
        messages=[HumanMessage([broken])],
    )
    listed = [{"id": "eyes", "endpoint": "a", "modalities": ["text", "image"]}]
    with ScriptedGateway({"eyes": ["?"]}) as server:
        models = gateway(settings({"a": server}, listed))
        with pytest.raises(EndpointError, match="media 1"):
            await models.complete(request, run=run(), step="s")
        assert not server.requests


async def test_a_slow_call_gets_a_rival_and_the_loser_is_cancelled(
    gateway: MakeGateway, settings: MakeSettings, run: MakeRun, store: SqlStore
) -> None:
    """With hedging on, the second candidate answers; both attempts are settled."""
    hedging = {"enabled": True, "percentile": 0.5, "min_samples": 1}
    board = HealthBoard()
    with ScriptedGateway({"first": [Fault(kind="stall")], "second": ["Bern."]}) as server:
        models = gateway(
            settings({"a": server, "b": server.base_url}, TWO, hedging=hedging), health=board
        )
        board.succeeded((server.base_url, "first"), seconds=0.05)

        reply = await models.complete(ASK, run=run(budget_usd=1.0), step="s")

        assert await asyncio.to_thread(server.wait_idle)
    assert reply.text == "Bern."
    assert "hedge" in reply.why
    outcomes = {a.model: a.outcome for a in await store.attempts.of_run("run-1")}
    assert outcomes == {"first": "cancelled", "second": "ok"}
    balance = await store.budgets.balance("run", "run-1")
    assert balance.reserved_usd == pytest.approx(0.0)
    assert reply.usage.usd == pytest.approx(balance.spent_usd)


async def test_an_open_breaker_sends_nothing_more(
    gateway: MakeGateway, settings: MakeSettings, run: MakeRun
) -> None:
    """After three failures in a row the endpoint is left alone, and the other one serves."""
    dearer = [TWO[0], {**TWO[1], "prices": {"input": 9, "output": 9}}]
    with ScriptedGateway(
        {"first": lambda _: Fault(kind="server_error"), "second": lambda _: "Bern."}
    ) as server:
        models = gateway(settings({"a": server, "b": server.base_url}, dearer))
        for number in range(6):
            await models.complete(ASK, run=run(f"run-{number}"), step="s")
        seen = [record.model for record in server.requests]
    assert seen.count("first") == 3
    assert seen.count("second") == 6


async def test_requests_to_an_endpoint_are_bounded(gateway: MakeGateway, run: MakeRun) -> None:
    """No more requests are on their way at once than the settings allow."""
    now, most = 0, 0

    async def say(_: GatewayRequest) -> str:
        nonlocal now, most
        now += 1
        most = max(most, now)
        while most < 3:  # as many as may come do come, however slow the machine
            await asyncio.sleep(0.005)
        await asyncio.sleep(0.02)
        now -= 1
        return "Bern."

    with ScriptedGateway({"m": say}) as server:
        endpoint = {"base_url": server.base_url, "max_concurrency": 3}
        models = gateway(
            parse_models_settings(
                {"endpoints": {"a": endpoint}, "models": [{"id": "m", "endpoint": "a"}]}
            )
        )
        await asyncio.gather(*(models.complete(ASK, run=run(f"r{n}"), step="s") for n in range(12)))
    assert most == 3


def test_one_gateway_serves_many_event_loops_and_leaks_no_socket(
    tmp_path: Path, settings: MakeSettings
) -> None:
    """Each loop has its own connections, and they are closed with it."""
    with ScriptedGateway({"first": lambda _: "Bern."}) as server:
        store = open_store(tmp_path / "loops.db")
        models = Gateway(settings({"a": server}, TWO[:1]), store=store, health=HealthBoard())

        async def ask(name: str) -> str:
            run = Run(id=name, started_at=time.time())
            return (await models.complete(ASK, run=run, step="s")).text

        with warnings.catch_warnings():
            warnings.simplefilter("error", ResourceWarning)
            said = [asyncio.run(ask(f"run-{number}")) for number in range(3)]
            gc.collect()
        store.close_now()
    assert said == ["Bern."] * 3


async def test_a_model_of_a_missing_package_is_a_configuration_error(
    gateway: MakeGateway, run: MakeRun
) -> None:
    """A LangChain model that cannot be made says what to install."""
    models = gateway(
        parse_models_settings({"models": [{"id": "m", "langchain": "nobody:nothing"}]})
    )
    with pytest.raises(ConfigError, match="nobody:nothing"):
        await models.complete(ASK, run=run(), step="s")


async def test_a_router_of_one_s_own(
    gateway: MakeGateway, settings: MakeSettings, run: MakeRun
) -> None:
    """A custom router is one class in the settings; one that cannot be made is refused."""
    servers = {"a": "http://127.0.0.1:9/v1", "b": "http://127.0.0.1:9/v1"}
    own = {"router": "pointsman.models.routing.router:TableRouter"}
    ranking = await gateway(settings(servers, TWO, routing=own)).rank(
        Signals(data_class=(), role="chat"), run=run(), step="s"
    )
    assert [c.model for c in ranking.candidates] == ["first", "second"]
    with pytest.raises(ConfigError, match="no_such_module"):
        gateway(settings(servers, TWO, routing={"router": "no_such_module:Router"}))


async def test_no_more_is_asked_of_a_model_than_it_can_say(
    gateway: MakeGateway, settings: MakeSettings, run: MakeRun
) -> None:
    """`max_output` bounds what any request asks for."""
    with ScriptedGateway({"first": ["Bern."]}) as server:
        models = gateway(settings({"a": server}, [{**TWO[0], "max_output": 77}]))
        request = dataclasses.replace(ASK, max_output_tokens=5_000)
        await models.complete(request, run=run(), step="s")
        [asked] = server.requests

    assert asked.body["max_tokens"] == 77


@pytest.mark.parametrize(("longest", "at_least", "at_most"), [(0.05, 0.0, 1.0), (3.0, 1.0, 3.5)])
async def test_no_wait_between_two_tries_is_longer_than_set(
    gateway: MakeGateway,
    settings: MakeSettings,
    run: MakeRun,
    longest: float,
    at_least: float,
    at_most: float,
) -> None:
    """`max_backoff_seconds` bounds the first wait too, whatever `backoff_seconds` says."""
    retry = {"backoff_seconds": 60, "max_backoff_seconds": longest}
    with ScriptedGateway({"first": [Fault(kind="overloaded"), "Bern."]}) as server:
        models = gateway(settings({"a": server}, TWO[:1], retry=retry))
        await models.complete(dataclasses.replace(ASK, timeout=20.0), run=run(), step="s")
        first, second = [record.started_at for record in server.requests]

    assert at_least <= second - first <= at_most
