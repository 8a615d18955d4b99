"""Toolbox: the tools and credentials that settings name, loaded."""

from __future__ import annotations

import asyncio
import inspect
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from langchain_core.tools import BaseTool

from .errors import ConfigError
from .loading import load_object
from .settings import Settings
from .tools.adoption import AnyTool
from .tools.contract import Tool
from .tools.credentials import CredentialProvider, EnvironmentCredentials, FileCredentials
from .tools.mcp import mcp_tools


def configured_tools(settings: Settings) -> list[AnyTool]:
    """Load the tools that the settings name.

    Raises:
        ConfigError: A name leads nowhere, or to something that is not a tool.
    """
    found: list[AnyTool] = []
    for position, name in enumerate(settings.tools):
        where = f"tools.{position}"
        loaded = load_object(name, settings.folder, where=where)
        if not isinstance(loaded, Tool | BaseTool) and callable(loaded):
            loaded = _call(loaded, settings.home)
        entries = loaded if isinstance(loaded, list | tuple) else [loaded]
        for entry in entries:
            if not isinstance(entry, Tool | BaseTool):
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
    if not settings.mcp:
        return []
    file = settings.home / settings.mcp_pins
    pins: dict[str, dict[str, str]] = json.loads(file.read_text()) if file.is_file() else {}
    found: list[AnyTool] = []
    for server in settings.mcp:
        # Connecting is asynchronous and building is not; a thread has no loop to disturb.
        with ThreadPoolExecutor(max_workers=1) as thread:
            loading = mcp_tools(server, pins=pins.get(server.name))
            loaded = thread.submit(asyncio.run, loading).result(timeout=60)
        if loaded.refused:
            name, why = next(iter(loaded.refused.items()))
            raise ConfigError(
                f"Tool {name} was refused: {why}",
                where=f"mcp.{server.name}",
                fix=f"Look at what has changed, then remove its entry from {file}.",
            )
        pins[server.name] = loaded.pins
        found.extend(loaded.tools)
    settings.home.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(pins, indent=2, sort_keys=True))
    return found


def credentials_of(settings: Settings) -> CredentialProvider:
    """Return where tools' credentials come from."""
    if settings.credentials.file is not None:
        return FileCredentials(settings.path(settings.credentials.file))
    return EnvironmentCredentials(settings.credentials.environment)


def _call(factory: Callable[..., Any], home: Path) -> Any:
    return factory(home) if inspect.signature(factory).parameters else factory()
