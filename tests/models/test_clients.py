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


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[httpx.AsyncClient]:
    """Give the HTTP clients that are made."""
    made: list[httpx.AsyncClient] = []
    begin = httpx.AsyncClient.__init__

    def noted(self: httpx.AsyncClient, **options: Any) -> None:
        begin(self, **options)
        made.append(self)

    monkeypatch.setattr(httpx.AsyncClient, "__init__", noted)
    return made


async def _ask(clients: Clients, gateway: ScriptedGateway) -> None:
    chat = await clients.chat(MODEL, EndpointSettings(base_url=gateway.base_url))
    await chat.ainvoke([HumanMessage("Hello")])


async def test_clients_that_are_dropped_are_closed_while_the_loop_goes_on(
    opened: list[httpx.AsyncClient],
) -> None:
    """The collector would close their sockets with a warning, in whatever runs then."""
    with ScriptedGateway({"m": ["Hello."]}) as gateway:
        clients = Clients()
        clients.me = clients  # type: ignore[attr-defined] - only the collector finds a circle
        await _ask(clients, gateway)
        del clients
        gc.collect()
        async with asyncio.timeout(5):
            while not all(client.is_closed for client in opened):
                await asyncio.sleep(0)
    assert opened


def test_clients_are_closed_with_their_loop(opened: list[httpx.AsyncClient]) -> None:
    """Each loop has its own, which end with it, while the agent goes on."""
    clients = Clients()
    with ScriptedGateway({"m": ["Hello.", "Hello."]}) as gateway:
        for _ in range(2):
            asyncio.run(_ask(clients, gateway))
            assert all(client.is_closed for client in opened)
    assert len(opened) == 2
