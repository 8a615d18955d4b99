"""A turn writes what it has brought, however long the thread is."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any

from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from pointsman import Settings, build_agent, open_store, tool
from pointsman.benchmarks.planned import fixed_plan

TURNS = 60
EACH = 20
"""Turns of an early and of a late part, which are compared: several snapshots fall in each."""
SLACK = 1.25
"""Messages grow by half a kilobyte a turn, and each part holds snapshots of them."""


def _stored(file: Path) -> int:
    """Return the bytes of checkpoints and of the writes between them."""
    with closing(sqlite3.connect(file)) as connection:
        [[whole]] = connection.execute("SELECT sum(length(checkpoint)) FROM checkpoints")
        [[parts]] = connection.execute("SELECT sum(length(value)) FROM writes")
    return whole + parts


async def test_a_late_turn_stores_no_more_than_an_early_one(tmp_path: Path) -> None:
    """Neither messages nor what is remembered is written again with each step."""
    pages = count()

    @tool(effect="read", trust="internal")
    async def page() -> dict[str, Any]:
        """Return a page of text."""
        return {"text": f"{next(pages):04} {'page ' * 400}"}

    plan: Any = {"steps": [{"id": "look", "kind": "tool", "tool": "page", "args": {}}]}
    at: Any = {"configurable": {"thread_id": "long"}}
    file = tmp_path / "checkpoints.db"
    sizes: list[int] = []
    out: dict[str, Any] = {}
    async with (
        open_store(tmp_path / "store.db") as store,
        AsyncSqliteSaver.from_conn_string(str(file)) as saver,
    ):
        agent = build_agent(
            Settings(home=tmp_path),
            tools=[page],
            models={"planner": fixed_plan(plan)},
            store=store,
            checkpointer=saver,
        )
        for turn in range(TURNS):
            out = await agent.ainvoke({"task": f"Read page {turn}."}, at)
            sizes.append(_stored(file))

    assert len(out["messages"]) == 2 * TURNS
    early = sizes[2 * EACH - 1] - sizes[EACH - 1]
    late = sizes[3 * EACH - 1] - sizes[2 * EACH - 1]
    assert late < SLACK * early
