"""What a run costs in parses, packs, database trips and payload loads, from invoke to answer.

    python -m pointsman.benchmarks.trips

Counted by watching the functions that do it: `Record.from_json`, `Record.to_json`, both calls of
`Database`, and loads of payloads. Plans come from a planner that costs nothing, so that what is
left is the framework's own; once they come from a scripted model, whose calls are reserved, settled
and recorded like any other. The counts are exact and the same on every machine. Beside each stands
what the same run cost before a run's state had one door (docs/decisions/008-one-door-to-state.md).
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from math import inf
from pathlib import Path
from typing import Any
from unittest.mock import patch

from langchain_core.language_models import BaseChatModel
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command

from .. import Settings, open_store, tool
from .. import agent as agent_parts
from ..graphs.agent import build_graph
from ..models.requests import Role
from ..planners.protocols import PlanRequest
from ..policy.switches import SwitchBoard
from ..state.plan import Plan, Step
from ..state.values import JsonObject, Record
from ..stores import attempts
from ..stores.database import Database
from ..stores.payloads import SqlPayloads
from ..testing import ScriptedModel

COUNTED = ("parses", "packs", "trips", "loads")
GATES = (1, 8, 32, 128)
SHARED_BYTES = 200_000

BEFORE: dict[str, tuple[int, ...]] = {
    "one read step": (28, 12, 11, 0),
    "approved payments: 1": (71, 22, 21, 0),
    "approved payments: 32": (3233, 487, 393, 0),
    "approved payments: 128": (37409, 1927, 1804, 0),
    "eight steps, one 200 kB value": (148, 52, 68, 25),
}
"""What the runs cost in parses, packs, trips and loads when this was first counted, at the state
unpacked at every node. Of the others nothing was recorded."""

WATCHED: tuple[tuple[type, str, str], ...] = (
    (Record, "from_json", "parses"),
    (Record, "to_json", "packs"),
    (Database, "read", "trips"),
    (Database, "write", "trips"),
    (SqlPayloads, "get", "loads"),
    (SqlPayloads, "get_bytes", "loads"),
)


@contextmanager
def counting() -> Generator[Counter[str], None, None]:
    """Count calls while the block runs."""
    counts: Counter[str] = Counter()
    originals = [(owner, name, owner.__dict__[name]) for owner, name, _ in WATCHED]
    for owner, name, what in WATCHED:
        setattr(owner, name, _counted(owner.__dict__[name], what, counts))
    try:
        yield counts
    finally:
        for owner, name, original in originals:
            setattr(owner, name, original)


def _counted(original: Any, what: str, counts: Counter[str]) -> Any:
    called: Callable[..., Any] = getattr(original, "__func__", original)

    def wrapper(*args: Any, **options: Any) -> Any:
        counts[what] += 1
        return called(*args, **options)

    return classmethod(wrapper) if isinstance(original, classmethod) else wrapper


@dataclass(frozen=True)
class FixedPlanner:
    """A planner that always makes the same plan."""

    made: Plan

    async def plan(self, request: PlanRequest) -> Plan:
        """Return the plan."""
        return self.made.model_copy(update={"version": request.version})


@tool(effect="read", trust="internal")
async def look(item: str) -> JsonObject:
    """Look something up."""
    return {"item": item, "total": 49.9}


@tool(effect="money", trust="internal", idempotency="key")
async def pay(to: str, amount: float) -> JsonObject:
    """Pay somebody."""
    return {"receipt": f"R-{to}", "amount": amount}


@tool(effect="read", trust="internal")
async def large() -> JsonObject:
    """Return a large value."""
    return {"text": "x" * SHARED_BYTES, "name": "large"}


@tool(effect="read", trust="internal")
async def measure(text: str, number: int) -> JsonObject:
    """Use a large value."""
    return {"length": len(text), "number": number}


def one_read() -> Plan:
    """Return a plan of one read step."""
    return Plan(steps=(Step(id="s1", kind="tool", tool="look", args={"item": "A"}),))


def payments(count: int) -> Plan:
    """Return a plan of independent payments."""
    return Plan(
        steps=tuple(
            Step(id=f"p{n}", kind="tool", tool="pay", args={"to": f"to{n}", "amount": 1.0 + n})
            for n in range(count)
        )
    )


def reads(count: int) -> Plan:
    """Return a plan of read steps that follow each other."""
    return Plan(
        steps=tuple(
            Step(
                id=f"r{n}",
                kind="tool",
                tool="look",
                args={"item": str(n)},
                after=(f"r{n - 1}",) if n else (),
            )
            for n in range(count)
        )
    )


def shared_value() -> Plan:
    """Return a plan in which eight steps of one chain use one large value."""
    text = {"$from": "big", "path": "text"}
    return Plan(
        steps=(
            Step(id="big", kind="tool", tool="large"),
            *(
                Step(
                    id=f"u{n}",
                    kind="tool",
                    tool="measure",
                    args={"text": text, "number": n},
                    after=(f"u{n - 1}",) if n else (),
                )
                for n in range(8)
            ),
        )
    )


_AN_HOUR = 3600.0


async def count_run(plan: Plan, *, by_model: bool = False) -> Counter[str]:
    """Count one run from invoke to answer, everything that it asks approved at once.

    Args:
        plan: What is done.
        by_model: Whether a model makes the plan; else it costs nothing.
    """
    models: dict[Role, BaseChatModel] = {"planner": _writing(plan)} if by_model else {}
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(Path(folder) / "pointsman.db")
        # What is done each second, or after so many, does not tell what a run costs.
        began = time.time()
        with patch.object(agent_parts, "SwitchBoard", partial(SwitchBoard, max_age_seconds=inf)):
            dependencies = agent_parts.build_dependencies(
                Settings(home=Path(folder)),
                tools=[look, pay, large, measure],
                models=models,
                store=store,
            )
        dependencies = replace(dependencies, clock=lambda: began)
        if not by_model:
            dependencies = replace(dependencies, planner=FixedPlanner(plan))
        agent = build_graph(dependencies, checkpointer=InMemorySaver())
        try:
            await store.switches.active()  # the first use of a store makes its tables
            with counting() as counts, patch.object(attempts, "SOON", _AN_HOUR):
                await _to_the_answer(agent, len(plan.steps))
        finally:
            await store.close()
    return counts


def _writing(plan: Plan) -> ScriptedModel:
    """Return a model that replies with the plan."""
    fields = {"id", "kind", "tool", "args", "after"}
    steps = [step.model_dump(mode="json", include=fields) for step in plan.steps]
    return ScriptedModel(replies=[{"reason": "as asked", "steps": steps}])


async def _to_the_answer(agent: Any, steps: int) -> None:
    thread: Any = {"configurable": {"thread_id": "trips"}}
    out = await agent.ainvoke({"task": "Do it"}, thread)
    if waiting := out.get("__interrupt__"):
        asked = waiting[0].value["action_requests"]
        decisions = [{"type": "approve"} for _ in asked]
        out = await agent.ainvoke(Command(resume={"decisions": decisions}), thread)
    accepted = [r for r in out["results"].values() if r["status"] == "accepted"]
    if len(accepted) != steps:
        raise SystemExit(f"only {len(accepted)} of {steps} steps were accepted")


async def main() -> int:
    """Print one line for each kind of run: before → after, and how many times less."""
    runs = {"one read step": one_read()}
    runs |= {f"approved payments: {count}": payments(count) for count in GATES}
    runs |= {"eight steps, one 200 kB value": shared_value()}
    print(f"{'':30}" + "".join(f"{name:>24}" for name in COUNTED))
    for name, plan in runs.items():
        print(line(name, await count_run(plan)))
    for name, plan in {"one read step": one_read(), "eight read steps": reads(8)}.items():
        print(line(f"{name}, model-planned", await count_run(plan, by_model=True)))
    return 0


def line(name: str, counts: Counter[str]) -> str:
    """Return a line of the table: each count beside the one before, where it is known."""
    before = BEFORE.get(name, (None,) * len(COUNTED))
    cells = (_cell(then, counts[what]) for then, what in zip(before, COUNTED, strict=True))
    return f"{name:30}" + "".join(f"{cell:>24}" for cell in cells)


def _cell(before: int | None, after: int) -> str:
    if before is None:
        return f"{after:,}"
    ratio = f" ({before / after:.1f}×)" if after else ""
    return f"{before:,} → {after:,}{ratio}"


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
