"""A store on disk, a run, and a runner over given tools."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from pointsman.state.run import Principal, Run
from pointsman.stores import SqlStore, open_store
from pointsman.tools import Runner, Tool, ToolCall, collect

RUN = Run(id="run-1", thread_id="thread-1", started_at=0.0)

MakeRunner = Callable[..., Runner]


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqlStore]:
    """A ledger in a real SQLite file."""
    async with open_store(tmp_path / "ledger.db") as opened:
        yield opened


@pytest.fixture
def make_runner(store: SqlStore) -> MakeRunner:
    """Build a runner over tools, on the test's store."""

    def make(*tools: Any, **options: Any) -> Runner:
        return Runner(collect(tools), store, **options)

    return make


@pytest.fixture
def run() -> Run:
    """The run that calls belong to."""
    return RUN


@pytest.fixture
def tool_call() -> ToolCall:
    """A call context, for running a tool without the ledger."""
    return ToolCall(
        idempotency_key="key-1",
        run_id="run-1",
        thread_id="thread-1",
        step="s1",
        attempt=1,
        principal=Principal(),
    )


@pytest.fixture
def execute(tool_call: ToolCall) -> Callable[..., Any]:
    """Run a tool directly."""

    async def execute(tool: Tool, **args: Any) -> Any:
        return await tool.run(args, tool_call)

    return execute
