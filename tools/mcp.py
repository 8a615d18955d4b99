"""MCP servers: their tools under our contracts, pinned as they were when they were approved.

What a server says of its own tools is not believed: a `readOnlyHint` changes nothing, and without
a contract of ours a tool is writing, untrusted and not repeatable. What it *defines* (name,
description, schema) is pinned by digest and compared again in the session of every call, so a
server that exchanges a tool after it was approved is refused. Each call has a session of its own:
none can belong to an event loop that has ended. Needs the extra `mcp`.
"""

from __future__ import annotations

import asyncio
import functools
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeVar

from pydantic import Field

from ..errors import ConfigError, ToolError
from ..state.values import Json, JsonObject, Record, digest
from .contract import ContractOptions, Tool, ToolCall, ToolContract

if TYPE_CHECKING:
    from mcp import ClientSession
    from mcp.types import CallToolResult
    from mcp.types import Tool as Definition

T = TypeVar("T")

MAX_TOOLS = 1000
MAX_DESCRIPTION_CHARS = 2000
CONNECT_SECONDS = 30.0


class McpServer(Record):
    """How a server is reached."""

    name: str
    transport: Literal["stdio", "streamable_http"] = "stdio"
    command: str = ""
    """For `stdio`: the program to start."""
    args: tuple[str, ...] = ()
    env: dict[str, str] = Field(default={}, repr=False)
    """For `stdio`: variables of the program; `${NAME}` is taken from our environment."""
    cwd: str | None = None
    url: str = ""
    """For `streamable_http`."""
    headers: dict[str, str] = Field(default={}, repr=False)
    prefix: bool = False
    """Whether tools are called `server_tool`, so that two servers can have tools of one name."""


@dataclass(frozen=True, kw_only=True)
class McpTools:
    """What a server offers, and what of it was taken."""

    tools: tuple[Tool, ...]
    pins: dict[str, str]
    """Tool name → digest of its definition, to be kept where approvals are kept."""
    refused: dict[str, str] = field(default_factory=dict[str, str])
    """Tool name → why it was not taken."""


async def mcp_tools(
    server: McpServer,
    *,
    contracts: Mapping[str, ContractOptions] | None = None,
    pins: Mapping[str, str] | None = None,
) -> McpTools:
    """Load a server's tools.

    Args:
        server: The server.
        contracts: Contract fields by tool name.
        pins: Digests approved earlier. A tool whose definition has none, or another, is refused.
            Without pins every tool is taken and pinned as it is now.

    Raises:
        ConfigError: The server cannot be reached or offers what is no tool, a contract names a tool
            that it does not offer, or the extra is missing.
    """
    definitions = await _offered(server)
    named = {_tool_name(server, definition.name): definition for definition in definitions}
    if unknown := (contracts or {}).keys() - named.keys():
        raise ConfigError(
            f"It offers no tool {sorted(unknown)}.",
            where=server.name,
            fix=f"It offers: {', '.join(sorted(named)) or 'nothing'}.",
        )
    offered = {name: pin_of(definition) for name, definition in named.items()}
    refused = {} if pins is None else _changed(offered, pins)
    tools = tuple(
        _tool(server, name, definition, (contracts or {}).get(name, {}))
        for name, definition in named.items()
        if name not in refused
    )
    taken = {name: pin for name, pin in offered.items() if name not in refused}
    return McpTools(tools=tools, pins=taken, refused=refused)


def pin_of(definition: Definition) -> str:
    """Return the digest of what a model would be told of the tool."""
    return digest([definition.name, definition.description or "", definition.inputSchema])


def _changed(offered: Mapping[str, str], pins: Mapping[str, str]) -> dict[str, str]:
    return {
        name: "Its definition changed since it was approved."
        if name in pins
        else "It was not there when the server was approved."
        for name, pin in offered.items()
        if pins.get(name) != pin
    }


def _tool_name(server: McpServer, name: str) -> str:
    called = f"{server.name}_{name}" if server.prefix else name
    return re.sub(r"[^a-zA-Z0-9_-]", "_", called)


def _tool(server: McpServer, name: str, definition: Definition, contract: ContractOptions) -> Tool:
    options: ContractOptions = {
        "description": (definition.description or name)[:MAX_DESCRIPTION_CHARS],
        # Whatever it does, the arguments leave for somebody else's program.
        "egress": True,
        **contract,
    }
    return Tool(
        contract=ToolContract(name=name, args_schema=definition.inputSchema, **options),
        run=functools.partial(_run, server, definition.name, pin_of(definition)),
    )


async def _offered(server: McpServer) -> list[Definition]:
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            return await _in_session(server, _definitions)
    except ConfigError:
        raise
    except Exception as error:
        raise ConfigError(
            _unreachable(server, error).message,
            where=server.name,
            fix="Check command, URL and credentials.",
        ) from error


async def _definitions(session: ClientSession) -> list[Definition]:
    from mcp.types import PaginatedRequestParams

    found: list[Definition] = []
    cursor: str | None = None
    while True:
        params = None if cursor is None else PaginatedRequestParams(cursor=cursor)
        page = await session.list_tools(params=params)
        found.extend(page.tools)
        cursor = page.nextCursor
        if not cursor:
            return found
        if len(found) > MAX_TOOLS:
            raise ToolError(f"It offers more than {MAX_TOOLS} tools.")


async def _run(server: McpServer, name: str, pin: str, args: JsonObject, _call: ToolCall) -> Json:
    sent = False

    async def use(session: ClientSession) -> Json:
        nonlocal sent
        _check_pin(server, name, pin, await _definitions(session))
        sent = True
        return _output(await session.call_tool(name, args))

    try:
        return await _in_session(server, use)
    except ToolError:
        raise
    except Exception as error:
        if sent:
            raise
        raise _unreachable(server, error) from error


def _check_pin(server: McpServer, name: str, pin: str, definitions: Sequence[Definition]) -> None:
    found = next((d for d in definitions if d.name == name), None)
    if found is None or pin_of(found) != pin:
        what = "no longer offers it" if found is None else "changed its definition"
        raise ToolError(
            f"The server {server.name} {what} since it was approved. It was not called.",
            where=name,
            fix="Look at what the server offers now, and approve it again.",
        )


def _output(result: CallToolResult) -> Json:
    blocks = [block.model_dump(mode="json", exclude_none=True) for block in result.content]
    only_text = all(block["type"] == "text" for block in blocks)
    text = "\n".join(block["text"] for block in blocks if block["type"] == "text")
    if result.isError:
        raise RuntimeError(text or "The server reported an error without a text.")
    if result.structuredContent is not None:
        return result.structuredContent
    return text if only_text else blocks


async def _in_session(server: McpServer, use: Callable[[ClientSession], Awaitable[T]]) -> T:
    """Open a session, use it and close it.

    What `use` returns or raises gets out as it is. The session's task group would wrap an
    exception, and an error while closing would hide a result that is there.
    """
    answers: list[T] = []
    failures: list[Exception] = []
    try:
        async with _session(server) as session:
            await session.initialize()
            try:
                answers.append(await use(session))
            except Exception as error:  # noqa: BLE001 - raised again below
                failures.append(error)
    except Exception as error:  # noqa: BLE001 - raised again below, if there is nothing better
        failures.append(error)
    if answers:
        return answers[0]
    raise failures[0]


def _session(server: McpServer) -> AbstractAsyncContextManager[ClientSession]:
    try:
        from langchain_mcp_adapters.sessions import (
            create_session,
        )
    except ImportError as error:
        raise ConfigError(
            "MCP servers need langchain-mcp-adapters.",
            where=server.name,
            fix="Install the extra `mcp`.",
        ) from error
    if server.transport == "stdio":
        return create_session(
            {
                "transport": "stdio",
                "command": server.command,
                "args": list(server.args),
                "env": server.env,
                "cwd": server.cwd,
            }
        )
    return create_session(
        {"transport": "streamable_http", "url": server.url, "headers": server.headers}
    )


def _unreachable(server: McpServer, error: Exception) -> ToolError:
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return ToolError(
        f"The server {server.name} cannot be used: {type(error).__name__}.", retryable=True
    )
