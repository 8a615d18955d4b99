"""What a run says of its calls, and what the agent was given for them, reaches the router."""

from __future__ import annotations

from typing import Any

import pytest

from pointsman import Settings, build_agent
from pointsman.state.context import AgentContext
from pointsman.testing import ScriptedGateway, ScriptedModel

from .conftest import Bench

PNG = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5E"
    "rkJggg=="
)
ROLES = ["reasoner", "generator"]


def replies(request: Any) -> dict[str, Any]:
    """Answer steps and the answer alike."""
    if "sentences" in str(request.messages):
        return {"sentences": [{"text": "It is a dot.", "cites": ["b"]}]}
    return {"text": "It is a dot."}


@pytest.mark.parametrize(
    ("latency", "model", "tier"),
    [("normal", "cheap", None), ("fast", "quick", None), ("batch", "cheap", "flex")],
)
async def test_how_soon_the_caller_wants_it_chooses_the_model(
    bench: Bench, latency: Any, model: str, tier: str | None
) -> None:
    """`fast` takes the row for haste, and `batch` asks for the slow tier."""
    steps = [{"id": "b", "kind": "reason", "prompt": "Guess."}]
    common = {"endpoint": "a", "roles": ROLES, "structured_output": "prompt"}
    listed = [
        {**common, "id": "cheap", "prices": {"input": 1, "output": 1}, "batch_tier": "flex"},
        {**common, "id": "quick", "prices": {"input": 9, "output": 9}, "latency_seconds": 0.1},
    ]
    with ScriptedGateway({"cheap": replies, "quick": replies}) as server:
        catalog = {"endpoints": {"a": {"base_url": server.base_url}}, "models": listed}
        agent = bench.agent({"steps": steps}, settings_models=catalog)
        await agent.ainvoke(
            {"task": "Guess."},
            {"configurable": {"thread_id": "t"}},
            context=AgentContext(latency=latency),
        )
        first = server.requests[0]

    assert first.model == model
    assert first.body.get("service_tier") == tier


async def test_a_converter_lets_a_text_model_read_an_image(bench: Bench) -> None:
    """What `build_agent` was given turns the attached image into text, and the step goes on."""

    async def describe(data: bytes, media_type: str) -> str:
        return f"A dot of {len(data)} bytes, {media_type}."

    looks = {"id": "b", "kind": "reason", "prompt": "What is it?"}
    plan = {"steps": [{**looks, "args": {"picture": {"$attachment": "dot.png"}}}]}
    listed = {"id": "text", "endpoint": "a", "roles": ROLES, "structured_output": "prompt"}
    with ScriptedGateway({"text": replies}) as server:
        catalog = {"endpoints": {"a": {"base_url": server.base_url}}, "models": [listed]}
        agent = build_agent(
            Settings.parse({"home": bench.home, "models": catalog}),
            models={"planner": ScriptedModel(replies=[plan])},
            converters={"image": describe},
            checkpointer=bench.checkpointer,
            store=bench.store,
        )
        out = await agent.ainvoke(
            {"task": "What is it?", "attachments": [{"name": "dot.png", "data": PNG}]},
            {"configurable": {"thread_id": "t"}},
        )
        sent = str(server.requests[0].body["messages"])

    assert out["results"]["b"]["status"] == "accepted"
    assert "A dot of 70 bytes, image/png." in sent
    assert "image_url" not in sent
