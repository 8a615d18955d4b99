"""What a turn costs in model calls: a playbook's look-up none, a courtesy one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pointsman.testing import ScriptedModel

PLAYBOOK = """
name: order_status
description: Say where an order is.
intents: ["Where is my order A-12?", "What is the status of order A-88?", "Track order A-40"]
tools: [look]
arguments:
  order: {description: the order number, pattern: 'A-\\d+'}
steps:
  - {id: order, kind: tool, goal: Look up the order, tool: look, args: {item: {$arg: order}}}
answer:
  - text:
      $join: ["Order ", {$from: order, path: id}, " comes to ", {$from: order, path: total}, "."]
"""


@pytest.fixture
def w(write: dict[str, Any]) -> Any:
    """Give the writers by attribute."""
    return type("Writers", (), {name: staticmethod(f) for name, f in write.items()})


async def test_an_order_status_by_playbook_costs_no_model_call(
    bench: Any, w: Any, tmp_path: Path
) -> None:
    """Planner, writer and verifier are there, and none of them is asked."""
    folder = tmp_path / "playbooks"
    folder.mkdir()
    (folder / "status.yaml").write_text(PLAYBOOK, encoding="utf-8")
    models = {role: ScriptedModel(replies=[]) for role in ("generator", "verifier", "reasoner")}
    agent = bench.agent(playbooks=folder, models=models)

    out = await agent.ainvoke(
        {"messages": [("user", "What is the status of order A-77?")]}, w.thread()
    )

    assert out["messages"][-1].text.startswith("Order A-77 comes to 49.9")
    assert out["answer"]["written_by"] == "template"
    assert not any(model.prompts for model in (*models.values(), *bench.models))
    assert out["usage"].get("model_calls", 0) == 0


@pytest.mark.parametrize("said", ["Thanks!", "Hello", "Danke dir!", "Merci !", "¡Gracias!"])
async def test_a_courtesy_costs_one(bench: Any, w: Any, said: str) -> None:
    """The planner replies itself."""
    generator = ScriptedModel(replies=[])
    agent = bench.agent({"steps": [], "answer": "You're welcome!"}, models={"generator": generator})

    out = await agent.ainvoke({"messages": [("user", said)]}, w.thread())

    assert out["messages"][-1].text == "You're welcome!"
    assert len(bench.models[0].prompts) == 1
    assert not generator.prompts
