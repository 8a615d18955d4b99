"""What the audit log costs a run: runs with and without what they note there, side by side.

    python -m pointsman.benchmarks.auditing

A model plans two reads and a draft, over SQLite in a new folder with a file of checkpoints, and
with the heads signed and kept as in use. Runs of both kinds take turns, so that whatever else the
machine does meets both; the first ones are left out.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from .. import Settings, build_agent, open_store, tool
from ..state.values import JsonObject
from ..stores.anchor import Anchor
from ..stores.audit import AuditDraft
from ..stores.checkpoints import open_checkpoints
from ..testing import ScriptedModel

WARM_UP = 10
RUNS = 100
PLAN: JsonObject = {
    "reason": "because",
    "steps": [
        {"id": "a", "kind": "tool", "tool": "look_up", "args": {"name": "ann"}},
        {"id": "b", "kind": "tool", "tool": "look_up", "args": {"name": "bob"}},
    ],
}


@tool(effect="read", trust="internal")
async def look_up(name: str) -> dict[str, Any]:
    """Look somebody up."""
    return {"name": name, "mail": f"{name}@example.com", "balance": 12.5}


async def _nothing(draft: AuditDraft) -> None:
    """Note nothing."""


class SideBySide:
    """Runs of one kind, with a folder of their own."""

    def __init__(self, folder: Path, *, audited: bool) -> None:
        folder.mkdir()
        self._folder = folder
        self.store = open_store(folder / "pointsman.db", anchor=Anchor(folder))
        if not audited:
            self.store.audit.note = _nothing
        self.wall: list[float] = []
        self.cpu: list[float] = []

    async def open(self, stack: AsyncExitStack) -> None:
        """Build the agent."""
        saver = await stack.enter_async_context(open_checkpoints(self._folder / "checkpoints.db"))
        self._agent = build_agent(
            Settings.parse({"home": self._folder}),
            tools=[look_up],
            models={"planner": ScriptedModel(replies=[PLAN] * (WARM_UP + RUNS))},
            checkpointer=saver,
            store=self.store,
        )

    async def run(self, number: int) -> None:
        """Perform one run."""
        at: Any = {"configurable": {"thread_id": str(number)}}
        wall, cpu = time.perf_counter(), time.process_time()
        await self._agent.ainvoke({"task": "What is the balance of ann and bob?"}, at)
        self.wall.append(time.perf_counter() - wall)
        self.cpu.append(time.process_time() - cpu)


async def measure(folder: Path) -> tuple[SideBySide, SideBySide, int]:
    """Return both kinds, and how many entries the audited runs have noted."""
    kinds = [SideBySide(folder / name, audited=name == "with") for name in ("with", "without")]
    async with AsyncExitStack() as stack:
        for kind in kinds:
            await kind.open(stack)
        for number in range(WARM_UP + RUNS):
            for kind in kinds if number % 2 else reversed(kinds):
                await kind.run(number)
        extent = await kinds[0].store.audit.verify()
        for kind in kinds:
            await kind.store.close()
    return kinds[0], kinds[1], extent.entries


def _line(name: str, audited: list[float], plain: list[float]) -> str:
    with_it, without = (statistics.median(seconds[WARM_UP:]) for seconds in (audited, plain))
    return (
        f"{name}: {with_it * 1000:.1f} ms a run with, {without * 1000:.1f} ms without, "
        f"{with_it / without - 1:+.1%} (medians of {RUNS})"
    )


async def main() -> int:
    """Print three lines."""
    with tempfile.TemporaryDirectory() as folder:
        audited, plain, entries = await measure(Path(folder))
    print(f"entries a run: {entries / (WARM_UP + RUNS):.1f}")
    print(_line("time", audited.wall, plain.wall))
    print(_line("processor", audited.cpu, plain.cpu))
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
