"""The graph that only reads: it sees of a thread what the agent sees."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import StateSnapshot

from pointsman import Settings, build_agent
from pointsman.errors import OperatorError
from pointsman.graphs.reader import NODES, build_reader

GOLDEN = Path(__file__).parent.parent / "runs" / "golden"
STORED = sorted(path for path in GOLDEN.glob("*/*") if path.is_dir())


@pytest.fixture
def golden(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Give the agent that the golden states are of."""
    monkeypatch.syspath_prepend(str(GOLDEN.parent))
    return importlib.import_module("golden_agent")


def without_lanes(snapshot: StateSnapshot) -> StateSnapshot:
    """Leave out where a lane's own checkpoints would be: it keeps none."""
    return snapshot._replace(tasks=tuple(t._replace(state=None) for t in snapshot.tasks))


def test_it_has_the_nodes_of_the_agent() -> None:
    """A node more or less would hide where a thread stands."""
    agent = build_agent(Settings())

    assert set(NODES) == set(agent.nodes) - {"__start__"}


@pytest.mark.parametrize("stored", STORED, ids=lambda path: f"{path.parent.name}-{path.name}")
async def test_it_reads_what_the_agent_reads(golden: Any, stored: Path, tmp_path: Path) -> None:
    """Values, nodes that are next, what waits and the whole history are the same."""
    golden.restore(stored, tmp_path)

    async with golden.opened(tmp_path, golden.Tools(tmp_path), now=golden.MADE_AT) as agent:
        reader = build_reader(agent.checkpointer)

        seen = [without_lanes(s) async for s in reader.aget_state_history(golden.AT)]
        assert seen == [without_lanes(s) async for s in agent.aget_state_history(golden.AT)]
        assert seen[0] == without_lanes(await reader.aget_state(golden.AT))


def test_it_refuses_to_run() -> None:
    """What only reads must not take in a task."""
    reader = build_reader(InMemorySaver())

    with pytest.raises(OperatorError, match="only reads"):
        reader.invoke({"task": "hello"}, {"configurable": {"thread_id": "t"}})
