"""MCP servers, run for real: what they say is data, what they define is pinned."""

from __future__ import annotations

import asyncio
import logging
import socket
import subprocess
import sys
import traceback
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from pointsman import open_store
from pointsman.errors import ConfigError, ToolError
from pointsman.state.run import Run
from pointsman.state.values import digest
from pointsman.tools import Runner, collect, from_langchain
from pointsman.tools.mcp import McpServer, McpTools, mcp_tools

SERVER = str(Path(__file__).with_name("mcp_server.py"))


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """Once this file exists, the server has changed."""
    return tmp_path / "changed"


@pytest.fixture
def stdio(state: Path) -> McpServer:
    """The server over stdio."""
    return McpServer(name="tests", command=sys.executable, args=(SERVER, "--state", str(state)))


@pytest.fixture
def http(state: Path) -> Iterator[McpServer]:
    """The server over HTTP on loopback."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, SERVER, "--http", str(port), "--state", str(state)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        _wait_for(port, process)
        yield McpServer(
            name="tests", transport="streamable_http", url=f"http://127.0.0.1:{port}/mcp"
        )
        process.terminate()


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    while process.poll() is None:
        with socket.socket() as probe:
            probe.settimeout(0.2)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
    raise AssertionError("The server did not start.")


def named(tools: McpTools) -> dict[str, Any]:
    """The tools by name."""
    return {tool.name: tool for tool in tools.tools}


@pytest.mark.parametrize("transport", ["stdio", "http"])
async def test_tools_are_called_over_both_transports(
    transport: str, request: pytest.FixtureRequest, make_runner: Any, run: Run
) -> None:
    """Structured output arrives as data, defaults and strictness are ours."""
    server = request.getfixturevalue(transport)
    loaded = await mcp_tools(server, contracts={"lookup": {"effect": "read"}})
    runner = make_runner(*loaded.tools)
    good = await runner.call("lookup", {"order": "A-1"}, run=run, step="s", attempt=1, timeout=None)
    bad = await runner.call("lookup", {"order": 1}, run=run, step="s", attempt=1, timeout=None)
    assert (good.status, good.output) == ("done", {"order": "A-1", "count": 1})
    assert bad.kind == "arguments"


async def test_what_a_server_says_of_its_tools_is_not_believed(stdio: McpServer) -> None:
    """A hint that it only reads, and a contract in its annotations, change nothing."""
    contract = named(await mcp_tools(stdio))["delete_everything"].contract
    assert (contract.effect, contract.trust, contract.idempotency) == ("write", "untrusted", "none")
    assert contract.egress


async def test_a_contract_of_the_servers_own_is_refused_when_it_comes_by_langchain(
    stdio: McpServer,
) -> None:
    """The public adapter copies a server's annotations to where our contracts may stand."""
    from langchain_mcp_adapters.client import MultiServerMCPClient

    connection: Any = {
        "transport": "stdio",
        "command": stdio.command,
        "args": list(stdio.args),
    }
    tools = await MultiServerMCPClient({"tests": connection}).get_tools()
    by_name = {tool.name: tool for tool in tools}
    with pytest.raises(ConfigError, match="may have been written by the server"):
        from_langchain(by_name["delete_everything"])
    assert from_langchain(by_name["lookup"]).contract.effect == "write"


async def test_a_tool_that_changes_after_it_was_loaded_is_refused(
    stdio: McpServer, state: Path, execute: Any
) -> None:
    """It is compared in the session of the call itself, and not called."""
    tools = named(await mcp_tools(stdio))
    state.touch()
    with pytest.raises(ToolError, match="changed its definition") as raised:
        await execute(tools["lookup"], order="A-1")
    assert raised.value.happened == "no"
    assert await execute(tools["delete_everything"]) == {"result": "deleted"}


async def test_pins_keep_what_was_approved(stdio: McpServer, state: Path) -> None:
    """With the pins of an approval, what changed or came later is left out and named."""
    approved = (await mcp_tools(stdio)).pins
    state.touch()
    now = await mcp_tools(stdio, pins=approved)
    assert set(now.refused) == {"lookup", "late"}
    assert "changed" in now.refused["lookup"]
    assert set(named(now)) == {"delete_everything", "echo", "fail", "odd_name"} == set(now.pins)
    again = await mcp_tools(stdio, pins=(await mcp_tools(stdio)).pins)
    assert not again.refused


async def test_what_a_server_says_that_it_returns_is_pinned_too(stdio: McpServer) -> None:
    """It is told to planners, so a pin of before does not cover it: the tool is taken without."""
    now = await mcp_tools(stdio)
    assert named(now)["echo"].contract.returns == {
        "properties": {"result": {"title": "Result", "type": "string"}},
        "required": ["result"],
        "title": "echoOutput",
        "type": "object",
    }
    contract = named(now)["echo"].contract
    before = {
        tool.name: digest([tool.name, tool.contract.description, tool.contract.args_schema])
        for tool in now.tools
    }
    kept = await mcp_tools(stdio, pins=before)
    assert kept.pins["echo"] == before["echo"]
    assert kept.pins["echo"] != now.pins["echo"]
    assert named(kept)["echo"].contract == replace(contract, returns=None)


async def test_a_tool_that_is_gone_is_refused(stdio: McpServer, state: Path, execute: Any) -> None:
    """The call says that the server no longer offers it."""
    state.touch()
    late = named(await mcp_tools(stdio))["late"]
    state.unlink()
    with pytest.raises(ToolError, match="no longer offers"):
        await execute(late)


async def test_an_error_of_the_server_is_an_error(
    stdio: McpServer, make_runner: Any, run: Run
) -> None:
    """Whether a failed call changed something, the server does not say."""
    runner = make_runner(*(await mcp_tools(stdio)).tools)
    outcome = await runner.call("fail", {}, run=run, step="s", attempt=1, timeout=None)
    assert outcome.status == "unknown"
    assert "no such thing" in outcome.error


async def test_names_are_made_fit_for_models(stdio: McpServer, execute: Any) -> None:
    """A dot becomes an underscore, and a prefix tells servers apart."""
    prefixed = await mcp_tools(stdio.model_copy(update={"prefix": True}))
    odd = named(prefixed)["tests_odd_name"]
    assert await execute(odd, runtime="x") == "odd x"


async def test_a_server_that_is_not_there(execute: Any, tmp_path: Path) -> None:
    """Loading says what to check; a call knows that nothing happened."""
    missing = McpServer(name="gone", command=str(tmp_path / "no-such-program"))
    closed = McpServer(name="gone", transport="streamable_http", url="http://127.0.0.1:9/mcp")
    for server in (missing, closed):
        with pytest.raises(ConfigError) as raised:
            await mcp_tools(server)
        assert raised.value.where == "gone"


async def test_a_call_to_a_server_that_went_away(stdio: McpServer, execute: Any) -> None:
    """Nothing was sent, so nothing happened, and trying later may help."""
    [tool, *_] = (await mcp_tools(stdio)).tools
    gone = stdio.model_copy(update={"command": "/nonexistent"})
    broken = tool.run.func  # type: ignore[attr-defined]
    with pytest.raises(ToolError) as raised:
        await broken(gone, *tool.run.args[1:], {}, None)  # type: ignore[attr-defined]
    assert (raised.value.happened, raised.value.retryable) == ("no", True)


async def test_unknown_contracts_are_refused(stdio: McpServer) -> None:
    """A misspelt name would leave the tool it means without its contract."""
    with pytest.raises(ConfigError, match="lokup"):
        await mcp_tools(stdio, contracts={"lokup": {"effect": "read"}})


def test_tools_outlive_the_event_loop(stdio: McpServer, execute: Any) -> None:
    """They are loaded in one loop and called in another."""
    tools = named(asyncio.run(mcp_tools(stdio)))
    assert asyncio.run(execute(tools["odd_name"], runtime="y")) == "odd y"


KEY, OTHER_KEY = "k3y-of-the-server-0001", "k3y-of-the-server-0002"


def test_a_server_shows_no_secrets() -> None:
    """Headers, variables, arguments and the URL stay out of logs."""
    server = McpServer(
        name="x",
        args=("--api-key", KEY),
        env={"KEY": KEY},
        headers={"Authorization": f"Bearer {KEY}"},
        url=f"https://mcp.example/?key={KEY}",
    )
    assert KEY not in repr(server)


def test_a_user_in_the_url_is_refused_unprinted() -> None:
    """Too many things quote a URL."""
    with pytest.raises(ValidationError, match="give it as the header") as raised:
        McpServer(name="x", transport="streamable_http", url=f"https://me:{KEY}@mcp.example/")
    assert KEY not in str(raised.value)


@pytest.mark.parametrize(
    ("given", "secrets"),
    [
        pytest.param({"headers": {"Authorization": f"Bearer {KEY}"}}, {f"Bearer {KEY}", KEY}),
        pytest.param({"headers": {"X-Key": KEY, "Accept": "text/event-stream"}}, {KEY}),
        pytest.param({"url": f"https://mcp.example/mcp?key={KEY}"}, {KEY}),
        pytest.param({"url": f"https://mcp.example/s/{KEY}/mcp"}, {KEY}),
        pytest.param({"url": "https://mcp.example/mcp"}, set()),
        pytest.param({"env": {"API_KEY": KEY, "LANG": "C.UTF-8"}}, {KEY}),
        pytest.param({"env": {"SHOP": "${SHOP_VALUE}"}}, {"shop value"}),
        pytest.param({"args": ("--token", KEY, "--port", "1")}, {KEY}),
        pytest.param({"args": (f"--api-key={KEY}", "run")}, {KEY}),
    ],
)
def test_what_is_secret(
    given: dict[str, Any], secrets: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is said to be one, and what an address holds beyond its place."""
    monkeypatch.setenv("SHOP_VALUE", "shop value")
    assert set(McpServer(name="x", **given).secrets()) == secrets


@pytest.mark.parametrize("fail", [False, True], ids=["result", "error"])
async def test_no_credential_comes_back(
    http: McpServer,
    fail: bool,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A server that repeats how it was asked gets nothing of it into results, errors and logs."""
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("SERVER_KEY", OTHER_KEY)
    server = McpServer(
        name="tests",
        transport="streamable_http",
        url=f"{http.url}?key={KEY}",
        headers={"Authorization": f"Bearer {KEY}", "X-Other": "${SERVER_KEY}"},
    )
    tools = await mcp_tools(server)
    async with open_store(tmp_path / "s.db") as store:
        outcome = await Runner(collect(tools.tools), store).call(
            "echo",
            {"fail": fail},
            run=Run(id="r", thread_id="t", started_at=0.0),
            step="s",
            attempt=1,
            timeout=None,
        )

    said = f"{outcome.output} {outcome.error}"
    assert "'x-other': '[credential]'" in said
    for text in (said, caplog.text):
        assert KEY not in text
        assert OTHER_KEY not in text
    assert "Sending client message" in caplog.text


async def test_variables_are_taken_from_the_environment(
    http: McpServer, execute: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In headers, URL and arguments as in variables."""
    monkeypatch.setenv("SHOP", "shop-7")
    given = McpServer(
        name="tests",
        transport="streamable_http",
        url=f"{http.url}?shop=${{SHOP}}",
        headers={"X-Shop": "no ${SHOP}", "X-Plain": "$SHOP {SHOP}"},
        args=("--shop=${SHOP}",),
        env={"A": "${SHOP}-b"},
    )
    said = str(await execute(named(await mcp_tools(given))["echo"], fail=False))

    assert "?shop=shop-7" in said
    assert "'x-shop': 'no shop-7'" in said
    assert "'x-plain': '$SHOP {SHOP}'" in said
    assert given.resolved().args == ("--shop=shop-7",)
    assert given.resolved().env == {"A": "shop-7-b"}


async def test_a_variable_that_is_not_set_is_named(
    http: McpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sent as it stands, the server would only say that it knows no such key."""
    monkeypatch.delenv("NO_SUCH_KEY", raising=False)
    server = http.model_copy(update={"headers": {"Authorization": "Bearer ${NO_SUCH_KEY}"}})
    with pytest.raises(ConfigError, match=r"NO_SUCH_KEY is not set"):
        await mcp_tools(server)


@pytest.mark.parametrize("url", [f"http://127.0.0.1:9/?key={KEY}", f"http://127.0.0.1:9/{KEY}"])
async def test_an_error_while_connecting_shows_no_credential(url: str) -> None:
    """Nor does its traceback."""
    server = McpServer(name="tests", transport="streamable_http", url=url)
    with pytest.raises(ConfigError) as raised:
        await mcp_tools(server)
    assert KEY not in "".join(traceback.format_exception(raised.value))
