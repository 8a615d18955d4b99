"""An agent over a real store whose models are scripted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver

from pointsman import Settings, build_agent, open_store, tool
from pointsman.state.values import JsonObject
from pointsman.stores.store import SqlStore
from pointsman.testing import ScriptedModel


@dataclass(kw_only=True)
class Bench:
    """A store, a tool, and agents that run scripted plans."""

    home: Path
    store: SqlStore
    calls: list[str] = field(default_factory=list)
    planner: ScriptedModel = field(default_factory=lambda: ScriptedModel(replies=[]))

    def agent(self, *plans: Any, checkpointer: Any = None, tools: Any = (), **options: Any) -> Any:
        """Build an agent; options are `models` by role and settings."""
        self.planner = ScriptedModel(replies=list(plans))
        models = {"planner": self.planner, **options.pop("models", {})}

        @tool(effect="read", trust="internal")
        async def look(item: str) -> dict[str, Any]:
            """Look something up."""
            self.calls.append(item)
            return {"id": item, "total": 49.9, "status": "shipped"}

        return build_agent(
            Settings.parse({"home": self.home, **options}),
            tools=[look, *tools],
            models=models,
            checkpointer=checkpointer or InMemorySaver(),
            store=self.store,
        )


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """Give a bench over a new store."""
    home = tmp_path / "home"
    home.mkdir()
    store = open_store(home / "pointsman.db")
    yield Bench(home=home, store=store)
    store.close_now()


@pytest.fixture
def looks() -> Any:
    """Write a plan that looks up each item in a step of its name."""

    def write(*items: str) -> JsonObject:
        return {
            "reason": "because",
            "steps": [
                {"id": item.lower(), "kind": "tool", "tool": "look", "args": {"item": item}}
                for item in items
            ],
        }

    return write


AT: Any = {"configurable": {"thread_id": "t"}}


@pytest.fixture
def at() -> Any:
    """Name the thread."""
    return AT
