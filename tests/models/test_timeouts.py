"""How long a model may take: set by model, by role and by endpoint."""

from __future__ import annotations

import dataclasses
import time
from typing import Any

import pytest
from langchain_core.messages import HumanMessage

from pointsman.errors import EndpointError
from pointsman.models.catalog.settings import Catalog, parse_models_settings
from pointsman.models.catalog.timeouts import Timeouts, TimeoutSettings, timeouts
from pointsman.models.requests import ModelRequest, Role, Signals
from pointsman.testing import Reply, ScriptedGateway

from .conftest import MakeGateway, MakeRun, MakeSettings


def ask(role: Role, *, stream: bool = False) -> ModelRequest:
    """A request of a role that says nothing about time itself."""
    return ModelRequest(
        signals=Signals(data_class=(), role=role), messages=[HumanMessage("?")], stream=stream
    )


def catalog(model: dict[str, Any], endpoint: dict[str, Any], **more: Any) -> Catalog:
    """The catalog of one model."""
    return Catalog(
        parse_models_settings(
            {
                "endpoints": {"a": {"base_url": "http://a.test/v1", **endpoint}},
                "models": [{"id": "m", "endpoint": "a", **model}],
                **more,
            }
        )
    )


def test_the_model_s_own_bound_wins_then_the_role_s_then_the_endpoint_s() -> None:
    """Each bound is looked up by itself."""
    found = catalog(
        {"timeouts": {"total": 900}},
        {"read_timeout": 7, "connect_timeout": 2},
        timeouts={"planner": {"read": 200, "total": 300}},
    )
    model = found.models[0]
    assert found.timeouts(model, "planner") == Timeouts(connect=2, read=200, total=900)
    assert found.timeouts(model, "chat") == Timeouts(connect=2, read=7, total=900)


def test_reasoning_may_take_its_time_by_default() -> None:
    """Planning and reasoning wait for minutes; the total follows a longer silence that is set."""
    plain = catalog({}, {})
    model = plain.models[0]
    assert plain.timeouts(model, "planner").total > 60 < plain.timeouts(model, "reasoner").read
    assert plain.timeouts(model, "chat") == Timeouts()
    patient = catalog({}, {"read_timeout": 500})
    assert patient.timeouts(patient.models[0], "chat").total == 500
    assert timeouts("chat", TimeoutSettings(read=5), TimeoutSettings(read=9)).read == 5


@pytest.mark.parametrize("stream", [False, True], ids=["document", "stream"])
@pytest.mark.parametrize(
    ("where", "bound"),
    [
        ("model", {"total": 0.4}),
        ("model", {"read": 0.4}),
        ("role", {"total": 0.4}),
        ("role", {"read": 0.4}),
        ("endpoint", {"read_timeout": 0.4}),
    ],
)
async def test_a_bound_holds_wherever_it_is_set(
    where: str,
    bound: dict[str, float],
    stream: bool,
    gateway: MakeGateway,
    settings: MakeSettings,
    run: MakeRun,
) -> None:
    """A planner that is slower than the setting allows is given up, and no sooner."""
    slow = Reply(text="At last.", delay=1.5)
    with ScriptedGateway({"m": lambda _: slow}) as server:
        model: dict[str, Any] = {"id": "m", "endpoint": "a"}
        more: dict[str, Any] = {"retry": {"max_attempts": 1}}
        if where == "model":
            model["timeouts"] = bound
        if where == "role":
            more["timeouts"] = {"planner": bound}
        made = settings({"a": server}, [model], **more)
        if where == "endpoint":
            endpoint = made.endpoints["a"].model_copy(update=bound)
            made = made.model_copy(update={"endpoints": {"a": endpoint}})
        models = gateway(made)
        started = time.monotonic()
        with pytest.raises(EndpointError, match="timeout"):
            await models.complete(ask("planner", stream=stream), run=run(), step="plan")
        assert time.monotonic() - started < 1.4
        if where == "role":
            reply = await models.complete(ask("chat", stream=stream), run=run("r2"), step="s")
            assert reply.text == "At last."


async def test_a_task_s_own_bound_comes_first(
    gateway: MakeGateway, settings: MakeSettings, run: MakeRun
) -> None:
    """A step that says how long it may take is held to that."""
    slow = Reply(text="At last.", delay=1.5)
    with ScriptedGateway({"m": lambda _: slow}) as server:
        models = gateway(
            settings({"a": server}, [{"id": "m", "endpoint": "a"}], retry={"max_attempts": 1})
        )
        request = dataclasses.replace(ask("planner"), timeout=0.3)
        with pytest.raises(EndpointError, match="timeout"):
            await models.complete(request, run=run(), step="s")


async def test_a_stream_of_pings_is_silence(
    gateway: MakeGateway, settings: MakeSettings, run: MakeRun
) -> None:
    """Between two words no more than the allowed silence passes."""
    slow = Reply(text="one two three", token_delay=0.9)
    with ScriptedGateway({"m": lambda _: slow}) as server:
        model = {"id": "m", "endpoint": "a", "timeouts": {"read": 0.4}}
        models = gateway(settings({"a": server}, [model], retry={"max_attempts": 1}))
        with pytest.raises(EndpointError, match="timeout"):
            await models.complete(ask("chat", stream=True), run=run(), step="s")
