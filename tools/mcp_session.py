"""A session with an MCP server; what its libraries log shows no credential."""

from __future__ import annotations

import functools
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx

from ..errors import ConfigError
from .mcp_logs import redacted_logs
from .mcp_server import McpServer, shown_url
from .mcp_unread import UnreadMessages

MAX_REPLY_BYTES = 64 * 1024 * 1024
"""Of one HTTP response, over which a server may send many messages."""

if TYPE_CHECKING:
    from langchain_mcp_adapters.sessions import Connection
    from mcp import ClientSession


@asynccontextmanager
async def open_session(server: McpServer) -> AsyncGenerator[tuple[ClientSession, UnreadMessages]]:
    """Open a session, to be initialized, beside what its library will not be able to read.

    What its libraries log shows none of the secrets.

    Raises:
        ConfigError: The extra is missing, or a variable is not set.
    """
    unread = UnreadMessages(server.name, may_chat=server.transport == "stdio")
    connection = _connection(server.resolved(), {"message_handler": unread.take}, unread)
    with redacted_logs(server.secrets()):
        async with _session(server, connection) as session:
            yield session, unread


def _session(
    server: McpServer, connection: Connection
) -> AbstractAsyncContextManager[ClientSession]:
    try:
        from langchain_mcp_adapters.sessions import create_session
    except ImportError as error:
        raise ConfigError(
            "MCP servers need langchain-mcp-adapters.",
            where=server.name,
            fix="Install the extra `mcp`.",
        ) from error
    return create_session(connection)


def _connection(server: McpServer, session: dict[str, Any], unread: UnreadMessages) -> Connection:
    if server.transport == "stdio":
        return {
            "transport": "stdio",
            "command": server.command,
            "args": list(server.args),
            "env": server.env,
            "cwd": server.cwd,
            # Else one byte that is no UTF-8 ends the session.
            "encoding_error_handler": "replace",
            "session_kwargs": session,
        }
    return {
        "transport": "streamable_http",
        "url": shown_url(server.url),
        "headers": server.headers,
        "httpx_client_factory": functools.partial(_client, server.url, unread.has_no_end),
        "session_kwargs": session,
    }


def _client(
    url: str,
    has_no_end: Callable[[], None],
    headers: dict[str, str] | None = None,
    timeout: httpx.Timeout | None = None,
    auth: httpx.Auth | None = None,
) -> httpx.AsyncClient:
    """Make a client whose log never shows the URL's secrets."""
    whole = None if shown_url(url) == url else _WholeUrl(url)

    async def bound(response: httpx.Response) -> None:
        if isinstance(response.stream, httpx.AsyncByteStream):
            response.stream = _BoundedStream(response.stream, has_no_end)

    return httpx.AsyncClient(
        headers=headers,
        timeout=timeout,
        auth=auth,
        transport=whole,
        event_hooks={"response": [bound]},
    )


class _BoundedStream(httpx.AsyncByteStream):
    """The bytes of a response, of which the library would collect any number."""

    def __init__(self, stream: httpx.AsyncByteStream, has_no_end: Callable[[], None]) -> None:
        self._stream = stream
        self._has_no_end = has_no_end

    async def __aiter__(self) -> AsyncIterator[bytes]:
        left = MAX_REPLY_BYTES
        async for chunk in self._stream:
            left -= len(chunk)
            if left < 0:
                self._has_no_end()
                raise httpx.ReadError(f"More than {MAX_REPLY_BYTES:,} bytes.")
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()


class _WholeUrl(httpx.AsyncHTTPTransport):
    """Asks for the whole URL below the place where httpx writes its log."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._shown, self._whole = httpx.URL(shown_url(url)), httpx.URL(url)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url != self._shown:
            return await super().handle_async_request(request)
        asked = httpx.Request(
            request.method,
            self._whole,
            headers=request.headers,
            stream=request.stream,
            extensions=request.extensions,
        )
        return await super().handle_async_request(asked)
