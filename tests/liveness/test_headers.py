"""A megabyte of headers from a provider or an MCP server is a clear error and holds nobody."""

from __future__ import annotations

import contextlib
import socketserver
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver

from pointsman import Settings, build_agent
from pointsman.errors import ConfigError
from pointsman.tools.mcp import McpServer, mcp_tools

MILLION = 1_000_000
OK = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
NOT_FOUND = b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n"
HEADERS = {
    "one long line": OK + b"x-a: " + b"a" * MILLION + b"\r\n\r\n",
    "one line without an end": OK + b"x-a: " + b"a" * MILLION,
    "many lines": OK + b"".join(b"x-%d: a\r\n" % n for n in range(90_000)) + b"\r\n",
    "the same line": OK + b"set-cookie: a=b\r\n" * 60_000 + b"\r\n",
    "folded lines": OK + b"x-a: a\r\n" + b" a\r\n" * 250_000 + b"\r\n",
    "a long status": b"HTTP/1.1 200 " + b"O" * MILLION + b"\r\n\r\n",
    "no HTTP": b"\0" * MILLION,
    "interim replies": b"HTTP/1.1 100 Continue\r\n\r\n" * 40_000,
    "trailers": OK
    + b"transfer-encoding: chunked\r\n\r\n0\r\n"
    + b"".join(b"x-%d: a\r\n" % n for n in range(90_000))
    + b"\r\n",
}


@pytest.fixture
def saying() -> Iterator[Callable[[bytes], str]]:
    """Give a function that has a real server answer every request with these bytes."""
    with contextlib.ExitStack() as closing:

        def say(reply: bytes) -> str:
            class Handler(socketserver.BaseRequestHandler):
                def handle(self) -> None:
                    self.request.settimeout(5)
                    with contextlib.suppress(OSError):
                        self.request.recv(1 << 20)
                        self.request.sendall(reply)

            server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
            server.daemon_threads = True
            threading.Thread(target=server.serve_forever, daemon=True).start()
            closing.callback(server.server_close)
            closing.callback(server.shutdown)
            return f"http://127.0.0.1:{server.server_address[1]}"

        yield say


@pytest.mark.parametrize("name", HEADERS)
async def test_a_provider(
    name: str, watch: Any, saying: Callable[[bytes], str], tmp_path: Path
) -> None:
    """The call is one that failed, and the run answers that nobody could plan."""
    url = saying(HEADERS[name])
    models = {
        "endpoints": {"odd": {"base_url": f"{url}/v1", "read_timeout": 5}},
        "models": [
            {
                "id": "m",
                "endpoint": "odd",
                "roles": ["planner"],
                "prices": {"input": 1, "output": 1},
            }
        ],
        "retry": {"max_attempts": 1},
    }
    agent = build_agent(
        Settings.parse({"home": tmp_path / "h", "models": models}), checkpointer=InMemorySaver()
    )
    await agent.ainvoke({"task": "warm up"}, {"configurable": {"thread_id": "warm"}})

    async with watch():
        out = await agent.ainvoke({"task": "find it"}, {"configurable": {"thread_id": "t"}})

    assert out["answer"]["status"] == "safe_response"
    assert len(out["answer"]["text"]) < 5_000


@pytest.mark.parametrize("name", HEADERS)
async def test_an_mcp_server(name: str, watch: Any, saying: Callable[[bytes], str]) -> None:
    """Its tools are not there, and the error names the server."""
    url = saying(HEADERS[name])
    server = McpServer(name="odd", transport="streamable_http", url=f"{url}/mcp")
    with pytest.raises(ConfigError):
        # What is loaded and imported once is no part of what is measured.
        await mcp_tools(server.model_copy(update={"url": saying(NOT_FOUND)}))
    async with watch():
        with pytest.raises(ConfigError) as caught:
            await mcp_tools(server)
    assert "odd" in str(caught.value)
    assert len(str(caught.value)) < 2_000
