"""The agent whose threads the golden states are of; it is built alike under every release."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pointsman import Settings, open_store, tool
from pointsman.agent import build_dependencies
from pointsman.graphs.agent import build_graph
from pointsman.planners.protocols import PlanRequest
from pointsman.policy.settings import PolicySettings
from pointsman.state.plan import ForEach, Plan, Step
from pointsman.state.remembered import used
from pointsman.stores.checkpoints import open_checkpoints
from pointsman.tools.owner import this_process

MADE_AT = 1_790_000_000.0
"""The clock under which the golden states were made; approvals expire by it."""

AT: Any = {"configurable": {"thread_id": "golden"}}
KINDS: dict[str, tuple[str, str]] = {
    "waiting": ("Pay order A", ""),
    "killed": ("Pay order A", "R-ann"),
    "finished": ("Pay order A", ""),
    "in_a_loop": ("Pay for each part of order A", "p3"),
    "after_a_look": ("Pay what order A says", ""),
    "second_turn": ("Look at order A", ""),
}
"""Kind → what was asked, and the item whose look kills the process; empty if none does."""
POLICY = PolicySettings(
    file=Path(__file__).parent / "golden.cedar",
    schema_file=Path(__file__).parent / "golden.cedarschema",
)
"""The policies under which the golden states were made. Under others, what waits is asked anew."""
FILES = ("checkpoints.db", "pointsman.db")
PAGE = "p" * 9_000
"""Too large for state: it lives in the payload store."""


ORDER = Step(id="order", kind="tool", tool="look", args={"item": "A"})
PAID = Step(
    id="paid",
    kind="tool",
    tool="pay",
    args={"to": "ann", "amount": {"$from": "order", "path": "total"}},
)
RECEIPT = Step(
    id="receipt", kind="tool", tool="look", args={"item": {"$from": "paid", "path": "receipt"}}
)
EACH = Step(
    id="each",
    kind="each",
    for_each=ForEach(
        items="order.parts",
        item="part",
        max=5,
        concurrency=1,
        steps=(
            Step(id="seen", kind="tool", tool="look", args={"item": {"$from": "part"}}),
            Step(
                id="given",
                kind="tool",
                tool="pay",
                args={"to": {"$from": "part"}, "amount": {"$from": "seen", "path": "total"}},
                when="seen.total > 1",
            ),
        ),
    ),
)

OTHER = Step(id="other", kind="tool", tool="look", args={"item": "B"})
PAID_LATER = PAID.model_copy(
    update={"args": {"to": "ann", "amount": {"$from": "t1_order", "path": "total"}}}
)

PLANS: dict[str, tuple[Plan, ...]] = {
    "Pay order A": (Plan(steps=(ORDER, PAID, RECEIPT)),),
    "Pay for each part of order A": (Plan(steps=(ORDER, EACH)),),
    "Pay what order A says": (
        Plan(steps=(ORDER,), then_plan="whom to pay"),
        Plan(steps=(ORDER, PAID)),
    ),
    "Look at order A": (Plan(steps=(ORDER,)),),
    "And at B": (Plan(steps=(OTHER,)),),
    "Pay what the first order says": (Plan(steps=(PAID_LATER,)),),
}
"""What is asked → the plans that are made for it, one after another."""


@dataclass(frozen=True)
class FixedPlanner:
    """Plans what is asked: see `PLANS`."""

    async def plan(self, request: PlanRequest) -> Plan:
        """Return the plan."""
        [made] = [plans for asked, plans in PLANS.items() if asked == request.task.text]
        plan = made[min(request.version, len(made)) - 1]
        steps = (*(item.step for item in used(plan, request.remembered)), *plan.steps)
        update = {"steps": steps, "version": request.version, "planner": "fixed"}
        return plan.model_copy(update=update)


class Tools:
    """Tools that write down their calls; `die_at` names an item whose look kills the process."""

    def __init__(self, home: Path, die_at: str = "") -> None:
        self._calls = home / "calls.txt"
        self._die_at = die_at

    @property
    def calls(self) -> list[str]:
        """The calls so far, of every process."""
        return self._calls.read_text().split() if self._calls.exists() else []

    def _note(self, call: str) -> None:
        with self._calls.open("a") as file:
            file.write(f"{call}\n")

    def all(self) -> list[Any]:
        """Return the tools."""

        @tool(effect="read", trust="internal", data_class="orders")
        async def look(item: str) -> dict[str, Any]:
            """Look something up."""
            self._note(f"look:{item}")
            if item == self._die_at:
                await asyncio.sleep(0.5)  # the checkpoint writer's queue is empty by then
                os._exit(9)
            return {"item": item, "total": 49.5, "page": PAGE, "parts": ["p1", "p2", "p3"]}

        @tool(effect="money", trust="internal", idempotency="key")
        async def pay(to: str, amount: float) -> dict[str, Any]:
            """Pay somebody."""
            self._note(f"pay:{to}")
            return {"receipt": f"R-{to}", "amount": amount}

        return [look, pay]


@asynccontextmanager
async def opened(home: Path, tools: Tools, *, now: float = MADE_AT) -> AsyncIterator[Any]:
    """Open the agent over the files of a folder, with a clock that stands still."""
    async with (
        open_store(home / "pointsman.db", clock=lambda: now) as store,
        open_checkpoints(home / "checkpoints.db") as checkpoints,
    ):
        settings = Settings(home=home, policy=POLICY)
        dependencies = build_dependencies(settings, tools=tools.all(), store=store)
        dependencies = replace(dependencies, planner=FixedPlanner(), clock=lambda: now)
        yield build_graph(dependencies, checkpointer=checkpoints)


def dump(home: Path, folder: Path) -> None:
    """Write the databases of `home` as SQL, which a person can read and compare."""
    folder.mkdir(parents=True, exist_ok=True)
    here = this_process().rsplit("/", 2)[0].encode().hex().upper()
    for name in FILES:
        with closing(sqlite3.connect(home / name)) as connection:
            lines = "\n".join(connection.iterdump())
        # As from another machine, whose dead processes nobody can look up.
        lines = lines.replace(here, b"elsewhere".hex().upper())
        (folder / f"{name}.sql").write_text(lines + "\n", encoding="utf-8")
    (folder / "calls.txt").write_bytes((home / "calls.txt").read_bytes())


def restore(folder: Path, home: Path) -> None:
    """Make the databases that `dump` wrote."""
    home.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        with closing(sqlite3.connect(home / name)) as connection:
            connection.executescript((folder / f"{name}.sql").read_text(encoding="utf-8"))
    (home / "calls.txt").write_bytes((folder / "calls.txt").read_bytes())
