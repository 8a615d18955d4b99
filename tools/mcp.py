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
import json
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ValidationError

from ..errors import ConfigError, ToolError
from ..state.json_text import json_in
from ..state.text import label, whole
from ..state.values import JsonObject, digest
from .arguments import Arguments
from .causes import ToolSaidError
from .contract import ContractOptions, Tool, ToolCall, ToolContract
from .mcp_server import McpServer
from .mcp_session import open_session
from .mcp_unread import UnreadMessages
from .media import WithMedia, read_blocks
from .redaction import Redaction
from .registry import check_contract
from .schema import says_something, without_words

if TYPE_CHECKING:
    from mcp import ClientSession
    from mcp.types import Tool as Definition

T = TypeVar("T")

MAX_TOOLS = 1000
MAX_DESCRIPTION_CHARS = 2000
MAX_EMPTY_PAGES = 10
"""Pages of a list in a row that bring nothing, after which it is taken for one without end."""
CONNECT_SECONDS = 30.0
FEW_BLOCKS = 1000
"""Blocks of a result that are read on the loop; a thread reads more."""


@dataclass(frozen=True, kw_only=True)
class McpTools:
    """What a server offers, and what of it was taken."""

    tools: tuple[Tool, ...]
    pins: dict[str, str]
    """Tool name → digest of its definition, to be kept where approvals are kept."""
    refused: dict[str, str] = field(default_factory=dict[str, str])
    """Tool name → why it was not taken."""
    changed: frozenset[str] = frozenset()
    """Those of the refused that are not what was approved."""


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
    offers = _named(server, await _offered(server))
    if unknown := (contracts or {}).keys() - offers.keys():
        raise ConfigError(
            f"It offers no tool {sorted(unknown)}.",
            where=server.name,
            fix=f"It offers: {', '.join(sorted(offers)) or 'nothing'}.",
        )
    refused: dict[str, str] = {}
    tools: dict[str, Tool] = {}
    now: dict[str, str] = {}
    for name, found in offers.items():
        try:
            pin = digest_of(found, (pins or {}).get(name, ""))
            tools[name] = _tool(server, name, found, pin, (contracts or {}).get(name, {}))
            now[name] = pin
        except ConfigError as error:
            refused[name] = Redaction(server.secrets())(str(error))
    changed = {} if pins is None else _changed(now, pins)
    return McpTools(
        tools=tuple(tool for name, tool in tools.items() if name not in changed),
        pins={name: pin for name, pin in now.items() if name not in changed},
        refused={**refused, **changed},
        changed=frozenset(changed),
    )


def _named(server: McpServer, offered: Sequence[JsonObject]) -> dict[str, list[JsonObject]]:
    """Group what is offered by the name that a tool gets here."""
    named: dict[str, list[JsonObject]] = {}
    for definition in offered:
        called = _tool_name(server, str(definition.get("name", "")))
        named.setdefault(called, []).append(definition)
    return named


def _definition(found: Sequence[JsonObject]) -> Definition:
    """Read what a server says of one tool.

    Raises:
        ConfigError: It cannot be read, or another tool gets the same name.
    """
    from mcp.types import Tool as Definition

    if len(found) > 1:
        names = ", ".join(sorted(repr(label(str(each.get("name")))) for each in found))
        raise ConfigError(
            f"Two tools would have this name here: {names}.",
            where="name",
            fix="Have the server rename one.",
        )
    try:
        json.dumps(found[0], allow_nan=False)
    except ValueError:
        raise ConfigError(
            "It holds a number that JSON does not have.", where="inputSchema", fix="Correct it."
        ) from None
    try:
        return Definition.model_validate(found[0])
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ConfigError(
            f"This is no definition of a tool: {first['msg']}.", where=where, fix="Correct it."
        ) from None


def digest_of(found: Sequence[JsonObject], approved: str = "") -> str:
    """Return the digest of the definition that was found, in the form that was approved."""
    definition = _definition(found)
    without_output = digest(_told(definition))
    return without_output if approved == without_output else pin_of(definition)


def pin_of(definition: Definition) -> str:
    """Return the digest of what a model would be told of the tool.

    Pins of earlier releases leave out what the tool returns, which models were not told.
    """
    output = [] if definition.outputSchema is None else [definition.outputSchema]
    return digest([*_told(definition), *output])


def _told(definition: Definition) -> list[Any]:
    return [definition.name, definition.description or "", definition.inputSchema]


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


def _tool(
    server: McpServer,
    name: str,
    found: Sequence[JsonObject],
    pin: str,
    contract: ContractOptions,
) -> Tool:
    """Make a tool of a definition. Raises `ConfigError` where it cannot be used."""
    definition = _definition(found)
    described = "description" in contract
    pinned = pin == pin_of(definition)
    hidden = Redaction(server.secrets())
    options: ContractOptions = {
        "description": hidden(whole(definition.description or name))[:MAX_DESCRIPTION_CHARS],
        # Whatever it does, the arguments leave for somebody else's program.
        "egress": True,
        **contract,
    }
    # Who describes a tool in words of their own wants none of the server's to be read.
    schema = without_words(definition.inputSchema) if described else definition.inputSchema
    made = ToolContract(
        name=name,
        args_schema=schema,
        described_by=f"mcp:{server.name}" if not described or says_something(schema) else "",
        returns=definition.outputSchema if pinned and not described else None,
        **options,
    )
    check_contract(made)
    Arguments(name, made.args_schema)
    return Tool(
        contract=made,
        run=functools.partial(_run, server, definition.name, pin),
        secrets=server.secrets(),
    )


async def _offered(server: McpServer) -> list[JsonObject]:
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            return await _in_session(server, _definitions)
    except ConfigError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, the server cannot be used
        said = _unreachable(server, error)
        raise ConfigError(
            said.message,
            where=server.name,
            fix="Check command, URL and credentials.",
        ) from None  # the cause quotes the URL


async def _definitions(session: ClientSession, unread: UnreadMessages) -> list[JsonObject]:
    """List what a server offers, each definition unread: one odd tool must not hide the others."""
    from mcp.types import ClientRequest, ListToolsRequest, PaginatedRequestParams

    found: list[JsonObject] = []
    cursor: str | None = None
    empty = 0
    while empty < MAX_EMPTY_PAGES:
        params = None if cursor is None else PaginatedRequestParams(cursor=cursor)
        request = ClientRequest(ListToolsRequest(params=params))
        asked = session.send_request(request, _Page)
        page = await unread.reply(asked, _Page.model_validate)
        # What is no object at all is refused like a tool without a name.
        found.extend(each if isinstance(each, dict) else {"name": ""} for each in page.tools)
        cursor = page.nextCursor
        if not cursor:
            return found
        if len(found) > MAX_TOOLS:
            raise ToolError(f"It offers more than {MAX_TOOLS} tools.")
        empty = 0 if page.tools else empty + 1
    raise ToolError("Its list of tools has no end.")


class _Page(BaseModel):
    tools: list[Any] = []
    nextCursor: str | None = None  # noqa: N815 - the protocol's name


async def _run(server: McpServer, name: str, pin: str, args: JsonObject, _call: ToolCall) -> Any:
    from mcp.types import CallToolRequest, CallToolRequestParams, ClientRequest

    sent = False

    async def use(session: ClientSession, unread: UnreadMessages) -> Any:
        nonlocal sent
        _check_pin(server, name, pin, await _definitions(session, unread))
        sent = True
        # Not `call_tool`: it checks the result against whatever schema the server declares now.
        params = CallToolRequestParams(name=name, arguments=args)
        request = ClientRequest(CallToolRequest(params=params))
        asked = session.send_request(request, Called)
        return await read_result(await unread.reply(asked, Called.model_validate))

    try:
        return await _in_session(server, use)
    except asyncio.CancelledError:
        if sent:
            raise
        # Of a call that is out of time: whoever ends the run does not listen any more.
        raise _unreachable(server, TimeoutError()) from None
    except Exception as error:  # noqa: BLE001 - whatever it is, the call has no result
        if sent:
            raise _innermost(error) from None
        raise _unreachable(server, error) from None  # the cause quotes the URL


def _check_pin(server: McpServer, name: str, pin: str, offered: Sequence[JsonObject]) -> None:
    found = [definition for definition in offered if definition.get("name") == name]
    try:
        same = bool(found) and digest_of(found, pin) == pin
    except ConfigError:
        same = False
    if not same:
        what = "changed its definition" if found else "no longer offers it"
        raise ToolError(
            f"The server {server.name} {what} since it was approved. It was not called.",
            where=name,
            fix="Look at what the server offers now, and approve it again.",
        )


class Called(BaseModel):
    """What a call has brought. The call was made, so no form of it makes it a failed one."""

    content: Any = None
    structuredContent: Any = None  # noqa: N815 - the protocol's name
    isError: Any = None  # noqa: N815 - the protocol's name

    def blocks(self) -> list[Any]:
        """Return the content's blocks, whatever stands in their place."""
        if isinstance(self.content, list):
            return self.content
        return [] if self.content is None else [self.content]


async def read_result(result: Called) -> Any:
    """Return what a call brought: structured content, text, media, or several of them.

    Raises:
        ToolSaidError: The server reports an error.
    """
    blocks = result.blocks()
    if len(blocks) <= FEW_BLOCKS:
        return _read_result(result, blocks)
    return await asyncio.to_thread(_read_result, result, blocks)


def _read_result(result: Called, blocks: list[Any]) -> Any:
    texts = [block["text"] for block in blocks if _is_text(block)]
    text = "\n".join(texts)
    if result.isError not in (None, False):
        raise ToolSaidError(text or "The server reported an error without a text.")
    content: WithMedia | str = text
    if len(texts) < len(blocks):
        content = WithMedia(value=read_blocks(blocks))
    structured = result.structuredContent
    if structured is None:
        return content
    return _beside(
        structured if isinstance(structured, dict) else {"result": structured}, content, text
    )


def _is_text(block: Any) -> bool:
    is_text = isinstance(block, dict) and block.get("type") == "text"
    return is_text and isinstance(block.get("text"), str)


def _beside(structured: JsonObject, content: Any, text: str) -> Any:
    """Return structured content together with what the server says besides it."""
    if not isinstance(content, WithMedia):
        if not text or _is_same(structured, text):
            return structured
        if "text" not in structured:
            return {**structured, "text": text}
        return {"structured": structured, "text": text}
    return WithMedia(value={"structured": structured, "content": content.value})


def _is_same(structured: JsonObject, text: str) -> bool:
    """Whether a text only repeats the structured content, as servers do for older clients."""
    if set(structured) == {"result"} and isinstance(structured["result"], str):
        return structured["result"] == text
    try:
        said = json_in(text)
    except ValueError:
        return False
    return said in (structured, structured.get("result", structured))


async def _in_session(
    server: McpServer, use: Callable[[ClientSession, UnreadMessages], Awaitable[T]]
) -> T:
    """Open a session, use it and close it.

    What `use` returns or raises gets out as it is. The session's task group would wrap an
    exception, and an error while closing would hide a result that is there.
    """
    answers: list[T] = []
    failures: list[Exception] = []
    try:
        async with open_session(server) as (session, unread):
            # Whether the extra is there has been said by now.
            from mcp.types import InitializeResult

            await unread.reply(session.initialize(), InitializeResult.model_validate)
            try:
                answers.append(await use(session, unread))
            except Exception as error:  # noqa: BLE001 - raised again below
                failures.append(error)
    except Exception as error:  # noqa: BLE001 - raised again below, if there is nothing better
        failures.append(error)
    if answers:
        return answers[0]
    raise failures[0]


def _unreachable(server: McpServer, error: Exception) -> ToolError:
    """Return what is raised where no call has left, so that none can have happened."""
    cause = _innermost(error)
    if not isinstance(cause, ToolError):
        return ToolError(
            f"The server {server.name} cannot be used: {type(cause).__name__}.", retryable=True
        )
    if cause.happened == "no":
        return cause
    return ToolError(f"{cause.message} No tool was called.", where=server.name, fix=cause.fix)


def _innermost(error: Exception) -> Exception:
    """Return what failed, out of the groups of a session's tasks."""
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return error
