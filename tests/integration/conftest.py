"""A real gateway: LiteLLM's proxy in a process of its own, before two scripted providers."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import httpx
import pytest
import yaml

from pointsman import Settings, build_agent, open_store, tool
from pointsman.stores.store import SqlStore
from pointsman.testing import Fault, Price, ScriptedGateway
from pointsman.testing.replies import ModelScript

ENVIRONMENT = Path(__file__).parents[2] / ".venv-litellm"
MASTER_KEY = "sk-one-key-for-all-models"
PROVIDER_KEY = "sk-only-the-proxy-knows"
PRICE = Price(input=1.0, output=2.0)
START_SECONDS = 60.0
CUT_OFF = {
    # Nobody listens there: whatever the proxy wants from the network fails at once.
    "HTTP_PROXY": "http://127.0.0.1:9",
    "HTTPS_PROXY": "http://127.0.0.1:9",
    "NO_PROXY": "127.0.0.1,localhost",
    # Otherwise its import fetches the prices of all models.
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_MASTER_KEY": MASTER_KEY,
    "PROVIDER_KEY": PROVIDER_KEY,
}


@dataclass(frozen=True, kw_only=True)
class Proxy:
    """A running proxy, and where it looks for its two providers."""

    base_url: str
    providers: Mapping[str, int]
    """Name → port. Nobody listens there until a test starts a scripted provider."""
    log_file: Path

    @property
    def log(self) -> str:
        """What the proxy has printed so far."""
        return self.log_file.read_text(errors="replace")


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """Start the proxy once for a module, and stop it with all its processes."""
    command = _installed()
    folder = tmp_path_factory.mktemp("litellm")
    port, east, west = _free_ports(3)
    served = Proxy(
        base_url=f"http://127.0.0.1:{port}/v1",
        providers={"east": east, "west": west},
        log_file=folder / "proxy.log",
    )
    config = folder / "config.yaml"
    config.write_text(yaml.safe_dump(_config(served.providers)))
    arguments = [
        *("--config", str(config), "--host", "127.0.0.1", "--port", str(port)),
        *("--telemetry", "False"),
    ]
    with served.log_file.open("wb") as log:
        process = subprocess.Popen(
            [command, *arguments],
            cwd=folder, env=_plain_environment() | CUT_OFF,
            stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    try:
        _wait_until_up(served, process)
        yield served
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)


def _installed() -> Path:
    command = ENVIRONMENT / "bin" / "litellm"
    if (ENVIRONMENT / ".ready").exists() and command.exists():
        return command
    reason = "LiteLLM's proxy is not installed; `make litellm` installs it"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def _config(providers: Mapping[str, int]) -> dict[str, Any]:
    """Write the proxy's settings: its own fallback holds for one model name only."""
    return {
        "model_list": [
            _deployment("steady", "steady", providers["east"]),
            _deployment("steady-spare", "steady", providers["west"]),
            _deployment("gpt-4o-mini", "gpt-4o-mini", providers["east"]),
            _deployment("sturdy", "sturdy", providers["west"]),
        ],
        "router_settings": {
            "num_retries": 0,
            # A provider that one test has stopped must be asked again in the next.
            "disable_cooldowns": True,
            "fallbacks": [{"steady": ["steady-spare"]}],
        },
        "general_settings": {"master_key": "os.environ/LITELLM_MASTER_KEY"},
        "litellm_settings": {"telemetry": False},
    }


def _deployment(name: str, model: str, port: int) -> dict[str, Any]:
    place = {
        "model": f"openai/{model}",
        "api_base": f"http://127.0.0.1:{port}/v1",
        "api_key": "os.environ/PROVIDER_KEY",
    }
    return {"model_name": name, "litellm_params": place}


def _plain_environment() -> dict[str, str]:
    """Return the environment without what would configure the proxy from outside."""
    foreign = ("LITELLM", "OPENAI", "AZURE", "AWS", "DATABASE_URL", "LANG", "REDIS", "PYTHON")
    return {name: value for name, value in os.environ.items() if not name.startswith(foreign)}


def _free_ports(count: int) -> list[int]:
    with ExitStack() as held:
        sockets = [held.enter_context(closing(socket.socket())) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def _wait_until_up(served: Proxy, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            # Asked directly, whatever proxy the environment names.
            address = served.base_url.removesuffix("/v1") + "/health/liveliness"
            if httpx.get(address, timeout=5, trust_env=False).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    pytest.fail(f"The proxy did not start:\n{served.log[-3000:]}")


class StartProvider(Protocol):
    """Starts a scripted provider."""

    def __call__(
        self, name: str, models: Mapping[str, ModelScript], *, faults: Sequence[Fault] = ()
    ) -> ScriptedGateway:
        """Listen where the proxy looks for the provider of that name."""
        ...


@pytest.fixture
def provider(proxy: Proxy) -> Iterator[StartProvider]:
    """Start scripted providers where the proxy looks for them; they end with the test."""
    with ExitStack() as running:

        def start(
            name: str, models: Mapping[str, ModelScript], *, faults: Sequence[Fault] = ()
        ) -> ScriptedGateway:
            gateway = ScriptedGateway(
                models,
                faults=faults,
                api_key=PROVIDER_KEY,
                prices=dict.fromkeys(models, PRICE),
                port=proxy.providers[name],
            )
            return running.enter_context(gateway)

        yield start


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    """Give a new store."""
    (tmp_path / "home").mkdir()
    opened = open_store(tmp_path / "home" / "pointsman.db")
    yield opened
    opened.close_now()


@pytest.fixture
def agent(tmp_path: Path, store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Make agents with one tool and the given models; the key is right unless a test says so."""

    @tool(effect="read", trust="internal")
    async def look(item: str) -> dict[str, Any]:
        """Look something up."""
        return {"id": item, "total": 49.9}

    def make(models: dict[str, Any], *, key: str = MASTER_KEY) -> Any:
        monkeypatch.setenv("PROXY_KEY", key)
        settings = {"home": tmp_path / "home", "models": models, "deadline_seconds": 60}
        return build_agent(Settings.parse(settings), tools=[look], store=store)

    return make
