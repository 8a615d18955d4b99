"""A playbook's own patterns hold up nobody, whatever is written to the agent."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver

from pointsman import Settings, build_agent
from pointsman.planners.patterns import SECONDS, TooSlowError, occurs_in, values
from pointsman.testing import ScriptedModel
from pointsman.tools import tool

SLOW = [
    (r"(a|aa)+$", "a" * 1900 + "b"),
    (r"(\w+\s?)*$", "word " * 380 + "!"),
    (r"(?=(a*)*b)(x|x)*", "a" * 1900),
    (r"(?:[a-z]+ ?)+(?!\w)(?=!!)", "refund it " * 190),
]


@pytest.mark.parametrize(("pattern", "text"), SLOW)
def test_a_pattern_is_stopped(pattern: str, text: str) -> None:
    """In the time that one pattern gets, and a moment."""
    for use in (lambda: occurs_in(pattern, text), lambda: values(f"(?P<value>{pattern})", text)):
        started = time.monotonic()
        with pytest.raises(TooSlowError):
            use()
        assert time.monotonic() - started < 20 * SECONDS


@tool(effect="read")
def find(order: str) -> str:
    """Find an order."""
    return order


PLAYBOOK = """
name: find
description: find an order
intents: ["find the order aaaa", "find aaaa please"]
tools: [find]
{requires}
arguments:
  order: {{description: the order, pattern: '{pattern}'{context}}}
steps:
  - {{id: found, kind: tool, tool: find, goal: find it, args: {{order: {{$arg: order}}}}}}
"""


@pytest.mark.parametrize(
    "slow",
    [
        {"pattern": "(a|aa)+$"},
        {"pattern": "a+", "context": ", context: ['(a|aa)+{value}$']"},
        {"pattern": "a+", "requires": "requires: ['(a|aa)+$']"},
    ],
    ids=["pattern", "context", "requires"],
)
async def test_a_request_that_a_pattern_cannot_read_goes_to_the_planner(
    slow: dict[str, str], watch: Any, tmp_path: Path
) -> None:
    """Nobody else's run waits for it."""
    playbook = PLAYBOOK.format(**{"requires": "", "context": "", **slow})
    (tmp_path / "find.yaml").write_text(playbook)
    planner = ScriptedModel(replies=[{"steps": [], "answer": "Which one?"}] * 2)
    agent = build_agent(
        Settings.parse({"home": tmp_path / "h", "playbooks": tmp_path}),
        tools=[find],
        models={"planner": planner},
        checkpointer=InMemorySaver(),
    )
    await agent.ainvoke({"task": "find the order"}, {"configurable": {"thread_id": "warm"}})
    async with watch():
        out = await agent.ainvoke(
            {"task": "find the order " + "a" * 1500 + "b"}, {"configurable": {"thread_id": "t"}}
        )
    assert out["answer"]["text"] == "Which one?"
