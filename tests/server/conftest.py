"""A real Agent Server: `langgraph dev` in a process of its own, cut off from every network."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from langgraph_sdk import get_sync_client
from langgraph_sdk.client import SyncLangGraphClient

from pointsman.policy.keyring import new_keyring, read_keyring, write_keyring
from pointsman.policy.settings import TokenSettings
from pointsman.policy.tokens import IssuedToken, TokenIssuer
from pointsman.stores import open_store
from pointsman.stores.records import Switch

ROOT = Path(__file__).parents[2]
DESK = Path(__file__).parent / "desk"
RING = "ring.json"
CUT_OFF = {
    # Nobody listens at the proxy: whatever the server wants from the network fails at once.
    "HTTP_PROXY": "http://127.0.0.1:9",
    "HTTPS_PROXY": "http://127.0.0.1:9",
    "NO_PROXY": "127.0.0.1,localhost",
}


@dataclass(frozen=True, kw_only=True)
class Served:
    """A running server and the folder that it works in."""

    url: str
    folder: Path

    @property
    def home(self) -> Path:
        """Return where its runs write."""
        return self.folder / ".pointsman"

    @property
    def log(self) -> str:
        """Return what it has logged so far."""
        return (self.folder / "server.log").read_text()

    def client(self, token: str = "") -> SyncLangGraphClient:
        """Return an SDK client, to be used as a context manager."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return get_sync_client(url=self.url, api_key=None, headers=headers, timeout=30)

    def calls(self, name: str, about: str) -> list[dict[str, Any]]:
        """Return the arguments of a desk tool's calls that mention `about`."""
        if not (self.home / "calls.db").exists():
            return []
        with closing(sqlite3.connect(self.home / "calls.db", timeout=10)) as database:
            rows = database.execute("SELECT args FROM calls WHERE name = ?", (name,)).fetchall()
        return [json.loads(args) for (args,) in rows if about in args]


Serve = Callable[..., Served]


@pytest.fixture(scope="module")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serve]:
    """Start servers of this project's langgraph.json, and stop them after the module."""
    pytest.importorskip("langgraph_api")
    with ExitStack() as running:

        def start(prepare: Callable[[Path], dict[str, str]] | None = None) -> Served:
            folder = tmp_path_factory.mktemp("server")
            written = json.loads((ROOT / "langgraph.json").read_text())
            written["env"]["POINTSMAN_CONFIG"] = str(DESK)
            (folder / "langgraph.json").write_text(json.dumps(written))
            return running.enter_context(_running(folder, prepare(folder) if prepare else {}))

        yield start


@contextmanager
def _running(folder: Path, environment: dict[str, str]) -> Iterator[Served]:
    port = _free_port()
    command = [Path(sys.executable).with_name("langgraph"), "dev", "--port", str(port)]
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--no-browser", "--no-reload", "--n-jobs-per-worker", "10"],
            cwd=folder, env=_plain_environment() | environment,
            stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    served = Served(url=f"http://127.0.0.1:{port}", folder=folder)
    try:
        _wait_until_up(served, process)
        yield served
        # It raises for every call that blocks its event loop.
        assert "BlockingError" not in served.log
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)


def _plain_environment() -> dict[str, str]:
    """Return an environment without any variable that concerns the project or LangSmith."""
    ours = ("POINTSMAN_", "LANG", "OPENAI_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return kept | CUT_OFF


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def _wait_until_up(served: Served, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"{served.url}/ok", timeout=5).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    pytest.fail(served.log[-3000:])


@dataclass(kw_only=True)
class Desk:
    """The served desk, and people with tokens for it."""

    served: Served
    store: str = ""
    """URL of the store; by default the file in the server's home."""
    clients: ExitStack = field(default_factory=ExitStack)

    def as_(self, subject: str, **claims: Any) -> SyncLangGraphClient:
        """Return a client with a token of somebody at Acme who may pay."""
        may = {"tenant": "acme", "scopes": ("payments:write",), **claims}
        return self.clients.enter_context(self.served.client(self.token(subject, **may)))

    def token(self, subject: str, **claims: Any) -> str:
        """Issue a token."""
        return asyncio.run(self._issue(subject, claims)).token.get_secret_value()

    async def _issue(self, subject: str, claims: dict[str, Any]) -> IssuedToken:
        settings = TokenSettings(keyring=self.served.folder / RING)
        async with open_store(self.store or str(self.served.home / "pointsman.db")) as store:
            ring = read_keyring(settings.keyring)
            issuer = TokenIssuer(ring, settings, audit=store.audit, switches=store.switches)
            return await issuer.issue(subject, **claims)

    def switch(self, kind: Any, target: str) -> None:
        """Turn an operator's switch on."""

        async def turn() -> None:
            async with open_store(self.store or str(self.served.home / "pointsman.db")) as store:
                await store.switches.set(Switch(kind=kind, target=target))

        asyncio.run(turn())

    def revoke(self, token: str) -> None:
        """Revoke a token."""
        claims = jwt.decode(token, options={"verify_signature": False})
        self.switch("revoke_token", claims["jti"])

    @property
    def made(self) -> tuple[int, int]:
        """Return how many payments and messages there are."""
        return len(self.served.calls("pay", "")), len(self.served.calls("send", ""))


def with_keyring(folder: Path) -> dict[str, str]:
    """Write a keyring, and return the variables with which a server takes its tokens alone."""
    write_keyring(folder / RING, new_keyring())
    return {"POINTSMAN_KEYRING": str(folder / RING)}
