"""Decisions on what was decided before and has not run yet: the newest counts.

A run that is cut off between a decision and its effect does not wait for anybody, so LangGraph has
nobody to hand a new decision to. It travels in the run's configuration instead, and the step that
it is about records it before it acts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.config import get_config
from langgraph.runtime import Runtime

from ..state.approval import ApprovalRequest, Decision, read_decisions
from ..state.context import AgentContext
from ..state.results import StepResult
from ..state.values import Json
from .decisions import record_newest
from .dependencies import Dependencies
from .memory import RunMemory
from .thread import with_entry

KEY = "__pointsman_decisions"
"""LangGraph keeps keys that begin so out of what checkpoints say of a run; it does not promise to,
and `tests/graphs/test_langgraph_parts.py` fails when it changes."""


def with_late_decisions(
    config: RunnableConfig | None, sent: Json, results: Mapping[str, StepResult]
) -> RunnableConfig | None:
    """Return a config that carries decisions to the steps they are about; `None` if there are none.

    Args:
        config: The run's config.
        sent: The resume value.
        results: Results of the thread's newest state.

    Raises:
        DecisionError: The value is malformed.
    """
    cleared = sorted(
        (result for result in results.values() if result.status == "cleared"),
        key=lambda result: result.step,
    )
    requests = [result.approval for result in cleared if result.approval]
    if not requests:
        return None
    decisions = {d.approval_id: d for d in read_decisions(sent, requests)}
    return with_entry(config, KEY, value=decisions)


async def take_late_decision(
    request: ApprovalRequest,
    memory: RunMemory,
    runtime: Runtime[AgentContext],
    dependencies: Dependencies,
) -> None:
    """Record a newer decision on an approved request, if one came with the run.

    Raises:
        DecisionError: It may not be given; the run ends and nothing has run.
    """
    carried: Mapping[str, Any] = get_config().get("configurable", {}).get(KEY) or {}
    decision: Decision | None = carried.get(request.id)
    if decision is None:
        return
    record = await dependencies.store.approvals.get(request.id)
    await record_newest([decision], {request.id: record}, [record.request], runtime, dependencies)
    memory.approvals_changed(record.run_id)
