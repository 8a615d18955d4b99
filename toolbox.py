"""Toolbox: the tools and credentials that settings name, loaded."""

from __future__ import annotations

import asyncio
import inspect
import json
import logging
import sys
import tempfile
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeGuard

from .errors import ConfigError
from .loading import load_object, without_bytecode
from .settings import Settings
from .state.json_text import json_in
from .stores.files import write_private
from .tools.adoption import AnyTool
from .tools.contract import Tool
from .tools.contracts_yaml import load_contracts, read_contracts
from .tools.credentials import CredentialProvider, EnvironmentCredentials, FileCredentials
from .tools.mcp import McpServer, McpTools, mcp_tools
from .tools.registry import collect

if TYPE_CHECKING:
    from langchain_core.tools import BaseTool


def load_tools(settings: Settings, more: AnyTool | Iterable[AnyTool] = ()) -> dict[str, Tool]:
    """Return all tools of an agent by name, under the contracts of the settings.

    What an MCP server that is new offers is accepted, and pinned under `home`.

    Args:
        settings: Names the tools.
        more: Tools given in code.

    Raises:
        ConfigError: A tool cannot be loaded, has changed, or does not fit its contract.
    """
    return _collected(settings, [configured_tools(settings), served_tools(settings), more])


@contextmanager
def inspect_tools(settings: Settings) -> Generator[dict[str, Tool]]:
    """Load the tools to look at them: nothing is accepted, pinned or written.

    A tool that wants the home folder gets one that is thrown away, so it may not be called
    outside the block.

    Raises:
        ConfigError: As `load_tools`.
    """
    with tempfile.TemporaryDirectory() as scratch, without_bytecode():
        elsewhere = settings.model_copy(update={"home": Path(scratch)})
        served = [tool for loaded in _served(settings).values() for tool in loaded.tools]
        yield _collected(settings, [*configured_tools(elsewhere), *served])


def _collected(settings: Settings, tools: Iterable[AnyTool]) -> dict[str, Tool]:
    given = settings.tool_contracts
    if isinstance(given, Path):
        contracts = load_contracts(settings.path(given))
    else:
        contracts = read_contracts(given, where="tool_contracts")
    return collect(tools, contracts=contracts)


_log = logging.getLogger(__name__)


def configured_tools(settings: Settings) -> list[AnyTool]:
    """Load the tools that the settings name.

    Raises:
        ConfigError: A name leads nowhere, or to something that is not a tool.
    """
    found: list[AnyTool] = []
    for position, name in enumerate(settings.tools):
        where = f"tools.{position}"
        loaded = load_object(name, settings.folder, where=where)
        if not _is_tool(loaded) and callable(loaded):
            loaded = _call(loaded, settings.home)
        entries = loaded if isinstance(loaded, list | tuple) else [loaded]
        for entry in entries:
            if not _is_tool(entry):
                raise ConfigError(
                    f"{name} gives a {type(entry).__name__}, not a tool.",
                    where=where,
                    fix="Name a Tool, a LangChain tool, or a function that returns a list of them.",
                )
            found.append(entry)
    return found


def served_tools(settings: Settings) -> list[AnyTool]:
    """Load the tools of the MCP servers, each definition pinned when it is first seen.

    Raises:
        ConfigError: A server cannot be reached, or has changed a tool since it was pinned.
    """
    loaded = _served(settings)
    if loaded:
        pins = {**_pins(settings), **{name: server.pins for name, server in loaded.items()}}
        write_private(_pin_file(settings), json.dumps(pins, indent=2, sort_keys=True))
    return [tool for server in loaded.values() for tool in server.tools]


def _served(settings: Settings) -> dict[str, McpTools]:
    pins = _pins(settings)
    return {
        server.name: _from_server(server, pins.get(server.name), _pin_file(settings))
        for server in settings.mcp
    }


def _from_server(server: McpServer, pins: dict[str, str] | None, file: Path) -> McpTools:
    # Connecting is asynchronous and building is not; a thread has no loop to disturb.
    with ThreadPoolExecutor(max_workers=1) as thread:
        loaded = thread.submit(asyncio.run, mcp_tools(server, pins=pins)).result(timeout=60)
    for name, why in loaded.refused.items():
        if name not in loaded.changed:
            _log.warning("%s: its tool %s is not used: %s", server.name, name, why)
    if loaded.changed:
        name = min(loaded.changed)
        raise ConfigError(
            f"Tool {name} was refused: {loaded.refused[name]}",
            where=f"mcp.{server.name}",
            fix=f"Look at what has changed, then remove its entry from {file}.",
        )
    return loaded


def _pin_file(settings: Settings) -> Path:
    return settings.home / settings.mcp_pins


def _pins(settings: Settings) -> dict[str, dict[str, str]]:
    file = _pin_file(settings)
    if not file.is_file():
        return {}
    try:
        pins = json_in(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        pins = None
    if not isinstance(pins, dict):
        # Taken for empty, it would accept whatever the servers offer now.
        raise ConfigError(
            "The pinned tool definitions cannot be read.",
            where=str(file),
            fix="Restore it. Moved away, the tools are accepted as they are now.",
        )
    return pins


def credentials_of(settings: Settings) -> CredentialProvider:
    """Return where tools' credentials come from."""
    if settings.credentials.file is not None:
        return FileCredentials(settings.path(settings.credentials.file))
    return EnvironmentCredentials(settings.credentials.environment)


def _call(factory: Callable[..., Any], home: Path) -> Any:
    return factory(home) if inspect.signature(factory).parameters else factory()


def _is_tool(item: object) -> TypeGuard[Tool | BaseTool]:
    if isinstance(item, Tool):
        return True
    # Whoever made one of LangChain's has imported it; nobody else has to wait for that.
    langchain = sys.modules.get("langchain_core.tools")
    return langchain is not None and isinstance(item, langchain.BaseTool)
