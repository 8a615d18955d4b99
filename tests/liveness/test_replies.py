"""What a model says, as long as it may be and longer, in each place where it may say something.

A reply far beyond its output limit is cut, so the longest that anything reads has sixteen bytes for
each token of the limit.
"""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage
from langgraph.checkpoint.memory import InMemorySaver

from pointsman import Settings, build_agent, tool
from pointsman.errors import PointsmanError
from pointsman.testing import ScriptedModel

from .test_loop import MILLION, TEXTS

SAID = {
    **TEXTS,
    "overrides": "\u202e" * (MILLION // 3),
    "invisible": "\u200b" * (MILLION // 3),
    "brackets": "[" * MILLION,
    "objects": '{"a":' * (MILLION // 5),
    "pairs": "{}" * (MILLION // 2),
    "fences": "```json\n" * (MILLION // 8),
    "thinking": "<think>" * (MILLION // 7),
    "quotes": '"' * MILLION,
    "escapes": '\\"' * (MILLION // 2),
    "sentences": "It is 7. " * (MILLION // 9),
    "cites": "[1]" * (MILLION // 3),
    "references": "{s.a} " * (MILLION // 6),
    "money": "$1,000.00 " * (MILLION // 10),
    "names": "Ann Lee " * (MILLION // 8),
}
LONG = {
    **{f"{name}, a million": SAID[name] for name in ("words", "overrides", "brackets", "breaks")},
    **{
        name: text.encode("utf-8", "surrogatepass")[:60_000].decode("utf-8", "ignore")
        for name, text in SAID.items()
    },
}
PLAN = {"steps": [{"id": "a", "kind": "tool", "tool": "find", "args": {}}]}


def _planned(text: str) -> list[Any]:
    """Return the planner's replies that hold a text, in each place of a plan and beside it."""
    step = PLAN["steps"][0]
    return [
        AIMessage(text),
        AIMessage(f"{text} {json.dumps(PLAN)}"),
        {"steps": [], "cannot": text},
        {"steps": [], "reply": text},
        {"steps": [{"id": "a", "kind": "reason", "goal": text}]},
        {"steps": [{**step, "args": {"q": text}}]},
        {"steps": [{"id": "a", "kind": "answer", "expression": text}]},
    ]


def _agent(home: Path, **replies: list[Any]) -> Any:
    @tool(effect="read", max_attempts=1)
    def find(q: str = "") -> str:
        """Find it."""
        return q or "7"

    settings = Settings.parse({"home": home, "limits": {"max_revisions": 0}})
    models: dict[Any, Any] = {role: ScriptedModel(replies=said) for role, said in replies.items()}
    return build_agent(settings, tools=[find], models=models, checkpointer=InMemorySaver())


@pytest.mark.parametrize("name", LONG)
async def test_a_planner(name: str, watch: Any, tmp_path: Path) -> None:
    """Whatever it makes of a plan."""
    replies = _planned(LONG[name])
    await _agent(tmp_path / "warm", planner=[PLAN] * 2).ainvoke({"task": "find"}, _thread("warm"))
    for number, reply in enumerate(replies):
        agent = _agent(tmp_path / "h", planner=[reply] * 4)
        async with watch():
            with suppress(PointsmanError):
                await agent.ainvoke({"task": "find"}, _thread(str(number)))


@pytest.mark.parametrize("name", LONG)
async def test_a_generator(name: str, watch: Any, tmp_path: Path) -> None:
    """Whatever it makes of an answer."""
    short, text = _answer("It is 7."), _answer(LONG[name])
    warm = _agent(tmp_path / "warm", planner=[PLAN] * 2, generator=[short] * 2)
    await warm.ainvoke({"task": "find"}, _thread("warm"))
    agent = _agent(tmp_path / "h", planner=[PLAN] * 4, generator=[text] * 4)
    async with watch():
        with suppress(PointsmanError):
            await agent.ainvoke({"task": "find"}, _thread("t"))


def _answer(text: str) -> Any:
    return {"sentences": [{"text": text, "cites": ["a"]}]}


def _thread(name: str) -> Any:
    return {"configurable": {"thread_id": name}}
