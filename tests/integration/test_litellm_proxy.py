"""Through LiteLLM's proxy, over HTTP: one key, several models, fallback there and here."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from pointsman.cli.show.models import list_models
from pointsman.models.catalog.settings import parse_models_settings
from pointsman.stores.records import ModelAttempt
from pointsman.stores.store import SqlStore
from pointsman.testing import Fault, Reply, RequestRecord

from .conftest import MASTER_KEY, PRICE, PROVIDER_KEY, Proxy, StartProvider

TASK = {"task": "Is the total of ORD-1 above 40?"}
PLAN = {
    "reason": "look, then think",
    "steps": [
        {"id": "order", "kind": "tool", "tool": "look", "args": {"item": "ORD-1"}},
        {
            "id": "judge",
            "kind": "reason",
            "prompt": "Is the total above 40?",
            "args": {"total": {"$from": "order", "path": "total"}},
        },
    ],
}
JUDGED = {"text": "The total 49.9 is above 40."}
ANSWER = {
    "sentences": [
        {"text": "The total of order ORD-1 is 49.9.", "cites": ["order"]},
        {"text": "The total 49.9 is above 40.", "cites": ["judge"]},
    ]
}
CHECKED = {"supported": [True, True]}
WRONG_KEY = "sk-nobody-gave-this-one"


def behind(proxy: Proxy) -> dict[str, Any]:
    """Return settings of one endpoint, with a second candidate only for reasoning and drafting."""
    price = {"input": PRICE.input, "output": PRICE.output}
    dearer = {"input": 2 * PRICE.input, "output": 2 * PRICE.output}
    return {
        "endpoints": {"proxy": {"base_url": proxy.base_url, "api_key_env": "PROXY_KEY"}},
        "models": [
            {
                "id": "steady",
                "endpoint": "proxy",
                "roles": ["planner", "verifier"],
                "prices": price,
            },
            {
                "id": "gpt-4o-mini",
                "endpoint": "proxy",
                "roles": ["reasoner", "generator"],
                "prices": price,
            },
            {
                "id": "sturdy",
                "endpoint": "proxy",
                "roles": ["reasoner", "generator"],
                "prices": dearer,
            },
        ],
        "retry": {"backoff_seconds": 0.01},
        # Breakers are shared by the process; what one test broke is whole again in the next.
        "breaker": {"open_seconds": 0.01},
    }


def outcomes(attempts: Sequence[ModelAttempt]) -> Counter[tuple[str, str]]:
    """Count attempts by model and outcome."""
    return Counter((attempt.model, attempt.outcome) for attempt in attempts)


def stored(folder: Path) -> bytes:
    """Return everything that was written below a folder."""
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


async def newest_run(store: SqlStore) -> Sequence[ModelAttempt]:
    """Return the attempts of the run that was made last."""
    newest, *_ = await store.attempts.recent()
    return await store.attempts.of_run(newest.run_id)


def tokens(attempts: Sequence[ModelAttempt]) -> Counter[str]:
    """Add up the recorded tokens by model."""
    total: Counter[str] = Counter()
    for each in attempts:
        total[each.model] += each.input_tokens + each.output_tokens
    return total


def billed(requests: Sequence[RequestRecord]) -> Counter[str]:
    """Add up the tokens that a provider billed, by model."""
    total: Counter[str] = Counter()
    for each in requests:
        total[each.model] += each.billed.input_tokens + each.billed.output_tokens
    return total


async def test_one_key_reaches_several_models(
    proxy: Proxy, provider: StartProvider, agent: Callable[..., Any], store: SqlStore
) -> None:
    """Plan, reason and answer pass with their schemas, and are recorded as billed."""
    east = provider("east", {"steady": [PLAN, CHECKED], "gpt-4o-mini": [JUDGED, ANSWER]})

    stream = agent(behind(proxy)).astream(TASK, stream_mode=["custom", "values"])
    parts = [part async for part in stream]

    east.assert_complete()
    out = [part for mode, part in parts if mode == "values"][-1]
    assert out["answer"]["status"] == "complete"
    assert "above 40" in out["answer"]["text"]
    assert "sentence" in [part["event"] for mode, part in parts if mode == "custom"]
    # Where a verifier judges the whole answer, nothing of it is said before.
    assert not any(request.stream for request in east.requests)
    assert {r.body["response_format"]["type"] for r in east.requests} == {"json_schema"}

    attempts = await store.attempts.recent()
    assert outcomes(attempts) == {("steady", "ok"): 2, ("gpt-4o-mini", "ok"): 2}
    assert not any(attempt.estimated for attempt in attempts)
    assert tokens(attempts) == billed(east.requests)
    assert out["usage"]["usd"] == pytest.approx(east.billed_usd())
    assert MASTER_KEY not in repr(parts)


async def test_each_falls_back_where_it_can(
    proxy: Proxy, provider: StartProvider, agent: Callable[..., Any], store: SqlStore
) -> None:
    """When a provider dies the proxy takes its spare, and we take the next candidate."""
    east = provider("east", {"steady": [PLAN, CHECKED], "gpt-4o-mini": [JUDGED, ANSWER]})
    made = agent(behind(proxy))
    before = await made.ainvoke(TASK)
    east.assert_complete()
    east.stop()
    west = provider("west", {"steady": [PLAN, CHECKED], "sturdy": [JUDGED, ANSWER]})

    after = await made.ainvoke(TASK)

    west.assert_complete()
    assert after["answer"]["status"] == "complete"
    assert after["answer"]["text"] == before["answer"]["text"]
    seen = outcomes(await newest_run(store))
    # What the proxy mends is one attempt to us; what it cannot mend is ours to route around.
    assert seen.pop(("gpt-4o-mini", "overloaded")) >= 1
    assert seen == {("steady", "ok"): 2, ("sturdy", "ok"): 2}


async def test_a_stream_that_is_cut_behind_the_proxy_is_begun_anew(
    proxy: Proxy, provider: StartProvider, agent: Callable[..., Any], store: SqlStore
) -> None:
    """The proxy reports it inside a reply of status 200; nothing half-said is in the answer."""
    half = Reply(text="half-said " * 20, token_delay=0.02)
    cut = [Fault(kind="cut_body", model="gpt-4o-mini", reply=half)]
    provider("east", {"steady": [PLAN, CHECKED], "gpt-4o-mini": []}, faults=cut)
    west = provider("west", {"sturdy": [JUDGED, ANSWER]})

    out = await agent(behind(proxy)).ainvoke(TASK)

    west.assert_complete()
    assert out["answer"]["status"] == "complete"
    assert "half-said" not in repr(out)
    seen = outcomes(await store.attempts.recent())
    assert seen["gpt-4o-mini", "ok"] == 0
    assert seen["sturdy", "ok"] == 2


async def test_a_provider_that_refuses_the_proxys_key_is_routed_around(
    proxy: Proxy, provider: StartProvider, agent: Callable[..., Any], store: SqlStore
) -> None:
    """The proxy holds a key for each provider; a bad one leaves the other models in use."""
    refused = [Fault(kind="unauthorized", model="gpt-4o-mini")]
    provider("east", {"steady": [PLAN, CHECKED], "gpt-4o-mini": []}, faults=refused)
    provider("west", {"sturdy": [JUDGED, ANSWER]})

    out = await agent(behind(proxy)).ainvoke(TASK)

    assert out["answer"]["status"] == "complete"
    seen = outcomes(await store.attempts.recent())
    assert seen["gpt-4o-mini", "ok"] == 0
    assert seen["sturdy", "ok"] == 2


async def test_the_proxys_models_are_discovered_and_priced(
    proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it lists is joined with published prices; a name that nobody publishes has none."""
    monkeypatch.setenv("PROXY_KEY", MASTER_KEY)
    endpoint = {
        "base_url": proxy.base_url,
        "api_key_env": "PROXY_KEY",
        "models": "discover",
        "discovered": {"exclude": "*-spare"},
    }

    listed = await list_models(
        parse_models_settings({"endpoints": {"proxy": endpoint}}), now=time.time()
    )

    by_name = {line.model: line for line in listed}
    assert set(by_name) == {"steady", "gpt-4o-mini", "sturdy"}
    known = by_name["gpt-4o-mini"]
    assert known.usd_per_million_input is not None
    assert 0 < known.usd_per_million_input < (known.usd_per_million_output or 0)
    assert known.context_window is not None
    assert by_name["steady"].usd_per_million_input is None


async def test_a_discovered_model_answers(
    proxy: Proxy, provider: StartProvider, agent: Callable[..., Any], store: SqlStore
) -> None:
    """With nothing but the address, a key and a cap, the run is made with what was listed."""
    script = {"gpt-4o-mini": [PLAN, JUDGED, ANSWER, CHECKED]}
    east = provider("east", script)
    endpoint = {
        "base_url": proxy.base_url,
        "api_key_env": "PROXY_KEY",
        "models": "discover",
        "discovered": {"include": "gpt-*"},
    }
    models = {"endpoints": {"proxy": endpoint}, "budget": {"run": {"usd": 1.0}}}

    out = await agent(models).ainvoke(TASK)

    east.assert_complete()
    assert out["answer"]["status"] == "complete"
    assert out["usage"]["usd"] > 0
    # An endpoint that only lists names is asked for its schema by a forced tool call.
    assert all(request.body.get("tool_choice") for request in east.requests)
    assert outcomes(await store.attempts.recent()) == {("gpt-4o-mini", "ok"): 4}


async def test_a_wrong_key_ends_in_the_safe_response(
    proxy: Proxy,
    provider: StartProvider,
    agent: Callable[..., Any],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """No provider is reached, and no key can be read in what was streamed, logged or stored."""
    east, west = provider("east", {}), provider("west", {})

    stream = agent(behind(proxy), key=WRONG_KEY).astream(TASK, stream_mode=["custom", "values"])
    parts = [part async for part in stream]

    out = [part for mode, part in parts if mode == "values"][-1]
    assert out["answer"]["status"] == "safe_response"
    assert not east.requests
    assert not west.requests
    written = f"{parts!r} {caplog.text} {proxy.log}".encode() + stored(tmp_path)
    assert b"gpt-4o-mini" in written
    for secret in (WRONG_KEY, MASTER_KEY, PROVIDER_KEY):
        assert secret.encode() not in written


async def test_a_wrong_key_is_told_from_a_bad_request(
    proxy: Proxy, agent: Callable[..., Any], store: SqlStore
) -> None:
    """One attempt is made, and its class names the key."""
    await agent(behind(proxy), key=WRONG_KEY).ainvoke(TASK)

    attempts = await store.attempts.recent()
    assert outcomes(attempts) == {("steady", "authentication"): 1}
