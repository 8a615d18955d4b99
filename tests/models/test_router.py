"""The router: the routing table works as written, and every choice and exclusion has its reason."""

from __future__ import annotations

from typing import Any

import pytest

from pointsman.models.catalog.given import given_settings
from pointsman.models.catalog.settings import Catalog, parse_models_settings
from pointsman.models.requests import Ranking, Signals
from pointsman.models.routing.health import HealthView
from pointsman.models.routing.router import NOT_GOOD_ENOUGH, Facts, SpendLeft, rank
from pointsman.testing import ScriptedModel

MODELS: list[dict[str, Any]] = [
    {"id": "small", "endpoint": "a", "quality": 2, "prices": {"input": 1, "output": 1}},
    {"id": "other", "endpoint": "b", "quality": 2, "prices": {"input": 2, "output": 2}},
    {"id": "large", "endpoint": "a", "quality": 4, "prices": {"input": 10, "output": 10}},
    {"id": "best", "endpoint": "a", "quality": 5, "prices": {"input": 20, "output": 20}},
    {"id": "rival", "endpoint": "b", "quality": 4, "prices": {"input": 15, "output": 15}},
    {
        "id": "eyes",
        "endpoint": "b",
        "quality": 3,
        "modalities": ["text", "image"],
        "prices": {"input": 5, "output": 5},
    },
]


def catalog_of(models: list[dict[str, Any]] | None = None, **sections: Any) -> Catalog:
    """A catalog with two endpoints of two providers."""
    endpoints = {
        name: {"base_url": f"http://{name}.test/v1", "provider": f"provider-{name}"}
        for name in ("a", "b")
    }
    data = {"endpoints": endpoints, "models": MODELS if models is None else models, **sections}
    return Catalog(parse_models_settings(data))


def names(ranking: Ranking) -> list[str]:
    """The candidates' models in order."""
    return [candidate.model for candidate in ranking.candidates]


def why_not(ranking: Ranking, model: str) -> str:
    """Why a model was excluded."""
    return next(e.reason for e in ranking.excluded if e.model == model)


def test_long_reasoning_at_high_risk_gets_the_best_model_and_then_another_provider() -> None:
    """Higher-quality reasoning model, strict output filter, retry on another provider."""
    signals = Signals(data_class=(), role="reasoner", task_type="long_reasoning", risk="high")

    ranking = rank(signals, catalog=catalog_of(), facts=Facts())

    assert ranking.row == "long reasoning at high risk"
    assert ranking.guards == ("strict_output",)
    assert names(ranking)[:2] == ["best", "rival"]
    assert "alternate provider" in ranking.candidates[1].reason
    assert "below the floor of 3" in why_not(ranking, "small")


def test_fast_chat_at_low_risk_gets_the_cheapest_model_and_then_a_backup() -> None:
    """Lower-cost model, basic safety filter, backup chat model."""
    signals = Signals(data_class=(), role="chat", task_type="chat", latency="fast", risk="low")

    ranking = rank(signals, catalog=catalog_of(), facts=Facts())

    assert ranking.row == "fast chat at low risk"
    assert ranking.guards == ("basic_safety",)
    assert names(ranking)[:2] == ["small", "other"]
    assert "backup model" in ranking.candidates[1].reason


def test_image_input_gets_a_multimodal_model_and_then_text() -> None:
    """Multimodal model, media validation, convert to text and retry."""
    signals = Signals(data_class=(), role="chat", modalities=("text", "image"))
    facts = Facts(convertible=frozenset({"image"}))

    ranking = rank(signals, catalog=catalog_of(), facts=facts)

    assert ranking.guards == ("media_validation",)
    assert [(c.model, c.adapt) for c in ranking.candidates[:2]] == [
        ("eyes", ""),
        ("small", "convert_to_text"),
    ]


def test_without_a_converter_text_models_are_excluded_with_the_reason() -> None:
    """A text model is no fallback for an image that nothing can turn into text."""
    signals = Signals(data_class=(), role="chat", modalities=("text", "image"))

    ranking = rank(signals, catalog=catalog_of(), facts=Facts())

    assert names(ranking) == ["eyes"]
    assert "nothing is configured that turns image into text" in why_not(ranking, "small")


def test_every_model_is_a_candidate_or_has_a_reason_not_to_be() -> None:
    """Candidates and exclusions together are the catalog, once each."""
    for role in ("planner", "chat", "transcriber"):
        ranking = rank(Signals(data_class=(), role=role), catalog=catalog_of(), facts=Facts())
        listed = names(ranking) + [e.model for e in ranking.excluded]
        assert sorted(listed) == sorted(m["id"] for m in MODELS)
        assert all(c.reason for c in ranking.candidates)
        assert all(e.reason for e in ranking.excluded)


@pytest.mark.parametrize(
    ("signals", "facts", "model", "words"),
    [
        pytest.param(
            {"context_tokens": 9_000}, Facts(), "tiny", "smaller than the needed", id="context"
        ),
        pytest.param({"data_class": "health"}, Facts(), "tiny", "class health", id="data class"),
        pytest.param({}, Facts(frozen={"a": "leak"}), "tiny", "frozen: leak", id="frozen"),
        pytest.param(
            {}, Facts(refused={"tiny@a": "not for users"}), "tiny", "not for users", id="policy"
        ),
        pytest.param(
            {},
            Facts(
                health={"tiny@a": HealthView(state="open", open_until=60.0, last_failure="timeout")}
            ),
            "tiny",
            "breaker open until 00:01:00 UTC after timeout",
            id="breaker",
        ),
        pytest.param(
            {"context_tokens": 100},
            Facts(spend_left=SpendLeft(usd=1e-6, usd_cap="run r1")),
            "tiny",
            "left (run r1)",
            id="money",
        ),
        pytest.param(
            {"context_tokens": 100},
            Facts(spend_left=SpendLeft(tokens=50, tokens_cap="day d")),
            "tiny",
            "50 tokens left (day d)",
            id="tokens",
        ),
    ],
)
def test_exclusions_say_why(signals: dict[str, Any], facts: Facts, model: str, words: str) -> None:
    """Whatever speaks against a model is named in its exclusion."""
    tiny = {
        "id": "tiny",
        "endpoint": "a",
        "context_window": 8_000,
        "prices": {"input": 1, "output": 1},
    }
    ranking = rank(
        Signals.model_validate({"data_class": (), "role": "chat", **signals}),
        catalog=catalog_of([tiny]),
        facts=facts,
    )

    assert not ranking.candidates
    assert words in why_not(ranking, model)


def test_a_model_outside_the_region_is_excluded() -> None:
    """Where models may run is part of the settings."""
    models = [{"id": "x", "endpoint": "a", "regions": "us"}]
    catalog = catalog_of(models, routing={"regions": ["eu"]})
    assert "outside eu" in why_not(
        rank(Signals(data_class=(), role="chat"), catalog=catalog, facts=Facts()), "x"
    )


def test_an_unknown_price_matters_only_under_a_money_cap() -> None:
    """Without a cap a model without a price may serve; under one it may not."""
    catalog = catalog_of([{"id": "nobodys-model", "endpoint": "a"}])
    capped = Facts(spend_left=SpendLeft(usd=1.0))

    assert names(rank(Signals(data_class=(), role="chat"), catalog=catalog, facts=Facts())) == [
        "nobodys-model"
    ]
    ranking = rank(Signals(data_class=(), role="chat"), catalog=catalog, facts=capped)
    assert [(e.model, e.kind) for e in ranking.excluded] == [("nobodys-model", "price")]


def test_a_result_that_was_not_good_enough_escalates() -> None:
    """The next candidate is stronger than what was tried, and the reason says so."""
    signals = Signals(data_class=(), role="chat", verdicts=(NOT_GOOD_ENOUGH,), tried=("small@a",))

    ranking = rank(signals, catalog=catalog_of(), facts=Facts())

    assert ranking.candidates[0].quality > 2
    assert ranking.candidates[0].reason.startswith("escalated: tier 2 was not good enough")


def test_escalation_must_be_paid_for() -> None:
    """When what is left does not pay for a stronger model, an equal one is tried instead."""
    signals = Signals(
        data_class=(),
        role="chat",
        verdicts=(NOT_GOOD_ENOUGH,),
        tried=("small@a",),
        context_tokens=1_000,
        output_tokens=1_000,
    )
    facts = Facts(spend_left=SpendLeft(usd=0.0045))

    ranking = rank(signals, catalog=catalog_of(), facts=facts)

    assert names(ranking)[0] == "other"


def test_what_was_tried_comes_last() -> None:
    """A model whose result was not accepted is asked again only after all others."""
    signals = Signals(data_class=(), role="chat", verdicts=("schema",), tried=("small@a",))
    assert names(rank(signals, catalog=catalog_of(), facts=Facts()))[-1] == "small"


def test_fastest_goes_by_measured_latency() -> None:
    """Measurements count more than expectations."""
    health = {"large@a": HealthView(p50=0.2), "small@a": HealthView(p50=3.0)}
    signals = Signals(data_class=(), role="chat", latency="fast")
    ranking = rank(signals, catalog=catalog_of(), facts=Facts(health=health))
    assert names(ranking)[0] == "large"


@pytest.mark.parametrize(
    ("weights", "first"),
    [
        pytest.param({"quality": 1.0}, "best", id="quality"),
        pytest.param({"cost": 1.0}, "small", id="cost"),
        pytest.param({"quality": 0.5, "cost": 0.5}, "large", id="both"),
    ],
)
def test_weights_trade_cost_for_quality(weights: dict[str, float], first: str) -> None:
    """A weighted objective orders by the weighted sum of normalized shares."""
    catalog = catalog_of(
        [m for m in MODELS if m["id"] != "eyes"],
        routing={"table": [{"name": "mine", "objective": weights}]},
    )
    assert (
        names(rank(Signals(data_class=(), role="chat"), catalog=catalog, facts=Facts()))[0] == first
    )


def test_the_fallback_order_of_the_row_decides_who_follows() -> None:
    """Who fits no kind of the row's fallback order is left out, and told so."""
    row = {"name": "strict", "objective": "cheapest", "fallback": ["alternate_provider"]}
    ranking = rank(
        Signals(data_class=(), role="chat"),
        catalog=catalog_of(routing={"table": [row]}),
        facts=Facts(),
    )
    assert names(ranking) == ["small", "other", "eyes", "rival"]
    assert why_not(ranking, "large") == "not in the row's fallback order"


@pytest.mark.parametrize("needs", [True, False])
def test_a_row_can_ask_whether_a_reply_must_fit_a_schema(needs: bool) -> None:
    """What must fit goes by its own row, with its own floor of quality."""
    rows = [
        {"name": "forms", "match": {"needs_schema": True}, "quality_floor": 5},
        {"name": "words", "match": {"needs_schema": False}},
    ]
    catalog = catalog_of(routing={"table": rows})

    ranking = rank(
        Signals(data_class=(), role="chat", needs_schema=needs), catalog=catalog, facts=Facts()
    )

    assert ranking.row == ("forms" if needs else "words")
    assert names(ranking)[0] == ("best" if needs else "small")


@pytest.mark.parametrize(
    ("entry", "may"),
    [
        (None, True),
        ({"data_classes": ["health"], "regions": ["eu"]}, True),
        ({"regions": ["eu"]}, False),
        ({"data_classes": ["health"]}, False),
    ],
    ids=["not listed", "listed for both", "not for the class", "not in the region"],
)
def test_a_given_model_is_held_to_what_the_settings_say_of_its_id(
    entry: dict[str, Any] | None, may: bool
) -> None:
    """Whoever hands one over vouches only for what no settings speak of."""
    listed = [] if entry is None else [{"id": "ScriptedModel", "endpoint": "a", **entry}]
    known = catalog_of(listed, routing={"regions": ["eu"]}).settings
    given = given_settings({"chat": ScriptedModel(replies=[])}, known)
    signals = Signals(data_class=("health",), role="chat")

    ranking = rank(signals, catalog=Catalog(known, overrides=given), facts=Facts())

    assert bool(ranking.candidates) is may
