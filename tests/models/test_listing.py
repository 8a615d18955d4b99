"""Discovery, listing, explaining and cascades."""

from __future__ import annotations

import time

import pytest
from langchain_core.messages import HumanMessage

from pointsman.cli.show.models import list_models
from pointsman.cli.show.route import explain
from pointsman.errors import EndpointError
from pointsman.models.calling.signals import signals_for
from pointsman.models.catalog.discovery import Discovery, list_endpoint, models_of
from pointsman.models.catalog.settings import (
    EndpointSettings,
    ModelsSettings,
    parse_models_settings,
)
from pointsman.models.requests import ModelRequest, Signals
from pointsman.runs.cascade import escalations
from pointsman.state.results import Attempt, StepResult, Verdict
from pointsman.state.usage import Usage
from pointsman.stores.records import ModelAttempt
from pointsman.testing import Fault, ScriptedGateway

from .conftest import MakeGateway, MakeRun


def discovering(url: str) -> ModelsSettings:
    """Settings with one endpoint that lists its models by itself."""
    endpoint = {
        "base_url": url,
        "models": "discover",
        "discovered": {"quality": 2, "exclude": "*-embedding"},
    }
    return parse_models_settings({"endpoints": {"a": endpoint}})


def attempt(model: str, outcome: str, seconds: float) -> ModelAttempt:
    """One recorded attempt."""
    return ModelAttempt(
        id=f"{model}{outcome}{seconds}",
        run_id="r",
        step="s",
        role="chat",
        model=model,
        endpoint="a",
        outcome=outcome,
        seconds=seconds,
    )


async def test_models_are_discovered_and_joined_with_prices(
    gateway: MakeGateway, run: MakeRun
) -> None:
    """What an endpoint lists may serve, at the price that is published for it."""
    with ScriptedGateway({"gpt-4o-mini": ["Bern."], "some-embedding": []}) as server:
        models = gateway(discovering(server.base_url))
        assert models.serves("chat")
        request = ModelRequest(
            signals=Signals(data_class=(), role="chat"), messages=[HumanMessage("?")]
        )

        reply = await models.complete(request, run=run(budget_usd=1.0), step="s")

    (listed,) = models.catalog().models
    assert reply.model == listed.id == "gpt-4o-mini"
    assert listed.context_window is not None
    assert reply.usage.usd is not None
    assert reply.usage.usd > 0


async def test_an_endpoint_that_lists_nothing_is_an_error_of_its_own() -> None:
    """A listing that fails names the endpoint; the gateway goes on without its models."""
    with ScriptedGateway({}, faults=[Fault(kind="overloaded", endpoint="models")]) as server:
        settings = discovering(server.base_url)
        with pytest.raises(EndpointError) as caught:
            await list_endpoint("a", settings.endpoints["a"])
        discovery = Discovery()
        assert not await discovery.refresh(settings)
        assert not discovery.listed(settings)
        seen = len(server.requests)
        assert not await discovery.refresh(settings)
        assert len(server.requests) == seen
    assert caught.value.failure == "overloaded"
    assert caught.value.where == "models.endpoints.a"


def test_the_context_of_a_listed_model_is_read() -> None:
    """Gateways say it under different names."""
    entries = [{"id": "x", "max_model_len": 4_096}, {"id": "y", "context_length": 8_192}]
    found = models_of("a", EndpointSettings(base_url="http://a.test/v1"), entries)
    assert [model.context_window for model in found] == [4_096, 8_192]


async def test_the_list_shows_price_health_and_routes() -> None:
    """One line a model, with what an operator asks first."""
    settings = parse_models_settings(
        {
            "endpoints": {"a": {"base_url": "http://a.test/v1", "provider": "someone"}},
            "models": [
                {"id": "m", "endpoint": "a", "quality": 2, "prices": {"input": 1, "output": 2}}
            ],
        }
    )
    attempts = [attempt("m", "timeout", 9.0), attempt("m", "ok", 2.0), attempt("m", "ok", 1.0)]

    (line,) = await list_models(settings, attempts=attempts, now=time.time())

    assert (line.provider, line.usd_per_million_input, line.usd_per_million_output) == (
        *("someone", pytest.approx(1.0), pytest.approx(2.0)),
    )
    assert (line.health.attempts, line.health.ok, line.health.last_failure) == (3, 2, "timeout")
    assert line.health.median_seconds == pytest.approx(1.5)
    assert "fast chat at low risk" in line.routes
    assert "long reasoning at high risk" not in line.routes


def test_explaining_calls_nothing() -> None:
    """Candidates and reasons come from settings and recorded attempts alone."""
    settings = parse_models_settings(
        {
            "endpoints": {"a": {"base_url": "http://a.test/v1"}},
            "models": [
                {"id": "m", "endpoint": "a", "quality": 2, "prices": {"input": 1, "output": 2}},
                {"id": "n", "endpoint": "a", "quality": 5, "prices": {"input": 9, "output": 9}},
            ],
        }
    )
    signals = signals_for(
        "Weigh this up.", role="reasoner", task_type="long_reasoning", risk="high"
    )

    ranking = explain(signals, settings=settings, attempts=[attempt("n", "ok", 1.25)])

    assert [c.model for c in ranking.candidates] == ["n"]
    assert "about 1.2 s" in ranking.candidates[0].reason
    assert ranking.excluded[0].reason == "quality tier 2 is below the floor of 3"


def test_an_escalation_says_what_it_bought() -> None:
    """The trace shows cost and verdict of the step up."""
    result = StepResult(
        step="s1",
        status="accepted",
        attempts=(
            Attempt(
                number=1,
                performed_by="small@a",
                verdict=Verdict(action="fallback", reason="too vague"),
            ),
            Attempt(
                number=2,
                performed_by="large@a",
                why="escalated: tier 2 was not good enough; tier 4",
                verdict=Verdict(action="accept", reason="complete"),
                usage=Usage(usd=0.004),
            ),
        ),
    )
    (escalation,) = escalations(result)
    assert escalation.bought
    assert escalation.sentence() == (
        "small@a (too vague) → large@a: $0.004000 bought an accepted result (complete)"
    )
