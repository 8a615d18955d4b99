"""The path through language models, over real HTTP: plan, reason, draft, answer."""

from __future__ import annotations

import os
from typing import Any

import pytest

from pointsman import Settings, build_agent
from pointsman.errors import ConfigError
from pointsman.models.embedded.local import is_installed
from pointsman.runs.cascade import escalations
from pointsman.state.results import StepResult
from pointsman.testing import Fault, Reply, ScriptedGateway

KEY = "sk-loopback"
PLAN = {
    "reason": "look, then think",
    "steps": [
        {"id": "order", "kind": "tool", "tool": "look", "args": {"item": "ORD-1"}},
        {
            "id": "judge",
            "kind": "reason",
            "prompt": "Is the total above 40?",
            "args": {"total": {"$from": "order", "path": "total"}},
        },
    ],
}
JUDGED = {"text": "The total 49.9 is above 40."}
ANSWER = {
    "sentences": [
        {"text": "The total of order ORD-1 is 49.9.", "cites": ["order"]},
        {"text": "The total 49.9 is above 40.", "cites": ["judge"]},
    ]
}

CHECKED = {"supported": [True, True]}


def catalog(gateway: ScriptedGateway) -> dict[str, Any]:
    """Return the settings of one endpoint with two models for every role."""
    price = {"input": 1.0, "output": 2.0}
    return {
        "endpoints": {"loop": {"base_url": gateway.base_url, "api_key_env": "LOOP_KEY"}},
        "models": [
            {"id": "first", "endpoint": "loop", "quality": 3, "prices": price},
            {"id": "second", "endpoint": "loop", "quality": 3, "prices": {**price, "input": 1.5}},
        ],
    }


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the endpoint's key."""
    monkeypatch.setenv("LOOP_KEY", KEY)


@pytest.mark.usefixtures("key")
async def test_plan_reason_and_answer_over_http(bench: Any) -> None:
    """Four calls, the verifier's too, a cited answer, its cost, and its sentences as events."""
    with ScriptedGateway({"first": [PLAN, JUDGED, ANSWER, CHECKED]}, api_key=KEY) as gateway:
        agent = build_agent(
            Settings.parse({"home": bench.home, "models": catalog(gateway)}),
            tools=bench.tools(),
            checkpointer=bench.checkpointer,
            store=bench.store,
        )
        stream = agent.astream(
            {"task": "Is the total of ORD-1 above 40?"},
            {"configurable": {"thread_id": "t"}},
            stream_mode=["custom", "values"],
        )
        parts: list[Any] = [part async for part in stream]
        gateway.assert_complete()

    out = [part for mode, part in parts if mode == "values"][-1]
    events = [part["event"] for mode, part in parts if mode == "custom"]
    assert out["answer"]["status"] == "complete"
    assert [c["source"] for c in out["answer"]["citations"]][1].startswith("reason judge")
    assert out["usage"]["usd"] > 0
    assert "sentence" in events
    assert "token" not in events
    assert "sk-loopback" not in repr(parts)


@pytest.mark.usefixtures("key")
async def test_a_dead_model_is_routed_around(bench: Any) -> None:
    """Each call ends at the next candidate; the answer is the same, the attempts are recorded."""
    script = {"first": [], "second": [PLAN, JUDGED, ANSWER, CHECKED]}
    down = [Fault(kind="overloaded", model="first", times=99)]
    with ScriptedGateway(script, api_key=KEY, faults=down) as gateway:
        agent = build_agent(
            Settings.parse({"home": bench.home, "models": catalog(gateway)}),
            tools=bench.tools(),
            store=bench.store,
        )
        out = await agent.ainvoke({"task": "Is the total of ORD-1 above 40?"})

    assert out["answer"]["status"] == "complete"
    attempts = await bench.store.attempts.recent()
    assert {a.model for a in attempts if a.outcome == "ok"} == {"second"}
    assert {a.outcome for a in attempts if a.model == "first"} == {"overloaded"}


@pytest.mark.usefixtures("key")
async def test_almost_json_is_repaired(bench: Any) -> None:
    """A code fence and a trailing comma do not cost a second call."""
    step = '{"id": "a", "kind": "tool", "tool": "look", "args": {"item": "A"}}'
    text = f'```json\n{{"steps": [{step},],}}\n```'
    script: dict[str, Any] = {"first": [Reply(text=text), {"sentences": []}]}
    with ScriptedGateway(script, api_key=KEY) as gateway:
        agent = build_agent(
            Settings.parse({"home": bench.home, "models": catalog(gateway)}),
            tools=bench.tools(),
            store=bench.store,
        )
        out = await agent.ainvoke({"task": "look up A"})
        gateway.assert_complete()

    assert out["results"]["a"]["status"] == "accepted"


async def test_an_unreachable_endpoint_ends_in_the_safe_response(bench: Any, key: None) -> None:
    """The user hears no cause, operators do; nothing is raised."""
    with ScriptedGateway({}) as gateway:
        models = catalog(gateway)
    agent = build_agent(
        Settings.parse({"home": bench.home, "models": models, "deadline_seconds": 20}),
        tools=bench.tools(),
        store=bench.store,
    )

    out = await agent.ainvoke({"task": "look up A"})

    assert out["answer"]["status"] == "safe_response"
    assert out["answer"]["text"].startswith("Something on our side did not work.")
    assert "No plan could be had" in out["answer"]["report"][0]


async def test_a_missing_key_variable_is_named(bench: Any) -> None:
    """The error says which setting wants it, and the thread stays usable once it is set."""
    with ScriptedGateway({}) as gateway:
        agent = build_agent(
            Settings.parse({"home": bench.home, "models": catalog(gateway)}),
            tools=bench.tools(),
            store=bench.store,
        )
        with pytest.raises(ConfigError, match="api_key_env: The environment variable LOOP_KEY"):
            await agent.ainvoke({"task": "look up A"})


@pytest.mark.skipif(
    not is_installed() and not os.environ.get("POINTSMAN_REQUIRE_LOCAL"),
    reason="the embedded model is not installed; `make local` installs it",
)
async def test_the_embedded_model_fills_in_what_no_pattern_finds(bench: Any, tmp_path: Any) -> None:
    """It serves the extractor role alone, over HTTP; what it proposes must stand in the text."""
    folder = tmp_path / "playbooks"
    folder.mkdir()
    (folder / "look.yaml").write_text(
        """
name: look_up
description: Look up a parcel.
intents: ["Look up parcel 12-3456 for me", "Please look up parcel 88-1000"]
tools: [look]
arguments:
  parcel: {description: the parcel number, max_length: 20}
steps:
  - {id: parcel, kind: tool, goal: Look it up, tool: look, args: {item: {$arg: parcel}}}
"""
    )
    agent = build_agent(
        Settings.parse({"home": bench.home, "local_model": True, "playbooks": folder}),
        tools=bench.tools(),
        store=bench.store,
    )

    out = await agent.ainvoke({"task": "Please look up parcel 55-2020 for me"})

    [attempt] = await bench.store.attempts.recent()
    assert attempt.role == "extractor"
    if out["results"]:
        assert bench.calls[0][1]["id"] in "Please look up parcel 55-2020 for me"
    else:
        assert "the parcel number" in out["answer"]["text"]


PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"
    "+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
LOOK_AT_IT = {
    "steps": [
        {
            "id": "see",
            "kind": "reason",
            "prompt": "What is damaged?",
            "args": {"photo": {"$attachment": "photo.png"}},
        }
    ]
}


@pytest.mark.usefixtures("key")
async def test_an_image_reaches_a_model_that_can_see(bench: Any) -> None:
    """The router passes over the text model, and the result is tainted by the file."""
    seen = {"text": "The lid is cracked."}
    script = {"first": [LOOK_AT_IT, {"sentences": []}], "eyes": [seen]}
    with ScriptedGateway(script, api_key=KEY) as gateway:
        models = catalog(gateway)
        models["models"][1] = {
            "id": "eyes",
            "endpoint": "loop",
            "modalities": ["text", "image"],
            "roles": ["reasoner"],
            "prices": {"input": 9.0, "output": 9.0},
        }
        agent = build_agent(
            Settings.parse({"home": bench.home, "models": models}), store=bench.store
        )
        out = await agent.ainvoke(
            {
                "task": "What is damaged in the photo?",
                "attachments": [{"name": "photo.png", "data": PIXEL}],
            }
        )
        gateway.assert_complete()

    content = gateway.requests[1].body["messages"][-1]["content"]
    assert content[-1]["type"] == "image_url"
    assert out["results"]["see"]["taint"] == ["file:photo.png"]
    assert out["answer"]["citations"][0]["trust"] == "untrusted"


@pytest.mark.usefixtures("key")
async def test_an_image_that_no_model_can_see_is_said_plainly(bench: Any) -> None:
    """The step fails with each model's reason instead of a guess."""
    refused = {"steps": [], "cannot": "no model sees"}
    with ScriptedGateway({"first": [LOOK_AT_IT, refused]}, api_key=KEY) as gateway:
        agent = build_agent(
            Settings.parse({"home": bench.home, "models": catalog(gateway)}), store=bench.store
        )
        out = await agent.ainvoke(
            {
                "task": "What is damaged in the photo?",
                "attachments": [{"name": "photo.png", "data": PIXEL}],
            }
        )

    assert out["results"]["see"]["failure"]["kind"] == "no_model"
    assert "image" in out["results"]["see"]["failure"]["message"]


@pytest.mark.usefixtures("key")
async def test_a_result_that_is_not_good_enough_goes_to_a_stronger_model(bench: Any) -> None:
    """The cascade steps up once the cheaper model doubts itself, and the attempts say so."""
    unsure = {"text": "Maybe above 40?", "confidence": 0.1}
    sure = {"text": "The total 49.9 is above 40."}
    script = {"small": [PLAN, unsure], "large": [sure, {"sentences": []}]}
    with ScriptedGateway(script, api_key=KEY) as gateway:
        models = catalog(gateway)
        price = {"input": 1.0, "output": 2.0}
        models["models"] = [
            {
                "id": "small",
                "endpoint": "loop",
                "quality": 2,
                "prices": price,
                "roles": ["planner", "reasoner"],
            },
            {
                "id": "large",
                "endpoint": "loop",
                "quality": 5,
                "prices": {"input": 10.0, "output": 20.0},
                "roles": ["reasoner", "generator"],
            },
        ]
        agent = build_agent(
            Settings.parse({"home": bench.home, "models": models}),
            tools=bench.tools(),
            store=bench.store,
        )
        out = await agent.ainvoke({"task": "Is the total of ORD-1 above 40?"})
        gateway.assert_complete()

    judged = out["results"]["judge"]
    assert judged["status"] == "accepted"
    assert [a["performed_by"] for a in judged["attempts"]] == ["small@loop", "large@loop"]
    assert judged["attempts"][0]["verdict"]["cause"] == "not_good_enough"
    assert escalations(StepResult.from_json(judged))
