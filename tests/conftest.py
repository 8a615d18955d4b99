"""Guards and factories that every test shares."""

from __future__ import annotations

import gc
import ipaddress
import os
import socket
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from sqlalchemy import create_engine, make_url, text

from .langsmith_server import LangSmithServer
from .postgres_server import binaries, running_server

# Shared machines are slow at times; a slow example is not a wrong one.
settings.register_profile("pointsman", deadline=None)
settings.load_profile("pointsman")


_CLOCKS = ("thread_time", "process_time", "perf_counter")


@cache
def _measures(module: Path) -> bool:
    text = module.read_text(encoding="utf-8")
    return any(clock in text for clock in _CLOCKS)


@pytest.fixture(autouse=True)
def heap_at_rest(request: pytest.FixtureRequest) -> Iterator[None]:
    """Where a test holds work to a time, keep what earlier tests have left out of its collections.

    A collection of everything that a long session holds takes a second, and is no work of ours.
    """
    if request.path.parent.name != "liveness" and not _measures(request.path):
        yield
        return
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing connect beyond loopback."""
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex

    def check(sock: socket.socket, address: Any) -> None:
        if sock.family in (socket.AF_INET, socket.AF_INET6):
            host = address[0].split("%")[0]
            loopback = host in ("localhost", "") or ipaddress.ip_address(host).is_loopback
            if not loopback:
                raise AssertionError(f"a test reached for the network: {address}")

    def guarded(sock: socket.socket, address: Any) -> None:
        check(sock, address)
        connect(sock, address)

    def guarded_ex(sock: socket.socket, address: Any) -> int:
        check(sock, address)
        return connect_ex(sock, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)
    monkeypatch.setattr(socket.socket, "connect_ex", guarded_ex)


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give every test its own folder to write in, and no keys or settings from outside."""
    for name in ("OPENAI_API_KEY", "LANGSMITH_API_KEY", "LANGSMITH_TRACING", "POINTSMAN_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    home = tmp_path / "home"
    monkeypatch.setenv("POINTSMAN_HOME", str(home))
    return home


@pytest.fixture
def langsmith_server() -> type[LangSmithServer]:
    """Give a LangSmith on loopback, to be made and entered."""
    return LangSmithServer


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """Yield the URL of a server; without its binaries skip, or fail where all must be tested."""
    with started_server() as url:
        yield url


@pytest.fixture
def postgres_alone() -> Iterator[str]:
    """Yield the URL of a server in whose files nobody else has written."""
    with started_server() as url:
        yield new_schema(url)


@contextmanager
def started_server() -> Iterator[str]:
    """Run a server, as far as it is installed."""
    if binaries() is None:
        if os.environ.get("CI") == "true":
            pytest.fail("PostgreSQL is not installed: initdb was not found.")
        pytest.skip("PostgreSQL is not installed: initdb was not found.")
    with running_server(Path("/tmp")) as url:  # noqa: S108  socket paths must be short
        yield url


@pytest.fixture
def postgres_url(postgres_server: str) -> str:
    """Return a URL that leads to a new, empty schema."""
    return new_schema(postgres_server)


@pytest.fixture(scope="module")
def postgres_of_module(postgres_server: str) -> str:
    """Return such a URL for all tests of a file."""
    return new_schema(postgres_server)


def new_schema(postgres_server: str) -> str:
    """Make an empty schema, which takes less time than a database, and return its URL."""
    url = make_url(postgres_server)
    name = f"t{uuid.uuid4().hex}"
    engine = create_engine(url.set(drivername="postgresql+psycopg"))
    with engine.begin() as connection:
        connection.execute(text(f"CREATE SCHEMA {name}"))
    engine.dispose()
    return url.update_query_dict({"options": f"-csearch_path={name}"}).render_as_string()
