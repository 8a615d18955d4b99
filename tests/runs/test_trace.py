"""`trace`: a thread explained from Python, as its page shows it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.graph import START, StateGraph

from pointsman import Settings, Trace, build_agent, open_store, tool, trace, trace_now
from pointsman.errors import ConfigError, NotFoundError
from pointsman.state.agent import AgentState
from pointsman.testing import ScriptedModel

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "docs" / "tracing.md").read_text(encoding="utf-8")
DESK = ROOT / "examples" / "support_desk"
TASK = {"task": "Where is order ORD-1002?"}
THREAD: Any = {"configurable": {"thread_id": "t1"}}


def steps_of(found: Trace) -> list[tuple[str, str]]:
    """Return step and status of the one run."""
    [run] = found.runs
    return [(step.step.id, step.result.status) for step in run.steps if step.result]


async def test_a_thread_is_explained() -> None:
    """The agent alone is enough: its runs' steps, results, answer and costs are typed records."""
    agent = build_agent(Settings.load(DESK), checkpointer=InMemorySaver())
    await agent.ainvoke(TASK, THREAD)

    found = await trace(agent, "t1")

    [run] = found.runs
    assert (found.thread, found.status) == ("t1", "finished")
    assert run.task is not None
    assert run.task.text == TASK["task"]
    assert steps_of(found)
    assert {status for _, status in steps_of(found)} == {"accepted"}
    assert run.answer is not None
    assert "ORD-1002" in run.answer.text
    assert Trace.model_validate(found.model_dump(mode="json")) == found


async def test_a_derived_agent_knows_its_store() -> None:
    """LangGraph's own copies of an agent are traced like the agent."""
    agent = build_agent(Settings.load(DESK), checkpointer=InMemorySaver())
    derived = agent.with_config(tags=["mine"])
    await derived.ainvoke(TASK, THREAD)

    assert await trace(derived, "t1") == await trace(agent, "t1")


def test_synchronous_code_needs_no_event_loop(tmp_path: Path) -> None:
    """With a synchronous checkpointer the same records come back, without `await`."""
    with SqliteSaver.from_conn_string(str(tmp_path / "checkpoints.db")) as saver:
        agent = build_agent(Settings.load(DESK), checkpointer=saver)
        agent.invoke(TASK, THREAD)

        found = trace_now(agent, "t1")

    assert found.status == "finished"
    assert {status for _, status in steps_of(found)} == {"accepted"}


async def test_unknown_thread() -> None:
    """A thread that nobody began is an error of its own."""
    agent = build_agent(Settings.load(DESK), checkpointer=InMemorySaver())

    with pytest.raises(NotFoundError, match="no such thread"):
        await trace(agent, "nobody")


async def test_another_graph_needs_a_store(tmp_path: Path) -> None:
    """A graph that is not ours does not know the store; given one, it is asked for its threads."""
    graph = StateGraph(AgentState)

    def nothing(state: AgentState) -> dict[str, Any]:
        return {}

    graph.add_node("nothing", nothing)
    graph.add_edge(START, "nothing")
    other = graph.compile(checkpointer=InMemorySaver())

    with pytest.raises(ConfigError, match="store"):
        await trace(other, "t1")
    async with open_store(tmp_path / "store.db") as store:
        with pytest.raises(NotFoundError):
            await trace(other, "t1", store=store)


@pytest.mark.parametrize("code", re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL))
def test_examples_of_the_page_run(code: str, own_home: Path) -> None:
    """Each block of the page runs as a script from the repository root."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert "ORD-1002" in done.stdout


async def test_items_of_loops_are_steps_of_the_trace(tmp_path: Path) -> None:
    """Each has its arguments and its result, after its loop; the calls of none are lost."""

    @tool(effect="read", trust="internal")
    async def look(name: str) -> dict[str, str]:
        """Look up."""
        return {"name": name.upper()}

    inner = {"id": "deep", "kind": "tool", "tool": "look", "args": {"name": {"$from": "letter"}}}
    letters = {"items": "word.letters", "item": "letter", "key": "letter", "max": 9}
    loop = {"items": '[{"letters": ["a", "b"]}, {"letters": ["c"]}]', "item": "word", "max": 9}
    plan = {
        "steps": [
            {
                "id": "words",
                "kind": "each",
                "for_each": {
                    **loop,
                    "key": "word.letters[0]",
                    "steps": [
                        {
                            "id": "spelled",
                            "kind": "each",
                            "when": "word.letters[0] != 'c'",
                            "for_each": {**letters, "steps": [inner]},
                        }
                    ],
                },
            }
        ]
    }
    agent = build_agent(
        Settings.parse({"home": tmp_path / "home"}),
        tools=[look],
        models={"planner": ScriptedModel(replies=[plan])},
        checkpointer=InMemorySaver(),
        store=open_store(tmp_path / "records.db"),
    )
    await agent.ainvoke({"task": "Spell"}, THREAD)

    [run] = (await trace(agent, "t1")).runs

    found = {step.step.id: step for step in run.steps}
    assert list(found) == ["words", "spelled[a]", "deep[a][a]", "deep[a][b]", "spelled[c]"]
    assert found["deep[a][b]"].args == {"name": "b"}
    assert found["deep[a][b]"].output == {"name": "B"}
    assert found["spelled[c]"].result is not None
    assert found["spelled[c]"].result.status == "skipped"
    assert [call.attempt.step for call in run.calls] == ["plan"]
