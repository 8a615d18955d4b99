"""A plan's own rules, and the scheduling of its steps."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.errors import PlanError
from pointsman.state.checks import check_plan
from pointsman.state.conditions import Hindrance
from pointsman.state.plan import MAX_STEPS, Plan, Step, topological_order
from pointsman.state.results import StepResult, StepStatus
from pointsman.state.schedule import chains, hindered, reachable


def step(step_id: str, *needs: str) -> Step:
    """Make a tool step that needs others."""
    return Step(id=step_id, kind="tool", tool="t", after=needs)


@st.composite
def dags(draw: st.DrawFn) -> Plan:
    """Draw a plan without cycles, its steps in any order."""
    size = draw(st.integers(1, 12))
    steps = [
        step(f"s{n}", *{f"s{m}" for m in draw(st.sets(st.integers(0, n - 1))) if n})
        if n
        else step("s0")
        for n in range(size)
    ]
    return Plan(steps=tuple(draw(st.permutations(steps))))


@given(dags())
def test_topological_order_puts_needs_first(plan: Plan) -> None:
    """Each step comes after everything it needs, and none is lost."""
    order = topological_order(plan)

    assert sorted(order) == sorted(s.id for s in plan.steps)
    for s in plan.steps:
        assert all(order.index(needed) < order.index(s.id) for needed in s.needs())


@given(dags(), st.data())
def test_chains_hold_only_what_can_run_in_their_order(plan: Plan, data: st.DataObject) -> None:
    """A chain's step needs accepted steps, earlier ones of its chain, and those of chains before.

    So a limit on how many lanes run at once cannot have one wait for another that never starts.
    """
    accepted: set[str] = set()
    for step_id in topological_order(plan):
        if plan.step(step_id).needs() <= accepted and data.draw(st.booleans()):
            accepted.add(step_id)
    statuses: dict[str, StepStatus] = dict.fromkeys(accepted, "accepted")

    found = chains(plan, statuses)

    dispatched = [step_id for chain in found for step_id in chain]
    assert len(dispatched) == len(set(dispatched))
    assert not accepted & set(dispatched)
    done = set(accepted)
    for step_id in dispatched:
        assert plan.step(step_id).needs() <= done
        done.add(step_id)
    assert done == {s.id for s in plan.steps}


@given(dags())
def test_dispatching_chains_again_and_again_runs_every_step_once(plan: Plan) -> None:
    """The run ends, whatever the shape of the plan."""
    statuses: dict[str, StepStatus] = {}
    ran: list[str] = []
    while found := chains(plan, statuses):
        for chain in found:
            ran.extend(chain)
            statuses.update(dict.fromkeys(chain, "accepted"))

    assert sorted(ran) == sorted(s.id for s in plan.steps)


def test_two_independent_chains_are_two_lanes() -> None:
    """Neither waits for the other."""
    plan = Plan(steps=(step("a1"), step("b1"), step("a2", "a1"), step("b2", "b1")))

    assert chains(plan, {}) == (("a1", "a2"), ("b1", "b2"))


def test_the_branches_of_a_fork_are_two_lanes() -> None:
    """The second waits for the step before the fork, and not for its sibling."""
    plan = Plan(steps=(step("s"), step("l", "s"), step("r", "s"), step("t", "l", "r")))

    assert chains(plan, {}) == (("s", "l"), ("r", "t"))


@given(dags(), st.data())
def test_lanes_that_lose_a_step_lose_what_needs_it(plan: Plan, data: st.DataObject) -> None:
    """What is left can still run, lane by lane."""
    lanes = chains(plan, {})
    cut = [lane[: data.draw(st.integers(0, len(lane)))] for lane in lanes]

    left = reachable(plan, cut, {})

    done: set[str] = set()
    for step_id in (step_id for lane in left for step_id in lane):
        assert plan.step(step_id).needs() <= done
        done.add(step_id)
    for step_id in {step_id for lane in cut for step_id in lane} - done:
        assert not plan.step(step_id).needs() <= done


def test_a_held_step_and_what_needs_it_are_not_dispatched() -> None:
    """A step that waits for a person keeps its dependants back, and nothing else."""
    plan = Plan(steps=(step("a"), step("b", "a"), step("c")))

    assert chains(plan, {"a": "waiting"}, held=frozenset({"a"})) == (("c",),)


def test_a_failed_step_blocks_all_that_need_it() -> None:
    """The cause that is named is the step that failed."""
    plan = Plan(steps=(step("a"), step("b", "a"), step("c", "b"), step("d")))

    found = hindered(plan, {"a": StepResult(step="a", status="failed")})

    blocked = Hindrance(status="blocked", cause="a")
    assert found == {"b": blocked, "c": blocked}


@pytest.mark.parametrize(
    ("steps", "where", "problem"),
    [
        pytest.param([step("a"), step("a")], "a", "Two steps", id="duplicate"),
        pytest.param([step("a", "z")], "a.after", "'z'", id="unknown"),
        pytest.param([step("a", "a")], "a", "itself", id="self"),
        pytest.param([step("a", "b"), step("b", "a")], "a", "wait for each other", id="cycle"),
        pytest.param([Step(id="a", kind="tool")], "a", "names no tool", id="no-tool"),
        pytest.param([Step(id="a", kind="reason")], "a", "no prompt", id="no-prompt"),
        pytest.param(
            [Step(id="a", kind="tool", tool="t", args={"x": {"$attachment": "f"}})],
            "a.x",
            "'f'",
            id="attachment",
        ),
        pytest.param(
            [Step(id="a", kind="tool", tool="t", args={"x": {"$form": "b"}})],
            "a.x",
            "not a reference",
            id="misspelt-reference",
        ),
        pytest.param(
            [step(f"s{n}") for n in range(MAX_STEPS + 1)], "plan.steps", "limit", id="too-many"
        ),
    ],
)
def test_a_broken_plan_names_the_step(steps: list[Any], where: str, problem: str) -> None:
    """The error says which step, what is wrong, and is fit to be quoted to a model."""
    with pytest.raises(PlanError) as caught:
        check_plan(Plan(steps=tuple(steps)))

    assert caught.value.where == where
    assert problem in str(caught.value)
