"""Without a thread id or a checkpointer an agent works, or says what to do."""

from __future__ import annotations

from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command

from pointsman import Settings, build_agent, tool
from pointsman.errors import ConfigError, DecisionError, TaskError
from pointsman.runs.trace import trace, trace_now
from pointsman.testing import ScriptedModel

TASK = {"task": "Pay ann"}
AT: Any = {"configurable": {"thread_id": "t"}}
ANSWER: Any = Command(resume={"decisions": [{"type": "approve"}]})


@pytest.fixture
def agent(tmp_path: Any) -> Any:
    """Give a function that builds an agent that asks before it pays."""

    @tool(effect="money", trust="internal", idempotency="key")
    def pay(to: str) -> dict[str, str]:
        """Pay somebody."""
        return {"paid": to}

    def build(checkpointer: Any = None) -> Any:
        step = {"id": "a", "kind": "tool", "tool": "pay", "args": {"to": "ann"}}
        return build_agent(
            Settings.parse({"home": tmp_path / "h"}),
            tools=[pay],
            models={"planner": ScriptedModel(replies=[{"reason": "r", "steps": [step]}] * 4)},
            checkpointer=checkpointer,
        )

    return build


@pytest.mark.parametrize(
    "config", [None, {}, {"configurable": {}}, {"configurable": {"thread_id": None}}], ids=str
)
@pytest.mark.parametrize("given", [TASK, ANSWER, None], ids=["task", "answer", "nothing"])
async def test_a_missing_thread_is_asked_for(agent: Any, given: Any, config: Any) -> None:
    """The field is named, with what to write there, whichever way it is invoked."""
    saved = agent(InMemorySaver())

    with pytest.raises(TaskError, match="thread_id") as synchronous:
        saved.invoke(given, config)
    with pytest.raises(TaskError, match="thread_id"):
        await saved.ainvoke(given, config)

    assert "conversation" in synchronous.value.fix


async def test_a_thread_may_be_bound_to_the_graph(agent: Any) -> None:
    """LangChain's way to fix a config once."""
    out = await agent(InMemorySaver()).with_config(AT).ainvoke(TASK)

    assert "__interrupt__" in out


async def test_without_a_checkpointer_an_answer_is_told_what_is_missing(agent: Any) -> None:
    """It can be asked, with a thread and without; what it asks for cannot be answered."""
    assert "__interrupt__" in await agent().ainvoke(TASK)
    assert "__interrupt__" in await agent().ainvoke(TASK, AT)

    for config in (AT, None):
        with pytest.raises(DecisionError, match="checkpointer"):
            await agent().ainvoke(ANSWER, config)
        with pytest.raises(DecisionError, match="checkpointer"):
            agent().invoke(ANSWER, config)


async def test_a_trace_needs_a_checkpointer(agent: Any) -> None:
    """It says so, and not that the thread is unknown."""
    with pytest.raises(ConfigError, match="no checkpointer"):
        await trace(agent(), "t")
    with pytest.raises(ConfigError, match="no checkpointer"):
        trace_now(agent(), "t")
