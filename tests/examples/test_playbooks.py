"""The desk's playbooks, through the graph and without a model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver

import pointsman
from pointsman import Settings, build_agent

DESK = Path(pointsman.__file__).parent / "examples" / "support_desk" / "pointsman.yaml"


@pytest.fixture
def agent(own_home: Path) -> Any:
    """Give the desk's agent."""
    return build_agent(Settings.load(DESK), checkpointer=InMemorySaver())


@pytest.mark.parametrize(
    ("ticket", "status", "because"),
    [("TCK-3001", "accepted", "ORD-1001"), ("TCK-3005", "skipped", "null")],
)
async def test_an_order_is_looked_up_where_the_ticket_is_about_one(
    agent: Any, ticket: str, status: str, because: str
) -> None:
    """A ticket without an order is no failure."""
    at: Any = {"configurable": {"thread_id": ticket}}

    out = await agent.ainvoke({"task": f"Triage ticket {ticket}"}, at)

    assert out["answer"]["status"] == "complete"
    assert out["results"]["order"]["status"] == status
    assert because in out["results"]["order"]["reason"]


async def test_the_queue_is_gone_through_ticket_by_ticket(agent: Any) -> None:
    """Each open ticket brings its next actions, the most urgent first, and no model is asked."""
    at: Any = {"configurable": {"thread_id": "queue"}}

    out = await agent.ainvoke({"task": "Triage all open tickets"}, at)

    tickets, text = out["results"]["each"]["items"], out["answer"]["text"]
    places = [text.index(f"Next for {ticket}: ") for ticket in tickets]
    assert len(tickets) == 10
    assert places == sorted(places)
    assert out["answer"]["status"] == "complete"
    assert out["usage"]["model_calls"] == 0
