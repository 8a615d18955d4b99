"""Trial: one case through the real graph, with its own folder, database and store."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command

from ..agent import Agent, build_dependencies
from ..errors import DecisionError
from ..graphs.agent import build_graph
from ..settings import Settings
from ..state.approval import FACTS_KEY
from ..state.values import JsonObject
from ..stores.store import open_store
from .dataset import Inputs, ScriptedDecision
from .outcome import RunOutcome, read_outcome

MAX_PAUSES = 16
"""Interrupts that a case may decide on; a run that asks more often asks the same again."""

_THREAD: RunnableConfig = {"configurable": {"thread_id": "evaluation"}}


async def run_trial(config: Path, home: Path, given: Inputs, *, timeout: float) -> RunOutcome:
    """Run a case to its answer, its approvals decided as it says.

    Args:
        config: Settings file or folder. Its own store and home are not touched.
        home: An empty folder for everything that the run writes.
        given: The task, and what the approver decides.
        timeout: Seconds after which the trial is given up.

    Raises:
        PointsmanError: The settings, the task or a decision cannot be taken.
        TimeoutError: The run took too long.
    """
    settings = await asyncio.to_thread(_settings, config, home)
    started = time.perf_counter()
    async with asyncio.timeout(timeout), open_store(settings.database_url) as store:
        dependencies = build_dependencies(settings, store=store)
        try:
            agent = build_graph(dependencies, checkpointer=InMemorySaver())
            asked = await _decided(agent, given)
            values = (await agent.aget_state(_THREAD)).values
            return await read_outcome(values, asked, time.perf_counter() - started, dependencies)
        finally:
            await dependencies.models.aclose()


def _settings(config: Path, home: Path) -> Settings:
    home.mkdir(parents=True)
    return Settings.load(config, home=home, store_url="")


async def _decided(agent: Agent, given: Inputs) -> list[str]:
    """Run to the end; return the tools that a person was asked about, in order."""
    asked: dict[str, str] = {}
    step: Any = {"task": given.task, "attachments": list(given.attachments)}
    for _ in range(MAX_PAUSES):
        state = await agent.ainvoke(step, _THREAD)
        if not (interrupts := state.get("__interrupt__")):
            return list(asked.values())
        question: JsonObject = interrupts[0].value
        _refused(question)
        asked |= {a["id"]: a["tool"] for a in question[FACTS_KEY]["approvals"]}
        decisions = [decide(request, given) for request in question["action_requests"]]
        step = Command(resume={"decisions": decisions})
    raise DecisionError(
        f"The run still asks after {MAX_PAUSES} interrupts.",
        where="approvals",
        fix="Let the case approve or reject what waits.",
    )


def _refused(question: JsonObject) -> None:
    if problem := question[FACTS_KEY].get("error"):
        raise DecisionError(
            f"A decision of the case was refused: {problem}", where="approvals", fix="Correct it."
        )


def decide(request: JsonObject, given: Inputs) -> JsonObject:
    """Return the case's decision on one requested action, in LangChain's form."""
    name, requested = request["name"], request["args"]
    ruling = given.approvals.get(name, ScriptedDecision(type="approve"))
    if ruling.type != "edit":
        return {"type": ruling.type, "message": ruling.message}
    return {
        "type": "edit",
        "edited_action": {"name": name, "args": {**requested, **ruling.args}},
    }
