"""What the tests of the support desk share: a database of its own for each test, and its tools."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from pointsman.examples.support_desk.database import create
from pointsman.examples.support_desk.tools import build_tools
from pointsman.state.run import Principal
from pointsman.state.values import Json
from pointsman.tools.contract import Tool, ToolCall

Call = Callable[..., Awaitable[Any]]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder without a database."""
    return tmp_path / "home"


@pytest.fixture
def tools(home: Path) -> dict[str, Tool]:
    """The desk's tools by name."""
    return {tool.name: tool for tool in build_tools(home)}


@pytest.fixture
def call(tools: dict[str, Tool]) -> Call:
    """Call tools by name with their arguments, under a key."""

    async def call_tool(name: str, *, key: str = "key", **args: Json) -> Json:
        return await tools[name].run(args, tool_call(key))

    return call_tool


def tool_call(key: str) -> ToolCall:
    """Return the context of a call."""
    return ToolCall(
        idempotency_key=key,
        run_id="run",
        thread_id="thread",
        step="step",
        attempt=1,
        principal=Principal(),
    )


@pytest.fixture
def rows(home: Path) -> Callable[[str], list[tuple[Any, ...]]]:
    """Query the database behind the tools' back."""

    def query(sql: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(create(home))) as db:
            return db.execute(sql).fetchall()

    return query
