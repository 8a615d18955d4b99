"""The view: typed in both directions, parsed once, refused where a newer release has written."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.errors import OperatorError
from pointsman.runs.memory import RunMemory
from pointsman.runs.updates import NewRun, RunUpdate
from pointsman.runs.view import RunView
from pointsman.state.agent import AgentState
from pointsman.state.answer import Answer
from pointsman.state.plan import Plan, Step
from pointsman.state.results import StepResult
from pointsman.state.run import Principal, Run, Stop
from pointsman.state.task import Attachment, Task
from pointsman.state.usage import Usage
from pointsman.state.values import SCHEMA_VERSION

RUN = Run(id="r", thread_id="t", started_at=1.0)
PLAN = Plan(steps=(Step(id="a", kind="tool", tool="look", args={"item": "A"}),), planner="p")
STATE: dict[str, Any] = {
    "schema_version": SCHEMA_VERSION,
    "run": RUN.to_json(),
    "plan": PLAN.to_json(),
    "results": {"a": StepResult(step="a", status="accepted", output={"n": 1}).to_json()},
    "fence": 3,
}


def test_a_part_is_parsed_once_however_many_nodes_read_it() -> None:
    """Each node has a view of its own; what they have read they share."""
    memory = RunMemory()

    first, second = RunView(STATE, memory), RunView({**STATE}, memory)

    assert second.plan is first.plan
    assert second.results["a"] is first.results["a"]


def test_what_was_packed_is_not_parsed() -> None:
    """A record that a node returns is the one that the next node reads."""
    memory = RunMemory()
    stop = Stop(reason="budget", detail="It is used up.")
    packed = RunUpdate(plan=PLAN, stop=stop).pack(RunView(STATE, memory))

    after = RunView({**STATE, **packed}, memory)

    assert after.plan is PLAN
    assert after.stop is stop


def test_a_shallow_copy_is_the_same_and_an_edited_one_is_not() -> None:
    """LangGraph's channels copy the outermost object; a person's edit is read as it stands."""
    memory = RunMemory()
    packed = RunUpdate(plan=PLAN).pack(RunView(STATE, memory))["plan"]
    edited = {**packed, "steps": [{**packed["steps"][0], "args": {"item": "B"}}]}

    assert RunView({**STATE, "plan": dict(packed)}, memory).plan is PLAN
    assert RunView({**STATE, "plan": edited}, memory).plan.step("a").args == {"item": "B"}


words = st.text(max_size=20)
updates = st.builds(
    RunUpdate,
    run=st.none()
    | st.builds(Run, id=words, started_at=st.floats(0, 2e9), principal=st.builds(Principal)),
    plan=st.just(PLAN),
    # Of none that the plan has: such a result might be of the step before it was edited.
    results=st.sets(st.sampled_from("bcd")).map(
        lambda names: {name: StepResult(step=name, status="failed") for name in names}
    ),
    answer=st.none() | st.builds(Answer, text=words, status=st.just("partial")),
    usage=st.none() | st.builds(Usage, input_tokens=st.integers(0, 9)),
    stop=st.none() | st.builds(Stop, reason=st.just("turns"), detail=words),
    turns=st.none() | st.integers(0, 9),
    refused=st.none() | words,
)


@given(updates)
def test_what_is_written_is_what_is_read(update: RunUpdate) -> None:
    """Through plain JSON, in a process that remembers nothing."""
    packed = update.pack(RunView(STATE))

    read = RunView({**STATE, **packed})

    assert read.run == (update.run or RUN)
    assert read.results == (update.results or RunView(STATE).results)
    assert read.answer == update.answer
    assert read.stop == update.stop
    assert read.usage == (update.usage or Usage())
    assert (read.turns, read.refused) == (update.turns or 0, update.refused or "")


def test_a_new_run_leaves_nothing_of_the_one_before() -> None:
    """Plan, answer, stop and counts are those of a run that has just begun."""
    before = {**STATE, "stop": {"reason": "turns", "detail": "x"}, "turns": 9, "gate_error": "no"}

    packed = NewRun(run=RUN, task=Task(text="Do it")).pack(RunView(before))
    packed["results"] = packed["results"].value
    after = RunView({**before, **packed})

    assert (after.planned, after.results, after.stop, after.turns) == (False, {}, None, 0)
    assert after.task == Task(text="Do it")
    assert not after.refused


def test_a_newer_releases_state_is_refused_with_both_versions() -> None:
    """Nothing is guessed; the message names the way out."""
    newer = {**STATE, "schema_version": SCHEMA_VERSION + 1}

    with pytest.raises(OperatorError) as refused:
        RunView(newer)

    assert f"version {SCHEMA_VERSION + 1}" in str(refused.value)
    assert f"up to {SCHEMA_VERSION}" in str(refused.value)
    assert "the release that has written it" in refused.value.fix


@pytest.mark.parametrize("version", [-1, 0, True, False, [], {}, "4", "", 4.0, 1.0, 3.5])
def test_what_is_no_version_is_refused(version: Any) -> None:
    """A state that was edited by hand is not taken for one of a release."""
    with pytest.raises(OperatorError, match="schema_version") as refused:
        RunView({**STATE, "schema_version": version})

    assert "no version" in str(refused.value)


@pytest.mark.parametrize(
    ("channel", "value"),
    [
        ("turns", "x"),
        ("turns", True),
        ("revisions", 1.5),
        ("looks", [1]),
        ("results", [1]),
        ("results", {"a": 1}),
        ("results", {"a": {"step": "a"}}),
        ("remembered", [1]),
        ("remembered", {"a": "x"}),
        ("parked", [1]),
        ("plan", {"steps": 7}),
        ("run", {"id": 7}),
        ("run", [1]),
    ],
)
def test_a_damaged_part_is_named(channel: str, value: Any) -> None:
    """A state that was edited by hand, or damaged, says where it cannot be read."""
    view = RunView({**STATE, channel: value})

    with pytest.raises(OperatorError) as refused:
        getattr(view, channel)

    assert refused.value.where.startswith(f"state.{channel}")
    assert "``" not in str(refused.value), "a part as a whole has no field to name"
    assert "Nothing was changed" in refused.value.fix


def test_an_earlier_state_is_brought_up_and_written_so() -> None:
    """The first update of this release leaves no channel in the old shape."""
    earlier = {key: value for key, value in STATE.items() if key != "fence"} | {"schema_version": 1}
    memory = RunMemory(fence=7)

    packed = RunUpdate(turns=2).pack(RunView(earlier, memory))

    assert packed["schema_version"] == SCHEMA_VERSION
    assert packed["fence"] == 7
    assert "plan" not in packed


def test_a_step_that_could_not_run_is_blocked() -> None:
    """Version 2 called it skipped, with a failure; one left out by a condition has none."""
    failure = {"kind": "skipped", "message": "Step a did not succeed."}
    older = {
        **STATE,
        "schema_version": 2,
        "results": {
            "b": {"step": "b", "status": "skipped", "failure": failure},
            "c": {"step": "c", "status": "skipped", "reason": "x > 1 is false"},
            "d": {"step": "d", "status": "skipped", "failure": {**failure, "kind": "timeout"}},
        },
    }

    results = RunView(older).results

    assert {key: result.status for key, result in results.items()} == {
        "b": "blocked",
        "c": "skipped",
        "d": "skipped",
    }
    assert results["b"].failure is not None
    assert results["b"].failure.kind == "blocked"
    assert RunUpdate(turns=1).pack(RunView(older))["results"]["b"]["status"] == "blocked"


def test_an_unknown_field_is_named_and_so_is_its_place() -> None:
    """One that this release does not know must not be dropped: it may forbid something."""
    odd = {**STATE, "run": {**STATE["run"], "dry": True}}

    with pytest.raises(OperatorError, match=r"state\.run: .*`dry`: a field .* does not know"):
        _ = RunView(odd).run


@pytest.mark.parametrize(
    ("fence", "written_under", "whole", "is_next"),
    [
        pytest.param(0, 0, False, True, id="no-thread"),
        pytest.param(1, 0, True, True, id="first-run"),
        pytest.param(4, 3, True, True, id="nobody-in-between"),
        pytest.param(5, 3, True, False, id="somebody-in-between"),
        pytest.param(4, 0, True, False, id="checkpoints-lost"),
        pytest.param(3, 3, True, False, id="same-lease"),
        pytest.param(1, 0, False, False, id="node-of-a-larger-graph"),
    ],
)
def test_a_run_is_new_only_where_nobody_has_worked_since(
    fence: int, written_under: int, whole: bool, is_next: bool
) -> None:
    """Otherwise the journal may know it, and must be asked."""
    memory = RunMemory(fence=fence, whole_thread=whole)

    assert RunView({**STATE, "fence": written_under}, memory).is_next is is_next


PROPERTIES = sorted(
    name
    for name, member in vars(RunView).items()
    if isinstance(member, property | cached_property) and not name.startswith("_")
)
METHODS: dict[str, Callable[[RunView], Any]] = {
    "as_parked": RunView.as_parked,
    "brought_up": RunView.brought_up,
    "lanes": lambda view: view.lanes([[step.id] for step in view.plan.steps]),
}
BROUGHT = Step(id="b", kind="tool", tool="look", args={"item": {"$attachment": "f"}})
FULL: dict[str, Any] = {
    **STATE,
    "plan": PLAN.model_copy(update={"steps": (*PLAN.steps, BROUGHT)}).to_json(),
    "work": Task(text="x", attachments=(Attachment(name="f", payload="0"),)).to_json(),
}
CHANNELS = sorted(AgentState.__annotations__)
scalars = (
    st.none() | st.booleans() | st.integers(-1, 6) | st.floats(-2.5, 2.5) | st.text(max_size=2)
)
wrong = scalars | st.lists(scalars, max_size=2) | st.dictionaries(st.text(max_size=2), scalars)


@given(
    channel=st.sampled_from(CHANNELS),
    value=wrong | st.sampled_from([5, -1, 2.5, True, "x", [1], {}, [], 0, ""]),
    version=st.integers(1, SCHEMA_VERSION),
)
def test_whatever_a_channel_holds_the_view_gives_a_value_or_the_clear_error(
    channel: str, value: Any, version: int
) -> None:
    """Each channel, of any type, read by each property and by what lanes are sent."""
    state = {**FULL, "schema_version": version, channel: value}

    for name in (*PROPERTIES, *METHODS):
        try:
            view = RunView(state, RunMemory(fence=4, whole_thread=True))
            METHODS[name](view) if name in METHODS else getattr(view, name)
        except OperatorError as error:
            told = error.where.startswith(("state.", "stored state")), error.fix[:19]
            if told != (True, "Nothing was changed"):
                raise


@pytest.mark.parametrize(
    ("channel", "name", "value"),
    [
        *((channel, channel, v) for channel in ("parked", "said") for v in (5, -1, 2.5, True, "x")),
        *(("fence", "is_next", value) for value in ("x", [1], {}, True)),
        *(("work", "task", value) for value in (5, [], "", False)),
        *(("plan", "plan", value) for value in (5, [], "", False)),
        ("messages", "messages", "x"),
        ("gate_error", "refused", 5),
    ],
)
def test_a_channel_of_another_type_is_named(channel: str, name: str, value: Any) -> None:
    """As a part that cannot be read is, and not taken for an empty one either."""
    view = RunView({**FULL, channel: value}, RunMemory(fence=4, whole_thread=True))

    with pytest.raises(OperatorError) as refused:
        getattr(view, name)

    assert refused.value.where.startswith(f"state.{channel}")


@pytest.mark.parametrize("value", [5, [], "x", True, {"attachments": 5}, {"attachments": [5]}])
def test_lanes_are_sent_no_files_of_a_damaged_task(value: Any) -> None:
    """Files that a step refers to are looked for in a task, or not at all."""
    with pytest.raises(OperatorError, match=r"^state\.work"):
        RunView({**FULL, "work": value}).lanes([["b"]])
