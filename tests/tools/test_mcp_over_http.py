"""MCP servers over HTTP that misbehave on the way: endless, silent, or refusing."""

from __future__ import annotations

import gzip
import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from pointsman.errors import ConfigError
from pointsman.state.run import Run
from pointsman.stores import SqlStore
from pointsman.tools import ToolOutcome, collect, mcp_session
from pointsman.tools.contract import Effect
from pointsman.tools.mcp import McpServer, mcp_tools
from pointsman.tools.runner import Runner

PAY = {"name": "pay", "description": "x", "inputSchema": {"type": "object"}}
TIMEOUT = 5.0

Reply = Callable[["Handler", Any], Any]


class Handler(BaseHTTPRequestHandler):
    """Answers each method by what the test has put into the server; a reply of its own may be."""

    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
        """Keep quiet."""

    def do_GET(self) -> None:
        """Offer no stream of its own."""
        self.say(405)

    def do_DELETE(self) -> None:
        """End no session: there are none."""
        self.say(405)

    def do_POST(self) -> None:
        """Answer a message."""
        said = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if "id" not in said:
            self.say(202)
            return
        assert isinstance(self.server, Server)
        self.server.asked.append(said["method"])
        self.server.accepted.add(self.headers["accept-encoding"])
        result = self.server.replies[said["method"]](self, said.get("params") or {})
        if result is not None:
            reply = {"jsonrpc": "2.0", "id": said["id"], "result": result}
            self.say(200, json.dumps(reply).encode())

    def say(self, status: int, body: bytes = b"", **headers: str) -> None:
        """Send a whole response."""
        self.send_response(status)
        given = {"content-type": "application/json", "content-length": str(len(body)), **headers}
        for name, value in given.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def say_without_end(self, kind: str, first: bytes) -> None:
        """Send a response that has no end, until nobody reads it."""
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("connection", "close")
        self.end_headers()
        self.close_connection = True
        try:
            self.wfile.write(first)
            while True:
                self.wfile.write(b"x" * 65_536)
        except OSError:
            pass


class Server(ThreadingHTTPServer):
    """The server, with what it replies and what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[str] = []
        self.accepted: set[str] = set()
        """What packing of replies was asked for."""
        self.replies: dict[str, Reply] = {
            "initialize": lambda _, params: {
                "protocolVersion": params["protocolVersion"],
                "capabilities": {"tools": {}},
                "serverInfo": {"name": "x", "version": "1"},
            },
            "tools/list": lambda *_: {"tools": [PAY]},
            "tools/call": lambda *_: {"content": [{"type": "text", "text": "paid"}]},
        }

    def at(self) -> McpServer:
        """Say how it is reached."""
        url = f"http://127.0.0.1:{self.server_port}/mcp"
        return McpServer(name="odd", transport="streamable_http", url=url)

    async def call(self, store: SqlStore, effect: Effect = "write") -> ToolOutcome:
        """Take its tool, and then call it under `replies` of that moment."""
        first = {**self.replies}
        self.replies |= {"tools/list": lambda *_: {"tools": [PAY]}}
        loaded = await mcp_tools(
            self.at(), contracts={"pay": {"timeout": TIMEOUT, "effect": effect}}
        )
        self.replies = first
        run = Run(id="r", started_at=0)
        runner = Runner(collect(loaded.tools), store)
        return await runner.call("pay", {}, run=run, step="a", attempt=1, timeout=TIMEOUT)


@pytest.fixture
def server() -> Iterator[Server]:
    """Serve on loopback."""
    with Server() as opened:
        thread = threading.Thread(target=opened.serve_forever)
        thread.start()
        yield opened
        opened.shutdown()
        thread.join()


async def test_it_is_a_server(server: Server, store: SqlStore) -> None:
    """What follows fails for what it does, not for what it is."""
    outcome = await server.call(store)

    assert (outcome.status, outcome.output) == ("done", "paid")


@pytest.mark.parametrize(
    ("kind", "first"),
    [
        pytest.param("text/event-stream", b"data: ", id="one-line"),
        pytest.param("text/event-stream", b": ", id="one-comment"),
        pytest.param("application/json", b'{"jsonrpc": "2.0", "id": 2, "result": "', id="json"),
    ],
)
async def test_a_response_without_end_is_not_collected(
    kind: str, first: bytes, server: Server, store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The call ends long before its timeout, and whether it has happened is unknown."""
    monkeypatch.setattr(mcp_session, "MAX_REPLY_BYTES", 2_000_000)
    server.replies["tools/call"] = lambda handler, _: handler.say_without_end(kind, first)
    began = time.monotonic()

    outcome = await server.call(store)

    assert outcome.status == "unknown"
    assert "more than 2,000,000 bytes" in outcome.error
    assert time.monotonic() - began < TIMEOUT


BOMB = gzip.compress(b" " * 100_000_000)
"""A hundred thousand bytes on the wire."""


@pytest.mark.parametrize("packing", ["gzip", "deflate", "br", "GZIP, gzip"])
@pytest.mark.parametrize("kind", ["text/event-stream", "application/json"])
async def test_what_is_packed_is_not_unpacked(
    packing: str, kind: str, server: Server, store: SqlStore
) -> None:
    """It is asked for plain, so bytes that were counted are all that there are."""
    server.replies["tools/call"] = lambda handler, _: handler.say(
        200, BOMB, **{"content-type": kind, "content-encoding": packing}
    )
    began = time.monotonic()

    outcome = await server.call(store)

    assert outcome.status == "unknown"
    assert "packed as" in outcome.error
    assert time.monotonic() - began < TIMEOUT
    assert server.accepted == {"identity"}


@pytest.mark.parametrize("early", ["initialize", "tools/list"])
async def test_what_is_packed_or_endless_before_a_call_leaves_nobody_in_doubt(
    early: str, server: Server, store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The call has not left, and the error says so; neither is such a server loaded."""
    monkeypatch.setattr(mcp_session, "MAX_REPLY_BYTES", 2_000_000)
    listed = await mcp_tools(server.at(), contracts={"pay": {"timeout": TIMEOUT}})
    runner = Runner(collect(listed.tools), store)
    run = Run(id="r", started_at=0)
    replies: list[tuple[str, Reply]] = [
        ("packed as gzip", lambda h, _: h.say(200, BOMB, **{"content-encoding": "gzip"})),
        ("2,000,000 bytes", lambda h, _: h.say_without_end("application/json", b"[")),
    ]
    for said, reply in replies:
        server.replies[early] = reply

        outcome = await runner.call("pay", {}, run=run, step="a", attempt=1, timeout=TIMEOUT)
        with pytest.raises(ConfigError, match=said):
            await mcp_tools(server.at())

        assert outcome.status == "failed"
        assert said in outcome.error
        assert "No tool was called" in outcome.error
    assert "tools/call" not in server.asked


@pytest.mark.parametrize(
    "cursor", [lambda _: "again", lambda params: params.get("cursor", "") + "1"]
)
async def test_a_list_without_end_is_refused(cursor: Any, server: Server, store: SqlStore) -> None:
    """At once, when it is loaded as when it is looked at again before a call."""
    server.replies["tools/list"] = lambda _, params: {"tools": [], "nextCursor": cursor(params)}

    with pytest.raises(ConfigError, match="has no end"):
        await mcp_tools(server.at())
    outcome = await server.call(store)

    assert (outcome.status, "has no end" in outcome.error) == ("failed", True)
    assert "tools/call" not in server.asked


@pytest.mark.parametrize("silent", ["initialize", "tools/list"])
async def test_a_call_that_has_not_left_in_time_did_not_happen(
    silent: str, server: Server, store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that says nothing before it is told of the call puts nobody in doubt."""
    monkeypatch.setattr("tests.tools.test_mcp_over_http.TIMEOUT", 2.0)
    over = threading.Event()
    listed = await mcp_tools(server.at(), contracts={"pay": {"timeout": TIMEOUT}})
    server.replies[silent] = lambda *_: over.wait(30) and None
    runner = Runner(collect(listed.tools), store)
    run = Run(id="r", started_at=0)

    outcome = await runner.call("pay", {}, run=run, step="a", attempt=1, timeout=TIMEOUT)
    over.set()

    assert (outcome.status, outcome.retryable) == ("failed", True)
    assert "tools/call" not in server.asked


@pytest.mark.parametrize(("status", "again"), [(401, False), (404, True), (429, True), (503, True)])
async def test_a_status_is_told_and_says_whether_to_try_again(
    status: int, again: bool, server: Server, store: SqlStore
) -> None:
    """Of a reading; what changes something may have done so."""
    server.replies["tools/call"] = lambda handler, _: handler.say(status, b"no")

    changing = await server.call(store)
    reading = await server.call(store, effect="read")

    assert (changing.status, reading.status) == ("unknown", "failed")
    assert reading.retryable is again
    assert "TaskGroup" not in changing.error + reading.error
    assert str(status) in changing.error or "terminated" in changing.error
