"""The experiment: the expected calls of every task through the graph, spread over processes."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command

from ...agent import build_agent
from ...settings import Settings
from ...state.values import JsonObject
from ...stores.store import open_store
from ..spread import spread
from .desk import Desk
from .domains import ServiceTask
from .models import desk_models
from .tools import FORMS, ToolForm, tools_of

if TYPE_CHECKING:
    from ...stores.store import SqlStore

BATCH = 8
"""Tasks that one process takes at a time, with one store for all of them."""
MAX_PAUSES = 60
"""Times that one run may ask; more is a fault of the agent."""
REFUSED = "It did not happen: the system refused the call."


@dataclass(frozen=True, kw_only=True)
class TaskScore:
    """What one run came to."""

    domain: str
    task: str
    form: ToolForm
    solved: bool
    calls: int
    """Calls that reached the environment, of them `expected`."""
    expected: int
    requests: int
    """Times that a person was asked about a call."""
    left: tuple[str, ...] = ()
    """Of a run that did not get there: each step that was not accepted, with why."""


def run_all(
    tasks: Sequence[ServiceTask],
    *,
    forms: Sequence[ToolForm] = tuple(FORMS),
    workers: int | None = None,
) -> Iterator[list[TaskScore]]:
    """Yield scores, a batch at a time, as they come.

    Args:
        tasks: What to run.
        forms: How the tools are written.
        workers: Processes; as many as there are processors by default, 0 for none but this one.
    """
    jobs: list[tuple[Sequence[ServiceTask], ToolForm]] = [
        (tasks[start : start + BATCH], form)
        for start in range(0, len(tasks), BATCH)
        for form in forms
    ]
    yield from spread(run_batch, jobs, workers=workers)


def run_batch(tasks: Sequence[ServiceTask], form: ToolForm) -> list[TaskScore]:
    """Run some tasks one after the other."""
    return asyncio.run(_run_batch(tasks, form))


async def _run_batch(tasks: Sequence[ServiceTask], form: ToolForm) -> list[TaskScore]:
    with tempfile.TemporaryDirectory(prefix="tau2-") as folder:
        home = Path(folder)
        async with open_store(home / "store.db") as store:
            return [await _run(task, form, store, home) for task in tasks]


async def _run(task: ServiceTask, form: ToolForm, store: SqlStore, home: Path) -> TaskScore:
    desk = Desk(task)
    graph = build_agent(
        Settings(home=home),
        tools=tools_of(desk, form),
        models=desk_models(desk),
        checkpointer=InMemorySaver(),
        store=store,
    )
    thread = f"{task.domain}-{task.id}-{form}"
    config: Any = {"configurable": {"thread_id": thread}, "recursion_limit": 400}
    state: Any = await graph.ainvoke({"task": task.request}, config)
    asked = 0
    for _ in range(MAX_PAUSES):
        if not (pauses := state.get("__interrupt__")):
            break
        requests: list[JsonObject] = pauses[0].value["action_requests"]
        allowed: list[JsonObject] = pauses[0].value["review_configs"]
        asked += len(requests)
        decisions = [_decision(request) for request in allowed]
        state = await graph.ainvoke(Command(resume={"decisions": decisions}), config)
    return TaskScore(
        domain=task.domain,
        task=task.id,
        form=form,
        solved=desk.solved,
        calls=len(desk.made),
        expected=len(task.calls),
        requests=asked,
        left=_left(state),
    )


def _decision(config: JsonObject) -> JsonObject:
    """Approve; of a call that may have happened say what a look at the system would show."""
    if "edit" in config["allowed_decisions"]:
        return {"type": "approve"}
    return {"type": "respond", "message": REFUSED}


def _left(state: JsonObject) -> tuple[str, ...]:
    results: dict[str, JsonObject] = state.get("results", {})
    return tuple(
        f"{step}: {result['status']}, {(result.get('failure') or {}).get('message', '')}"
        for step, result in results.items()
        if result["status"] != "accepted"
    )
