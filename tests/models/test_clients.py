"""Clients: no socket outlives its loop, or the agent that it belongs to."""

from __future__ import annotations

import asyncio
import gc
from typing import Any

import httpx
import pytest
from langchain_core.messages import HumanMessage

from pointsman.models.calling.clients import Clients
from pointsman.models.catalog.settings import EndpointSettings, ModelSettings
from pointsman.testing import ScriptedGateway

MODEL = ModelSettings(id="m", endpoint="here")


class Counts:
    """How many HTTP clients were made and closed; holding them would keep them alive."""

    made = 0
    closed = 0


@pytest.fixture
def counts(monkeypatch: pytest.MonkeyPatch) -> Counts:
    """Count the HTTP clients."""
    counts = Counts()
    begin, end = httpx.AsyncClient.__init__, httpx.AsyncClient.aclose

    def made(self: httpx.AsyncClient, **options: Any) -> None:
        begin(self, **options)
        counts.made += 1

    async def closed(self: httpx.AsyncClient) -> None:
        await end(self)
        counts.closed += 1

    monkeypatch.setattr(httpx.AsyncClient, "__init__", made)
    monkeypatch.setattr(httpx.AsyncClient, "aclose", closed)
    return counts


async def _ask(clients: Clients, gateway: ScriptedGateway) -> None:
    chat = await clients.chat(MODEL, EndpointSettings(base_url=gateway.base_url))
    await chat.ainvoke([HumanMessage("Hello")])


async def test_clients_that_are_dropped_are_closed_while_the_loop_goes_on(
    counts: Counts,
) -> None:
    """The collector would close their sockets with a warning, in whatever runs then."""
    clients = Clients()
    clients.me = clients  # type: ignore[attr-defined] - only the collector finds a circle
    with ScriptedGateway({"m": ["Hello."]}) as gateway:
        await _ask(clients, gateway)
    # The loop has read that the server has gone, and holds the connection no longer.
    await asyncio.sleep(0.1)
    del clients
    gc.collect()
    async with asyncio.timeout(5):
        while counts.closed < counts.made:
            await asyncio.sleep(0)
    assert counts.made == 1


def test_clients_are_closed_with_their_loop(counts: Counts) -> None:
    """Each loop has its own, which end with it, while the agent goes on."""
    clients = Clients()
    with ScriptedGateway({"m": ["Hello.", "Hello."]}) as gateway:
        for _ in range(2):
            asyncio.run(_ask(clients, gateway))
            assert counts.closed == counts.made
    assert counts.made == 2
