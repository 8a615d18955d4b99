"""Errors of every kind of tool, through the whole graph.

What passes is tried again, what stays the same is not, and `on_error` decides in both cases.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from langchain_core.tools import StructuredTool, ToolException

from pointsman import tool
from pointsman.tools import with_contract
from pointsman.tools.builtin.http_fetch import http_fetch
from pointsman.tools.mcp import McpServer, mcp_tools

FAILING_MCP = """
import pathlib, sys
from mcp.server.fastmcp import FastMCP
server = FastMCP("failing")
@server.tool()
def lookup(id: str) -> str:
    with pathlib.Path(sys.argv[1]).open("a") as log:
        log.write(id + "\\n")
    raise ValueError("no such order")
server.run("stdio")
"""


@pytest.fixture
def w(write: dict[str, Callable[..., Any]]) -> Any:
    """Give the small writers as attributes."""
    return type("Write", (), {name: staticmethod(made) for name, made in write.items()})


Raise = Callable[[str], Exception]


def plain(fail: Raise, note: Callable[[str], None]) -> Any:
    """A plain function that raises."""

    @tool(effect="read", trust="internal", name="lookup")
    async def lookup(id: str) -> str:  # noqa: A002 - as the other kinds call it
        """Look up."""
        note(id)
        raise fail(id)

    return lookup


def threaded(fail: Raise, note: Callable[[str], None]) -> Any:
    """A plain function without `async` that raises."""

    @tool(effect="read", trust="internal", name="lookup")
    def lookup(id: str) -> str:  # noqa: A002 - as the other kinds call it
        """Look up."""
        note(id)
        raise fail(id)

    return lookup


def langchain(fail: Raise, note: Callable[[str], None]) -> Any:
    """A LangChain tool that raises."""

    def lookup(id: str) -> str:  # noqa: A002 - as the other kinds call it
        """Look up."""
        note(id)
        raise fail(id)

    made = StructuredTool.from_function(lookup, name="lookup", description="Look up.")
    return with_contract(made, effect="read", trust="internal")


def status(code: int) -> Exception:
    """An error as httpx raises it for an answer."""
    request = httpx.Request("GET", "https://shop.example")
    response = httpx.Response(code, request=request)
    return httpx.HTTPStatusError(f"{code}", request=request, response=response)


STAYS: dict[str, Raise] = {
    "value": lambda id_: ValueError(f"no such order {id_}"),
    "key": KeyError,
    "file": lambda id_: FileNotFoundError(2, "No such file", id_),
    "tool-exception": lambda id_: ToolException(f"no such order {id_}"),
    "404": lambda _: status(404),
    "422": lambda _: status(422),
}
PASSES: dict[str, Raise] = {
    "timeout": lambda _: TimeoutError("slow"),
    "connection": lambda _: ConnectionResetError(104, "cut"),
    "429": lambda _: status(429),
    "503": lambda _: status(503),
    "unknown": lambda _: RuntimeError("who knows"),
}
CASES = [
    *(pytest.param(fail, 1, id=f"stays-{name}") for name, fail in STAYS.items()),
    *(pytest.param(fail, 2, id=f"passes-{name}") for name, fail in PASSES.items()),
]


@pytest.mark.parametrize("kind", [plain, threaded, langchain])
@pytest.mark.parametrize(("fail", "tries"), CASES)
async def test_an_error_is_tried_again_only_if_it_may_pass(
    bench: Any, w: Any, kind: Callable[..., Any], fail: Raise, tries: int
) -> None:
    """Whatever the tool is made of; then `on_error` decides, and the run goes on."""
    calls: list[str] = []
    bad = {**w.step("bad", "lookup", id="X"), "on_error": {"use": {"id": "none"}}}
    agent = bench.agent(
        w.plan(bad, w.step("after", "look", item=w.ref("bad", "id"))),
        tools=[kind(fail, calls.append)],
    )

    out = await agent.ainvoke({"task": "look up X"}, w.thread())

    assert calls == ["X"] * tries
    assert out["results"]["bad"]["status"] == "accepted"
    assert out["results"]["after"]["output"]["id"] == "none"
    assert len(bench.models[0].prompts) == 1


async def test_an_error_of_an_mcp_server_is_its_answer(bench: Any, w: Any, tmp_path: Path) -> None:
    """`isError` is not tried again, and `on_error` decides."""
    script, log = tmp_path / "server.py", tmp_path / "calls"
    script.write_text(FAILING_MCP, encoding="utf-8")
    server = McpServer(
        name="failing",
        command=sys.executable,
        args=(str(script), str(log)),
    )
    found = await mcp_tools(server, contracts={"lookup": {"effect": "read", "egress": False}})
    bad = {**w.step("bad", found.tools[0].name, id="X"), "on_error": "skip"}
    agent = bench.agent(w.plan(bad, w.step("good", "look", item="A")), tools=[*found.tools])

    out = await agent.ainvoke({"task": "look up X"}, w.thread())

    assert log.read_text().split() == ["X"]
    assert out["results"]["bad"]["status"] == "skipped"
    assert out["results"]["good"]["status"] == "accepted"


class Site(BaseHTTPRequestHandler):
    """Answer with the status that the path names."""

    def do_GET(self) -> None:
        """Answer."""
        self.server.seen.append(self.path)  # type: ignore[attr-defined]
        self.send_response(int(self.path.strip("/")))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name there
        """Say nothing."""


@pytest.fixture
def site() -> Iterator[ThreadingHTTPServer]:
    """A server on loopback that remembers what it was asked."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        server.seen = []  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("code", "tries"), [(400, 1), (403, 1), (404, 1), (410, 1), (408, 2), (429, 2), (500, 2)]
)
async def test_a_page_that_is_not_there_is_fetched_once(
    bench: Any, w: Any, site: ThreadingHTTPServer, code: int, tries: int
) -> None:
    """4xx stays; what says "later" passes."""
    fetch = http_fetch(["127.0.0.1"], allow_loopback=True, egress=False)
    url = f"http://127.0.0.1:{site.server_port}/{code}"
    bad = {**w.step("page", "fetch_page", url=url), "on_error": "skip"}
    agent = bench.agent(w.plan(bad, w.step("good", "look", item="A")), tools=[fetch])

    out = await agent.ainvoke({"task": f"fetch {url}"}, w.thread())

    assert site.seen == [f"/{code}"] * tries  # type: ignore[attr-defined]
    assert out["results"]["page"]["status"] == "skipped"
    assert out["results"]["good"]["status"] == "accepted"
