"""Chat models and their HTTP clients, one set for each running event loop.

A connection belongs to the loop that opened it, and one agent may be used from several. Each set
is closed when its loop shuts its asynchronous generators down, which `asyncio.run` always does, so
no socket outlives its loop.
"""

from __future__ import annotations

import asyncio
import os
import ssl
import weakref
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import httpx
from langchain_core.language_models import BaseChatModel

from ...state.forks import new_lock
from ..catalog.settings import EndpointSettings, ModelSettings
from .named import named_model
from .openai_chat import OpenAIChat
from .transcription import TranscriptionModel
from .wire import meter, watch

KEEPALIVE_SECONDS = 30.0


@dataclass(kw_only=True)
class _LoopClients:
    """The clients of one event loop."""

    http: dict[str, httpx.AsyncClient] = field(default_factory=dict[str, httpx.AsyncClient])
    chats: dict[str, BaseChatModel] = field(default_factory=dict[str, BaseChatModel])
    slots: dict[str, asyncio.Semaphore] = field(default_factory=dict[str, asyncio.Semaphore])
    keeper: AsyncGenerator[None, None] | None = None
    abandoned: weakref.finalize[..., Any] | None = None
    """What closes them once nobody asks for them any more."""
    closing: asyncio.Task[None] | None = None
    pid: int = field(default_factory=os.getpid)

    async def aclose(self) -> None:
        if self.abandoned is not None:
            self.abandoned.detach()
        clients = list(self.http.values())
        self.http.clear()
        self.chats.clear()
        for client in clients:
            await client.aclose()


class Clients:
    """Chat models by event loop, model and endpoint."""

    def __init__(self) -> None:
        self._lock = new_lock()
        self._loops: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, _LoopClients] = (
            weakref.WeakKeyDictionary()
        )

    async def chat(self, model: ModelSettings, endpoint: EndpointSettings) -> BaseChatModel:
        """Return the chat model for the running loop.

        Raises:
            ConfigError: The key's variable is not set, or LangChain does not know the model.
        """
        mine = await self._mine()
        key = f"{model.model_dump_json()}\n{_identity(endpoint)}"
        if key not in mine.chats:
            mine.chats[key] = self._make(mine, model, endpoint)
        return mine.chats[key]

    async def slot(self, place: str, limit: int) -> asyncio.Semaphore:
        """Return the semaphore that bounds concurrent requests to an endpoint in this loop."""
        mine = await self._mine()
        return mine.slots.setdefault(f"{place}/{limit}", asyncio.Semaphore(limit))

    async def aclose(self) -> None:
        """Close the clients of every loop that still runs."""
        here = asyncio.get_running_loop()
        with self._lock:
            # Loops of a process that this one was forked from look as if they ran.
            loops = [item for item in self._loops.items() if item[1].pid == os.getpid()]
            self._loops.clear()
        for loop, clients in loops:
            if loop is here:
                await _shut(clients)
            elif loop.is_running():
                there = asyncio.run_coroutine_threadsafe(_shut(clients), loop)
                await asyncio.wait_for(asyncio.wrap_future(there), timeout=5.0)

    def _make(
        self, mine: _LoopClients, model: ModelSettings, endpoint: EndpointSettings
    ) -> BaseChatModel:
        if model.langchain:
            return named_model(model.langchain, model.parameters)
        http = self._http(mine, model, endpoint)
        if model.roles == ("transcriber",):
            return TranscriptionModel(
                model=model.id,
                base_url=endpoint.base_url,
                key=_key_source(model.place, endpoint),
                http=http,
            )
        return _openai_model(model, endpoint, http)

    def _http(
        self, mine: _LoopClients, model: ModelSettings, endpoint: EndpointSettings
    ) -> httpx.AsyncClient:
        key = f"{model.place}\n{_identity(endpoint)}"
        if key not in mine.http:
            mine.http[key] = httpx.AsyncClient(
                verify=_tls(),
                headers={**endpoint.all_headers(model.place), "accept-encoding": "identity"},
                timeout=_timeout(endpoint),
                limits=httpx.Limits(
                    max_connections=endpoint.max_concurrency,
                    max_keepalive_connections=endpoint.max_concurrency,
                    keepalive_expiry=KEEPALIVE_SECONDS,
                ),
                event_hooks={"request": [watch], "response": [meter]},
            )
        return mine.http[key]

    async def _mine(self) -> _LoopClients:
        loop = asyncio.get_running_loop()
        with self._lock:
            found = self._loops.get(loop)
            if found is not None:
                return found
            for dead in [other for other in self._loops if other.is_closed()]:
                del self._loops[dead]
            mine = self._loops[loop] = _LoopClients()
        mine.keeper = _closing(mine)
        # The first step is what makes the loop close the generator, and with it the clients.
        await anext(mine.keeper)
        mine.abandoned = weakref.finalize(self, _close_abandoned, weakref.ref(loop), mine)
        mine.abandoned.atexit = False
        return mine


async def _closing(clients: _LoopClients) -> AsyncGenerator[None, None]:
    try:
        yield
    finally:
        await clients.aclose()


def _close_abandoned(
    its_loop: weakref.ref[asyncio.AbstractEventLoop], clients: _LoopClients
) -> None:
    """Have a loop close the clients of an agent that was dropped while the loop goes on.

    The collector would close their sockets too, with a warning for each.
    """
    loop = its_loop()
    if loop is not None and not loop.is_closed() and clients.pid == os.getpid():
        with suppress(RuntimeError):  # It was closed in this moment.
            loop.call_soon_threadsafe(_begin_to_close, loop, clients)


def _begin_to_close(loop: asyncio.AbstractEventLoop, clients: _LoopClients) -> None:
    clients.closing = loop.create_task(_shut(clients))


async def _shut(clients: _LoopClients) -> None:
    if clients.keeper is not None:
        await clients.keeper.aclose()


def _identity(endpoint: EndpointSettings) -> str:
    given = endpoint.api_key.get_secret_value() if endpoint.api_key else ""
    return f"{endpoint.model_dump_json()}\n{hash(given)}"


@cache
def _tls() -> ssl.SSLContext:
    """Return the one context of the process: reading the certificates blocks for a while."""
    return httpx.create_ssl_context()


def _timeout(endpoint: EndpointSettings) -> httpx.Timeout:
    return httpx.Timeout(endpoint.read_timeout, connect=endpoint.connect_timeout)


def _openai_model(
    model: ModelSettings, endpoint: EndpointSettings, http: httpx.AsyncClient
) -> OpenAIChat:
    options: dict[str, Any] = {
        "model": model.id,
        "base_url": endpoint.base_url,
        # Read for each request, so that a rotated key takes effect; and being asynchronous it
        # keeps the SDK from opening a second, synchronous client.
        "api_key": _key_source(model.place, endpoint),
        "http_async_client": http,
        "timeout": _timeout(endpoint),
        "max_retries": 0,
        "stream_usage": True,
        # Silence is watched by us: how long it may last depends on who is asked for what.
        "stream_chunk_timeout": None,
        "use_responses_api": False,
        "openai_proxy": "",
    }
    return OpenAIChat(**options)


def _key_source(place: str, endpoint: EndpointSettings) -> Callable[[], Awaitable[str]]:
    async def key() -> str:
        return endpoint.key(place) or "none"

    return key
