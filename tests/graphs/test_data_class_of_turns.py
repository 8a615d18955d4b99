"""Data classes in later turns: in whatever role, a model may see the class or is not asked."""

from __future__ import annotations

import base64
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, get_args

import pytest

from pointsman import AgentContext, Settings, build_agent, tool
from pointsman.models.requests import Role
from pointsman.planners.protocols import PlanRequest, Waits
from pointsman.state.plan import Plan, Step
from pointsman.state.remembered import Remembered
from pointsman.state.results import StepResult
from pointsman.state.run import Run
from pointsman.state.task import Task
from pointsman.state.values import JsonObject
from pointsman.testing import ScriptedGateway, ScriptedModel

from .conftest import Bench

ALLERGY = "Allergic to penicillin."
WAV = base64.b64encode(
    b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0\x40\x1f\0\0\x80\x3e\0\0\2\0\x10\0data\0\0\0\0"
)


@tool(effect="read", trust="internal", data_class="health")
async def record(patient: str) -> dict[str, Any]:
    """Read a patient's record."""
    return {"patient": patient, "note": ALLERGY}


READ = {"id": "a", "kind": "tool", "tool": "record", "args": {"patient": "p1"}}
"""What the first turn does; where a second step follows it, that one waits for a person."""
TELL: JsonObject = {"id": "m", "kind": "tool", "tool": "send", "args": {"to": "ann"}}
TELL["args"]["body"] = {"$from": "a", "path": "note"}
THINK = {"id": "b", "kind": "reason", "prompt": "Is rain wet?"}
WRITE = {"id": "c", "kind": "draft", "prompt": "Write a poem of rain."}
HEAR = {"id": "h", "kind": "reason", "prompt": "Sum up.", "args": {"it": {"$attachment": "n.wav"}}}
PLANS: dict[str, list[JsonObject]] = {
    "Read p1": [READ],
    "Read and tell": [READ, TELL],
    "Think of rain": [THINK, WRITE],
    "What is said in n.wav?": [HEAR],
}
PLAYBOOK = """
name: look_up
description: Look up a parcel.
intents: ["Look up parcel 12-3456 for me", "Please look up parcel 88-1000"]
tools: [look]
arguments:
  parcel: {description: the parcel number, max_length: 20}
steps:
  - {id: parcel, kind: tool, goal: Look it up, tool: look, args: {item: {$arg: parcel}}}
"""


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """Inputs of one thread, and the roles that health data comes to in its last turn."""

    turns: tuple[Any, ...]
    asks: set[Role]
    roles: set[Role] = field(default_factory=lambda: {*get_args(Role)} - {"chat"})
    """Roles that models serve."""
    unconcerned: set[Role] = field(default_factory=set[Role])
    """Roles that are asked and that no health data comes to."""

    def expected(self, asked: Collection[str]) -> dict[str, set[str]]:
        """Return role → who may have been asked: all that were asked, and those that must be."""
        named = {*asked, *self.asks}
        return {role: {"trusted"} for role in named - self.unconcerned}


SOUND = {"name": "n.wav", "data": WAV.decode(), "media_type": "audio/wav", "data_class": "health"}
SCENARIOS = {
    "remembered": Scenario(
        turns=("Read p1", "Think of rain"),
        asks={"planner", "reasoner", "generator", "verifier"},
    ),
    "waits": Scenario(
        turns=("Read and tell", "Think of rain"),
        asks={"planner", "reasoner", "generator", "verifier"},
    ),
    "chat": Scenario(
        turns=("Read p1", "Think of rain"), asks={"planner", "chat"}, roles={"planner", "chat"}
    ),
    "extraction": Scenario(
        turns=("Read p1", "Please look up parcel 55-2020 for me"), asks={"extractor"}
    ),
    "sound": Scenario(
        turns=({"task": "What is said in n.wav?", "attachments": [SOUND]},),
        asks={"transcriber", "reasoner"},
        # It reads the request, and that there is a file.
        unconcerned={"planner"},
    ),
}
"""Each way in which data of a class comes into a prompt of a role."""


def test_every_role_has_a_scenario() -> None:
    """A role that is added is one that somebody shows to keep classes of data apart."""
    assert {role for one in SCENARIOS.values() for role in one.asks} == {*get_args(Role)}


def replies(request: Any) -> Any:
    """Answer as the role that the prompt is for."""
    prompt = str(request.messages[-1]["content"] if request.messages else "")
    system = str(request.messages[0]["content"] if request.messages else "")
    if "You plan; you do not act" in system:
        asked = prompt.rpartition("Request: ")[2].splitlines()[0]
        return {"reason": "because", "steps": PLANS[asked]}
    if "Copy the requested values" in system:
        return {"parcel": "55-2020"}
    if "You check" in system:
        return {"supported": [True] * prompt.count("evidence")}
    if "You write the agent's answer" in system:
        return {"sentences": [{"text": "Rain is wet.", "cites": ["b"]}]}
    return {"text": "Rain is wet."}


def settings_models(url: str, scenario: Scenario, **classes: list[str]) -> JsonObject:
    """List a cheap and a dear model for every role, with the classes that each may see."""
    kinds = {"transcriber": {"modalities": ["audio"]}}
    listed = [
        {
            "id": f"{name}-{kind}",
            "endpoint": "a",
            "roles": roles,
            "structured_output": "prompt",
            "prices": {"input": price, "output": price},
            "quality": 1 + price,
            "data_classes": seen,
            **kinds.get(kind, {}),
        }
        for price, (name, seen) in enumerate(classes.items())
        for kind, roles in {
            "text": sorted(scenario.roles - {"transcriber"}),
            "transcriber": ["transcriber"] if "transcriber" in scenario.roles else [],
        }.items()
        if roles
    ]
    table = [
        {"name": "fast", "match": {"latency": "fast"}, "objective": "best"},
        {"name": "rest", "objective": "cheapest"},
    ]
    return {
        "endpoints": {"a": {"base_url": url}},
        "models": listed,
        "routing": {"table": [{**row, "fallback": ["convert_to_text"]} for row in table]},
    }


async def last_turn(
    bench: Bench,
    scenario: Scenario,
    *,
    policy: JsonObject | None = None,
    context: AgentContext | None = None,
    **classes: list[str],
) -> tuple[dict[str, set[str]], Any]:
    """Play a scenario and return role → models asked in its last turn, and what came out."""
    folder = bench.home / "playbooks"
    folder.mkdir(exist_ok=True)
    (folder / "look.yaml").write_text(PLAYBOOK, encoding="utf-8")
    served = {f"{name}-{kind}": replies for name in classes for kind in ("text",)}
    heard: dict[str, Any] = {f"{name}-transcriber": lambda _: ALLERGY for name in classes}
    with ScriptedGateway({**served, **heard}) as server:
        listed = settings_models(server.base_url, scenario, **classes)
        given = {"home": bench.home, "models": listed, "policy": policy or {}}
        agent: Any = build_agent(
            Settings.parse({**given, "playbooks": folder}),
            tools=[*bench.tools(), record],
            checkpointer=bench.checkpointer,
            store=bench.store,
        )
        thread = {"configurable": {"thread_id": "t"}}
        out, before = None, 0
        for turn in scenario.turns:
            before = len(await bench.store.attempts.recent(limit=500))
            one = {"messages": [("user", turn)]} if isinstance(turn, str) else turn
            out = await agent.ainvoke(one, thread, context=context)
        made = await bench.store.attempts.recent(limit=500)
    asked: dict[str, set[str]] = {}
    for attempt in made[: len(made) - before]:
        if attempt.role not in scenario.unconcerned:
            asked.setdefault(attempt.role, set()).add(attempt.model.partition("-")[0])
    return asked, out


FORBID = """@id("health-stays-home") @reason("No health data for {model}.")
forbid (principal, action == Action::"useModel", resource)
when { context.dataClass == "health" && resource.name like "open*" };"""


@pytest.mark.parametrize("name", SCENARIOS)
async def test_each_role_is_served_by_a_model_that_may_see_the_class(
    bench: Bench, name: str
) -> None:
    """The cheap model gets nothing that data of the class has flowed into."""
    asked, _ = await last_turn(bench, SCENARIOS[name], open=[], trusted=["health"])
    assert asked == SCENARIOS[name].expected(asked)


@pytest.mark.parametrize("name", SCENARIOS)
async def test_a_policy_forbids_each_role_s_call_by_class(bench: Bench, name: str) -> None:
    """What the catalog allows, a policy on the data's class forbids in whatever role."""
    (bench.home / "own.cedar").write_text(FORBID, encoding="utf-8")
    own = {"additions": [str(bench.home / "own.cedar")]}
    asked, _ = await last_turn(
        bench, SCENARIOS[name], policy=own, open=["health"], trusted=["health"]
    )
    assert asked == SCENARIOS[name].expected(asked)


@pytest.mark.parametrize("name", SCENARIOS)
async def test_where_no_model_may_see_the_class_none_is_asked(bench: Bench, name: str) -> None:
    """The turn says for operators why; nothing is sent to learn that it may not be sent."""
    asked, out = await last_turn(bench, SCENARIOS[name], open=[])
    assert asked == {}
    assert "may not be sent data of class health" in str(out["answer"]["report"])


@pytest.mark.parametrize("name", SCENARIOS)
async def test_each_role_s_call_is_as_fast_as_the_run_wants(bench: Bench, name: str) -> None:
    """The row for the run's latency decides in whatever role."""
    fast, both = AgentContext(latency="fast"), ["health"]
    asked, _ = await last_turn(bench, SCENARIOS[name], context=fast, open=both, trusted=both)
    assert asked == SCENARIOS[name].expected(asked)


async def test_what_a_thread_holds_of_before_classes_were_heard_counts(bench: Bench) -> None:
    """A task that an earlier release has stored names no classes; results of the thread do."""
    scenario = SCENARIOS["remembered"]
    first = Scenario(turns=scenario.turns[:1], asks=set())
    await last_turn(bench, first, open=[], trusted=["health"])
    again = Scenario(turns=("Think of rain",), asks=scenario.asks)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Task, "from_json", classmethod(_without_classes))
        asked, _ = await last_turn(bench, again, open=[], trusted=["health"])
    assert asked == scenario.expected(asked)


def _without_classes(cls: type[Task], value: JsonObject) -> Task:
    return cls.model_validate({k: v for k, v in value.items() if k != "data_class"})


HEALTH = StepResult(step="a", status="accepted", data_class=("health",))


@pytest.mark.parametrize(
    "told",
    [
        {"task": Task(text="x", data_class=("health",))},
        {"results": {"a": HEALTH}},
        {"previous": Plan(data_class=("health",))},
        {"waits": [Waits(id="w", words="", tool="t", args={}, data_class=("health",))]},
        {
            "remembered": {
                "a": Remembered(step=Step(id="a", kind="ask"), result=HEALTH, run="", at=0)
            }
        },
    ],
    ids=lambda told: next(iter(told)),
)
def test_all_that_a_planner_is_shown_brings_its_classes(told: JsonObject) -> None:
    """The conversation, results of this turn and earlier ones, the plan before, what waits."""
    plain: JsonObject = {"task": Task(text="x"), "run": Run(id="r", started_at=0), "tools": ()}
    assert PlanRequest(**plain).data_class == ()
    assert PlanRequest(**{**plain, **told}).data_class == ("health",)


async def test_a_reply_to_a_question_is_of_the_conversation_s_classes(bench: Bench) -> None:
    """Who has heard of health data and is asked may repeat it: steps that read the reply know."""
    ask = {"id": "q", "kind": "ask", "prompt": "Which one?"}
    sum_up = {"id": "s", "kind": "reason", "prompt": "Sum up.", "args": {"it": {"$from": "q"}}}
    agent = bench.agent(
        {"steps": [ask, sum_up]},
        {"steps": [READ]},
        {"steps": [], "answer": "Fine."},
        tools=[record],
        models={"reasoner": ScriptedModel(replies=[{"text": "This."}])},
        questions="message",
    )
    thread = {"configurable": {"thread_id": "t"}}
    for said in ("Sum up", "What does p1 have?", "The penicillin one"):
        out = await agent.ainvoke({"messages": [("user", said)]}, thread)
    assert out["results"]["s"]["data_class"] == ["health"]
