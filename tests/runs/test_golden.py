"""Stored states of every earlier version go on under this one."""

from __future__ import annotations

import asyncio
import importlib
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langgraph.types import Command
from sqlalchemy import update

from pointsman import trace
from pointsman.errors import OperatorError
from pointsman.runs.view import RunView
from pointsman.state.approval import FACTS_KEY
from pointsman.state.migrations import migrated
from pointsman.state.values import SCHEMA_VERSION
from pointsman.stores.bodies import body_of
from pointsman.stores.schema import approvals
from pointsman.stores.store import open_store

FOLDER = Path(__file__).parent / "golden"
VERSIONS = sorted(folder.name for folder in FOLDER.iterdir())
A_MINUTE_LATER = 60.0


@pytest.fixture
def golden(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Give the agent that the golden states are of; importlib mode finds no sibling by itself."""
    monkeypatch.syspath_prepend(str(FOLDER.parent))
    return importlib.import_module("golden_agent")


@pytest.fixture(params=[version for version in VERSIONS if version != "v1"])
def with_loops(request: pytest.FixtureRequest) -> Path:
    """Give the golden states of each version that has loops and looks."""
    return FOLDER / request.param


@pytest.fixture(params=[version for version in VERSIONS if version not in ("v1", "v2")])
def remembering(request: pytest.FixtureRequest) -> Path:
    """Give the golden states of each version that remembers results of earlier turns."""
    return FOLDER / request.param


@pytest.fixture(params=VERSIONS)
def version(request: pytest.FixtureRequest) -> Path:
    """Give the golden states of each version."""
    return FOLDER / request.param


def test_there_are_states_of_every_earlier_version() -> None:
    """Whoever raises the version keeps what the one before it has stored."""
    assert [f"v{number}" for number in range(1, SCHEMA_VERSION)] == VERSIONS


async def test_a_thread_that_waits_is_approved_and_pays_once(
    golden: Any, version: Path, tmp_path: Path
) -> None:
    """What an earlier release has put before a person is what this one runs."""
    golden.restore(version / "waiting", tmp_path)
    tools = golden.Tools(tmp_path)

    async with golden.opened(tmp_path, tools, now=golden.MADE_AT + A_MINUTE_LATER) as agent:
        approve: Any = Command(resume={"decisions": [{"type": "approve"}]})
        out = await agent.ainvoke(approve, golden.AT)

    assert tools.calls == ["look:A", "pay:ann", "look:R-ann"]
    assert out["answer"]["status"] == "complete"
    assert {id_: r["status"] for id_, r in out["results"].items()} == {
        "order": "accepted",
        "paid": "accepted",
        "receipt": "accepted",
    }


async def test_what_was_asked_under_another_digest_is_asked_anew(
    golden: Any, version: Path, tmp_path: Path
) -> None:
    """An approval that covers no call of this release is no reason to go round without an end."""
    golden.restore(version / "waiting", tmp_path)
    tools = golden.Tools(tmp_path)
    approve: Any = Command(resume={"decisions": [{"type": "approve"}]})

    async with open_store(tmp_path / "pointsman.db") as store:
        [asked] = await store.approvals.of_thread("golden")
        stored = body_of(asked.request.model_copy(update={"digest": "of another release"}))
        await store.database.write(
            lambda connection: connection.execute(update(approvals).values(request=stored))
        )
    async with golden.opened(tmp_path, tools, now=golden.MADE_AT + A_MINUTE_LATER) as agent:
        out = await asyncio.wait_for(agent.ainvoke(approve, golden.AT), 30)
        [request] = out["__interrupt__"][0].value[FACTS_KEY]["approvals"]
        paid_before = "pay:ann" in tools.calls
        out = await agent.ainvoke(approve, golden.AT)

    assert request["id"] != asked.request.id
    assert not paid_before
    assert tools.calls.count("pay:ann") == 1
    assert out["answer"]["status"] == "complete"


async def test_a_thread_that_was_killed_goes_on_without_paying_again(
    golden: Any, version: Path, tmp_path: Path
) -> None:
    """A lane of an earlier release is begun again from the journal that it left."""
    golden.restore(version / "killed", tmp_path)
    tools = golden.Tools(tmp_path)

    async with golden.opened(tmp_path, tools, now=golden.MADE_AT + A_MINUTE_LATER) as agent:
        out = await agent.ainvoke(None, golden.AT)

    assert tools.calls == ["look:A", "pay:ann", "look:R-ann", "look:R-ann"]
    assert out["answer"]["status"] == "complete"


async def test_a_thread_that_has_finished_takes_a_new_turn(
    golden: Any, version: Path, tmp_path: Path
) -> None:
    """The new turn is a run of its own, which may pay again."""
    golden.restore(version / "finished", tmp_path)
    tools = golden.Tools(tmp_path)

    async with golden.opened(tmp_path, tools, now=golden.MADE_AT + A_MINUTE_LATER) as agent:
        before = (await agent.aget_state(golden.AT)).values
        out = await agent.ainvoke({"task": "Pay order A"}, golden.AT)
        after = (await agent.aget_state(golden.AT)).values

    assert "__interrupt__" in out
    assert (before["run"].get("turn", 1), after["run"]["turn"]) == (1, 2)
    assert before["run"]["id"] != after["run"]["id"]


async def test_a_loop_goes_on_with_the_items_that_had_not_ended(
    golden: Any, with_loops: Path, tmp_path: Path
) -> None:
    """One gate asks for all, and each is paid once, right after its condition was decided anew."""
    golden.restore(with_loops / "in_a_loop", tmp_path)
    tools = golden.Tools(tmp_path)

    async with golden.opened(tmp_path, tools, now=golden.MADE_AT + A_MINUTE_LATER) as agent:
        asked = await agent.ainvoke(None, golden.AT)
        [waiting] = asked["__interrupt__"]
        decisions = [{"type": "approve"} for _ in waiting.value["action_requests"]]
        resume: Any = Command(resume={"decisions": decisions})
        out = await agent.ainvoke(resume, golden.AT)

    assert tools.calls == [
        *("look:A", "look:p1", "look:p2", "look:p3", "look:p3"),
        *("look:p1", "pay:p1", "look:p2", "pay:p2", "look:p3", "pay:p3"),
    ]
    assert out["answer"]["status"] == "complete"


async def test_a_plan_made_at_a_look_is_approved_and_pays_once(
    golden: Any, with_loops: Path, tmp_path: Path
) -> None:
    """The first plan's result is used, and nothing is planned anew."""
    golden.restore(with_loops / "after_a_look", tmp_path)
    tools = golden.Tools(tmp_path)

    async with golden.opened(tmp_path, tools, now=golden.MADE_AT + A_MINUTE_LATER) as agent:
        approve: Any = Command(resume={"decisions": [{"type": "approve"}]})
        out = await agent.ainvoke(approve, golden.AT)
        looks = (await agent.aget_state(golden.AT)).values["looks"]

    assert tools.calls == ["look:A", "pay:ann"]
    assert looks == 1
    assert out["answer"]["status"] == "complete"


async def test_a_thread_refers_to_what_an_earlier_turn_has_read(
    golden: Any, remembering: Path, tmp_path: Path
) -> None:
    """What was remembered as a list is known by its names, and nothing is read again."""
    golden.restore(remembering / "second_turn", tmp_path)
    tools = golden.Tools(tmp_path)

    async with golden.opened(tmp_path, tools, now=golden.MADE_AT + A_MINUTE_LATER) as agent:
        asked = await agent.ainvoke({"task": "Pay what the first order says"}, golden.AT)
        remembered = (await agent.aget_state(golden.AT)).values["remembered"]

    [request] = asked["__interrupt__"][0].value["action_requests"]
    assert request["args"] == {"to": "ann", "amount": 49.5}
    assert tools.calls == ["look:A", "look:B"]
    assert list(remembered) == ["t1_order", "t2_other"]


async def test_what_was_done_can_be_traced(golden: Any, version: Path, tmp_path: Path) -> None:
    """The journal of an earlier release is read: plan, results, outputs and answer."""
    golden.restore(version / "finished", tmp_path)

    async with (
        golden.opened(tmp_path, golden.Tools(tmp_path)) as agent,
        open_store(tmp_path / "pointsman.db") as store,
    ):
        found = await trace(agent, "golden", store=store)

    [run] = found.runs
    assert [step.step.id for step in run.steps] == ["order", "paid", "receipt"]
    assert run.steps[0].output["page"] == golden.PAGE
    assert run.answer is not None
    assert run.answer.status == "complete"


KEYS = ("a", "status", "failure", "kind", "conversation", "heard", "step")
DAMAGED: list[dict[str, Any]] = [
    {"schema_version": 2, "results": {"a": {}}},
    {"results": [1]},
    {"work": "x"},
    {"work": {"conversation": None}},
    {"schema_version": 3, "remembered": [{"x": 1}]},
    {"schema_version": 3, "remembered": "x"},
    {"schema_version": 2, "results": {"a": None}},
    {"work": {"conversation": ["user: a"], "heard": 7}},
]


@pytest.mark.parametrize("state", DAMAGED)
def test_a_damaged_state_of_an_earlier_version_is_refused_by_name(state: dict[str, Any]) -> None:
    """Whether its shape is missed while it is brought up or when it is read."""
    with pytest.raises(OperatorError, match="Nothing was changed"):
        read_whole(state)


def read_whole(state: dict[str, Any]) -> list[object]:
    """Bring a state up and read its parts."""
    view = RunView({"run": {"id": "r"}, **migrated("state", state, where="thread t")})
    return [view.task, view.results, view.remembered]


@settings(max_examples=300, deadline=None)
@given(
    st.integers(1, SCHEMA_VERSION - 1),
    st.dictionaries(
        st.sampled_from(["work", "results", "remembered", "run", "fence", "plan"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=5),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(
                        ["a", "status", "failure", "kind", "conversation", "heard", "step"]
                    ),
                    inner,
                    max_size=3,
                )
            ),
            max_leaves=6,
        ),
    ),
)
def test_no_state_of_an_earlier_version_crashes_bare(version: int, state: dict[str, Any]) -> None:
    """It is brought up, or it is refused with its version."""
    with suppress(OperatorError):
        migrated("state", {**state, "schema_version": version}, where="thread t")
