"""A session with an MCP server; what its libraries log shows no credential."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import httpx

from ..errors import ConfigError
from ..state.text import label
from .mcp_lines import ENCODING
from .mcp_logs import redacted_logs
from .mcp_server import McpServer, shown_url
from .mcp_unread import UnreadMessages

MAX_REPLY_BYTES = 64 * 1024 * 1024
"""Of one HTTP response, over which a server may send many messages."""
_UNPACKED = ("", "identity")

if TYPE_CHECKING:
    from mcp import ClientSession


@asynccontextmanager
async def open_session(server: McpServer) -> AsyncGenerator[tuple[ClientSession, UnreadMessages]]:
    """Open a session, to be initialized, beside what its library will not be able to read.

    What its libraries log shows none of the secrets.

    Raises:
        ConfigError: The extra is missing, or a variable is not set.
    """
    unread = UnreadMessages(server.name, may_chat=server.transport == "stdio")
    try:
        # Imported when it is needed: it is an extra.
        import langchain_mcp_adapters.sessions as _  # noqa: F401 - whether it is there
    except ImportError as error:
        raise ConfigError(
            "MCP servers need langchain-mcp-adapters.",
            where=server.name,
            fix="Install the extra `mcp`.",
        ) from error
    given: dict[str, Any] = {"message_handler": unread.take}
    with redacted_logs(server.secrets()):
        resolved = server.resolved()
        opened = (
            _program(resolved, given)
            if server.transport == "stdio"
            else _over_http(resolved, given, unread)
        )
        async with opened as session:
            yield session, unread


@asynccontextmanager
async def _program(server: McpServer, given: dict[str, Any]) -> AsyncGenerator[ClientSession]:
    """Start a program that serves; what it writes to its standard error goes to ours."""
    from mcp import ClientSession, StdioServerParameters, stdio_client

    parameters = StdioServerParameters(
        command=server.command,
        args=list(server.args),
        env=server.env,
        cwd=server.cwd,
        encoding=ENCODING,
        # Else one byte that is no UTF-8 ends the session.
        encoding_error_handler="replace",
    )
    with _error_stream() as errors:
        async with (
            stdio_client(parameters, errors) as (read, write),
            ClientSession(read, write, **given) as session,
        ):
            yield session


@contextmanager
def _error_stream() -> Generator[TextIO]:
    """Give our standard error, or nowhere where it is no file that a program could write to.

    The library would take what it was when the library was imported.
    """
    try:
        sys.stderr.fileno()
    except (AttributeError, OSError, ValueError):
        with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
            yield nowhere
    else:
        yield sys.stderr


def _over_http(
    server: McpServer, given: dict[str, Any], unread: UnreadMessages
) -> AbstractAsyncContextManager[ClientSession]:
    from langchain_mcp_adapters.sessions import create_session

    return create_session(
        {
            "transport": "streamable_http",
            "url": shown_url(server.url),
            "headers": server.headers,
            "httpx_client_factory": functools.partial(_client, server.url, unread.give_up),
            "session_kwargs": given,
        }
    )


def _client(
    url: str,
    give_up: Callable[[str], None],
    headers: dict[str, str] | None = None,
    timeout: httpx.Timeout | None = None,
    auth: httpx.Auth | None = None,
) -> httpx.AsyncClient:
    """Make a client whose log never shows the URL's secrets."""
    whole = None if shown_url(url) == url else _WholeUrl(url)

    async def bound(response: httpx.Response) -> None:
        # What is packed unpacks to a thousand times as much: nothing is, so that bytes are bytes.
        packed = response.headers.pop("content-encoding", "").strip().lower()
        if not isinstance(response.stream, httpx.AsyncByteStream):
            return
        limit, why = MAX_REPLY_BYTES, f"more than {MAX_REPLY_BYTES:,} bytes in one reply"
        if packed not in _UNPACKED:
            limit, why = 0, f"a reply packed as {label(packed, limit=20)}, which nobody asked for"
        response.stream = _BoundedStream(response.stream, limit, f"has sent {why}", give_up)

    return httpx.AsyncClient(
        headers={**(headers or {}), "accept-encoding": "identity"},
        timeout=timeout,
        auth=auth,
        transport=whole,
        event_hooks={"response": [bound]},
    )


class _BoundedStream(httpx.AsyncByteStream):
    """The bytes of a response, of which the library would collect any number."""

    def __init__(
        self, stream: httpx.AsyncByteStream, limit: int, why: str, give_up: Callable[[str], None]
    ) -> None:
        self._stream = stream
        self._limit = limit
        self._why = why
        self._give_up = give_up

    async def __aiter__(self) -> AsyncIterator[bytes]:
        left = self._limit
        async for chunk in self._stream:
            left -= len(chunk)
            if left < 0:
                self._give_up(self._why)
                raise httpx.ReadError(self._why)
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
