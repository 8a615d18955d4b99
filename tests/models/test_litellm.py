"""LiteLLM's proxy as a real gateway: one key, several models, real fallback between endpoints."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from langchain_core.messages import HumanMessage

from pointsman.models.catalog import ModelsSettings, parse_models_settings
from pointsman.models.protocols import ModelRequest, Signals
from pointsman.stores.store import SqlStore
from pointsman.testing import Fault, Reply, ScriptedGateway

from .conftest import MakeGateway, MakeRun

ROOT = Path(__file__).parents[2]
EXECUTABLE = os.environ.get("POINTSMAN_LITELLM") or shutil.which(
    "litellm", path=str(ROOT / ".venv-litellm" / "bin")
)
KEY = "sk-proxy-key"
SCHEMA: dict[str, Any] = {
    "title": "City",
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}

pytestmark = [
    pytest.mark.skipif(not EXECUTABLE, reason="LiteLLM is not installed in .venv-litellm"),
    pytest.mark.timeout(300),
]


@pytest.fixture(scope="module")
def provider() -> Iterator[ScriptedGateway]:
    """What stands behind the proxy: one model that is broken and one that works."""
    with ScriptedGateway(
        {
            "broken": lambda _: Fault(kind="overloaded"),
            "steady": lambda request: (
                Reply(json={"city": "Bern"})
                if "response_format" in request.body
                else Reply(text="Bern is the capital.")
            ),
        }
    ) as server:
        yield server


@pytest.fixture(scope="module")
def proxy(provider: ScriptedGateway, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A proxy process on loopback; yields its base URL."""
    assert EXECUTABLE is not None
    folder = tmp_path_factory.mktemp("litellm")
    config = folder / "config.yaml"
    config.write_text(yaml.safe_dump(_config(provider.base_url)), encoding="utf-8")
    port = _free_port()
    environment = {**os.environ, "LITELLM_LOCAL_MODEL_COST_MAP": "True", "HOME": str(folder)}
    command = [EXECUTABLE, "--config", str(config), "--host", "127.0.0.1", "--port", str(port)]
    log = (folder / "log").open("wb")
    with log, subprocess.Popen(command, env=environment, stdout=log, stderr=log) as process:
        try:
            _wait_until_ready(f"http://127.0.0.1:{port}", process, folder / "log")
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            process.terminate()
            process.wait(timeout=30)


def _config(url: str) -> dict[str, Any]:
    models = [
        {
            "model_name": name,
            "litellm_params": {"model": f"openai/{model}", "api_base": url, "api_key": "none"},
        }
        for name, model in (("fragile", "broken"), ("solid", "steady"), ("guarded", "broken"))
    ]
    return {
        "model_list": models,
        "litellm_settings": {"fallbacks": [{"guarded": ["solid"]}], "num_retries": 0},
        "general_settings": {"master_key": KEY},
    }


def _free_port() -> int:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return int(bound.getsockname()[1])


def _wait_until_ready(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"{address}/health/liveliness", timeout=2.0).is_success:
                return
        except httpx.HTTPError:
            time.sleep(0.3)
    raise AssertionError(f"the proxy did not start:\n{log.read_text(errors='replace')[-3000:]}")


def _settings(url: str, monkeypatch: pytest.MonkeyPatch, *names: str) -> ModelsSettings:
    monkeypatch.setenv("PROXY_KEY", KEY)
    endpoint = {"base_url": url, "api_key_env": "PROXY_KEY", "provider": "litellm"}
    models = [
        {"id": name, "endpoint": "proxy", "prices": {"input": cost, "output": cost}}
        for cost, name in enumerate(names, start=1)
    ]
    return parse_models_settings(
        {"endpoints": {"proxy": endpoint}, "models": models, "retry": {"backoff_seconds": 0}}
    )


def _request(**options: Any) -> ModelRequest:
    question = HumanMessage("What is the capital of Switzerland?")
    return ModelRequest(signals=Signals(role="chat"), messages=[question], **options)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        pytest.param({}, ("Bern is the capital.", None), id="chat"),
        pytest.param({"stream": True}, ("Bern is the capital.", None), id="stream"),
        pytest.param({"schema": SCHEMA}, ('{"city": "Bern"}', {"city": "Bern"}), id="schema"),
    ],
)
async def test_we_fall_back_behind_one_key(
    options: dict[str, Any],
    expected: tuple[str, Any],
    proxy: str,
    gateway: MakeGateway,
    run: MakeRun,
    store: SqlStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A model that is down behind the proxy is left for another one, and both are recorded."""
    models = gateway(_settings(proxy, monkeypatch, "fragile", "solid"))
    reply = await models.complete(_request(**options), run=run(budget_usd=1.0), step="s")
    assert (reply.text, reply.data) == expected
    assert reply.model == "solid"
    attempts = await store.attempts.of_run("run-1")
    assert {a.model for a in attempts} == {"fragile", "solid"}
    assert attempts[-1].outcome == "ok"
    assert not attempts[-1].estimated


async def test_the_proxy_s_own_fallback_looks_like_one_attempt(
    proxy: str,
    gateway: MakeGateway,
    run: MakeRun,
    store: SqlStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where the proxy falls back by itself, there is one request and one record."""
    models = gateway(_settings(proxy, monkeypatch, "guarded"))
    reply = await models.complete(_request(), run=run(budget_usd=1.0), step="s")
    assert reply.text == "Bern is the capital."
    assert [a.outcome for a in await store.attempts.of_run("run-1")] == ["ok"]


async def test_the_proxy_s_models_are_discovered(
    proxy: str, gateway: MakeGateway, run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the proxy lists is what may be routed to."""
    monkeypatch.setenv("PROXY_KEY", KEY)
    endpoint = {"base_url": proxy, "api_key_env": "PROXY_KEY", "models": "discover"}
    models = gateway(parse_models_settings({"endpoints": {"proxy": endpoint}}))
    ranking = await models.rank(Signals(role="chat"), run=run(), step="s")
    assert {c.model for c in ranking.candidates} == {"fragile", "solid", "guarded"}
