"""Data classes in a real run: from a tool or a file to the models that may see them."""

from __future__ import annotations

from typing import Any

import pytest

from pointsman import tool
from pointsman.errors import TaskError
from pointsman.testing import ScriptedGateway

from .conftest import Bench


@tool(effect="read", trust="internal", data_class="health")
async def record(patient: str) -> dict[str, Any]:
    """Read a patient's record."""
    return {"patient": patient, "note": "Allergic to penicillin."}


@tool(effect="read", trust="internal")
async def weather(city: str) -> dict[str, Any]:
    """Read the weather."""
    return {"city": city, "note": "It rains."}


def plan(name: str, args: dict[str, Any]) -> dict[str, Any]:
    """A look-up, and a step of a model that reads it."""
    return {
        "steps": [
            {"id": "a", "kind": "tool", "tool": name, "args": args},
            {
                "id": "b",
                "kind": "reason",
                "prompt": "Sum it up.",
                "args": {"data": {"$from": "a", "path": "note"}},
            },
        ]
    }


def models_of() -> list[dict[str, Any]]:
    """A cheap model that may see nothing special, and a dear one that may see health data."""
    roles = ["reasoner", "generator"]
    common = {"endpoint": "a", "roles": roles, "structured_output": "prompt"}
    return [
        {**common, "id": "open", "prices": {"input": 0, "output": 0}},
        {
            **common,
            "id": "trusted",
            "prices": {"input": 9, "output": 9},
            "data_classes": ["health"],
        },
    ]


def models(server: ScriptedGateway) -> dict[str, Any]:
    """Both at one endpoint."""
    return {"endpoints": {"a": {"base_url": server.base_url}}, "models": models_of()}


def replies(request: Any) -> dict[str, Any]:
    """Answer steps and the answer alike."""
    wanted = str(request.messages)
    if "sentences" in wanted:
        return {"sentences": [{"text": "Allergic to penicillin.", "cites": ["a"]}]}
    return {"text": "Allergic to penicillin."}


async def asked(
    agent: Any, server: ScriptedGateway, given: dict[str, Any], *, thread: str = "t"
) -> set[str]:
    """Run a task and return which models were asked."""
    before = len(server.requests)
    await agent.ainvoke(given, {"configurable": {"thread_id": thread}})
    return {record.model for record in server.requests[before:]}


@pytest.mark.parametrize(
    ("name", "args", "who"),
    [("record", {"patient": "p1"}, {"trusted"}), ("weather", {"city": "Bern"}, {"open"})],
)
async def test_a_tool_s_class_decides_who_reads_its_output(
    bench: Bench, name: str, args: dict[str, Any], who: set[str]
) -> None:
    """The step after the tool and the answer go only to models that may see the class."""
    with ScriptedGateway({"open": replies, "trusted": replies}) as server:
        agent = bench.agent(
            plan(name, args), tools=[record, weather], settings_models=models(server)
        )
        given = {"messages": [{"role": "user", "content": "What about p1 in Bern?"}]}
        assert await asked(agent, server, given) == who


async def test_a_file_s_class_decides_who_reads_it(bench: Bench) -> None:
    """An attachment that is named as health data is kept from other models."""
    steps = [
        {"id": "b", "kind": "reason", "prompt": "Sum up.", "args": {"d": {"$attachment": "n.txt"}}}
    ]
    with ScriptedGateway({"open": replies, "trusted": replies}) as server:
        agent = bench.agent({"steps": steps}, settings_models=models(server))
        file = {"name": "n.txt", "text": "Allergic to penicillin.", "data_class": "health"}
        given = {"task": "Sum up n.txt.", "attachments": [file]}
        assert await asked(agent, server, given) == {"trusted"}
        with pytest.raises(TaskError, match="fields do not fit"):
            await agent.ainvoke(
                {"task": "x", "attachments": [{**file, "data_class": 3}]},
                {"configurable": {"thread_id": "u"}},
            )


async def test_a_policy_keeps_a_class_from_a_model(bench: Bench) -> None:
    """What the catalog allows, a policy on the data's class may still forbid."""
    (bench.home / "own.cedar").write_text(
        """@id("health-stays-home") @reason("No health data for {model}.")
        forbid (principal, action == Action::"useModel", resource)
        when { context.dataClass == "health" && resource.name == "open" };""",
        encoding="utf-8",
    )
    both = [{**model, "data_classes": ["health"]} for model in models_of()]
    own = {"additions": [str(bench.home / "own.cedar")]}
    with ScriptedGateway({"open": replies, "trusted": replies}) as server:
        listed = {"endpoints": {"a": {"base_url": server.base_url}}, "models": both}
        plans = (plan("record", {"patient": "p1"}), plan("weather", {"city": "Bern"}))
        agent = bench.agent(*plans, tools=[record, weather], settings_models=listed, policy=own)
        asking = {"messages": [{"role": "user", "content": "What about p1 in Bern?"}]}
        assert await asked(agent, server, asking) == {"trusted"}
        assert await asked(agent, server, asking, thread="u") == {"open"}


async def test_a_row_for_a_class_decides_its_objective(bench: Bench) -> None:
    """A row of the routing table that names the class is the one that a step matches."""
    both = [{**model, "data_classes": ["health"]} for model in models_of()]
    both[1]["quality"] = 5
    rows = [
        {"name": "health", "match": {"data_class": "health"}, "objective": "best"},
        {"name": "rest", "objective": "cheapest"},
    ]
    with ScriptedGateway({"open": replies, "trusted": replies}) as server:
        listed = {
            "endpoints": {"a": {"base_url": server.base_url}},
            "models": both,
            "routing": {"table": rows},
        }
        plans = (plan("record", {"patient": "p1"}), plan("weather", {"city": "Bern"}))
        agent = bench.agent(*plans, tools=[record, weather], settings_models=listed)
        asking = {"messages": [{"role": "user", "content": "What about p1 in Bern?"}]}
        assert await asked(agent, server, asking) == {"trusted"}
        assert await asked(agent, server, asking, thread="u") == {"open"}


async def test_one_model_that_is_unsure_is_asked_once(bench: Bench) -> None:
    """The same question to the only model there is gets the same answer."""
    unsure = {"text": "Perhaps.", "confidence": 0.1}
    steps = [{"id": "b", "kind": "reason", "prompt": "Guess."}]
    listed = {"id": "only", "endpoint": "a", "roles": ["reasoner"], "structured_output": "prompt"}
    with ScriptedGateway({"only": lambda _: unsure}) as server:
        one = {"endpoints": {"a": {"base_url": server.base_url}}, "models": [listed]}
        agent = bench.agent({"steps": steps}, {"steps": [], "cannot": "no"}, settings_models=one)
        await agent.ainvoke({"task": "Guess."}, {"configurable": {"thread_id": "t"}})
        assert len(server.requests) == 1


async def test_a_number_over_a_part_is_no_number(bench: Bench) -> None:
    """A model that would see only the beginning of a list is not asked to count it."""

    @tool(effect="read", trust="internal")
    async def rows() -> dict[str, Any]:
        """List everything."""
        return {"rows": [f"row {n}" for n in range(5_000)]}

    steps = [
        {"id": "a", "kind": "tool", "tool": "rows", "args": {}},
        {
            "id": "b",
            "kind": "reason",
            "prompt": "Count.",
            "args": {"rows": {"$from": "a", "path": "rows"}},
            "output_schema": {"type": "integer"},
        },
    ]
    counted = {"result": 2_000}
    with ScriptedGateway({"open": lambda _: counted, "trusted": lambda _: counted}) as server:
        agent = bench.agent(
            {"steps": steps},
            {"steps": [], "cannot": "no"},
            tools=[rows],
            settings_models=models(server),
        )
        config = {"configurable": {"thread_id": "t"}}
        await agent.ainvoke({"task": "Count the rows."}, config)
        state = (await agent.aget_state(config)).values
    assert state["results"]["b"]["failure"]["kind"] == "input_too_large"
    told = str(bench.models[-1].prompts[1][-1].content)
    assert "Work it out with an expression" in told
    assert "characters of 'a' are missing" in told
