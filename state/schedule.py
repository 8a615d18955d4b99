"""Scheduling: which steps may run next, as chains that do not wait for each other."""

from __future__ import annotations

from collections.abc import Mapping

from .conditions import Hindrance, hindrance
from .plan import Plan, Step, topological_order
from .results import FINAL, StepResult, StepStatus


def hindered(plan: Plan, results: Mapping[str, StepResult]) -> dict[str, Hindrance]:
    """Find steps that can never run, with the step at the root of what stands in their way."""
    found: dict[str, Hindrance] = {}
    known = dict(results)
    steps = {step.id: step for step in plan.steps}
    for step_id in topological_order(plan):
        if step_id in known and known[step_id].status in FINAL:
            continue
        if in_the_way := hindrance(steps[step_id], known):
            root = found.get(in_the_way.cause, in_the_way)
            found[step_id] = in_the_way.model_copy(update={"cause": root.cause})
            known[step_id] = StepResult(step=step_id, status=in_the_way.status)
    return found


def chains(
    plan: Plan, statuses: Mapping[str, StepStatus], held: frozenset[str] = frozenset()
) -> tuple[tuple[str, ...], ...]:
    """Cut what can run now into chains.

    A chain is a path of steps in which each needs only steps that have ended and earlier steps of
    the same chain. Each becomes one lane, so a chain never waits for another.

    Args:
        plan: The plan.
        statuses: Status of each step that has one.
        held: Steps that must not be dispatched (they wait for a person).

    Returns:
        Chains of step ids, in plan order of their first steps.
    """
    steps = {step.id: step for step in plan.steps}
    open_steps = [
        step_id
        for step_id in topological_order(plan)
        if step_id not in held
        and statuses.get(step_id) not in FINAL
        and steps[step_id].for_each is None
    ]
    found: list[list[str]] = []
    lane_of: dict[str, list[str]] = {}
    for step_id in open_steps:
        awaited = missing(steps[step_id], statuses)
        lanes = {id(lane_of[m]): lane_of[m] for m in awaited if m in lane_of}
        if not awaited:
            found.append([step_id])
            lane_of[step_id] = found[-1]
        elif len(lanes) == 1 and awaited <= lane_of.keys():
            [lane] = lanes.values()
            # A fork would make one branch wait for its sibling: only the chain's end continues.
            if lane[-1] in awaited:
                lane.append(step_id)
                lane_of[step_id] = lane
    return tuple(tuple(chain) for chain in found)


def missing(step: Step, statuses: Mapping[str, StepStatus]) -> frozenset[str]:
    """Return what a step still awaits: acceptance, or only an end if it bears with absence."""
    hard = step.requires()
    return frozenset(
        needed
        for needed in step.needs()
        if (status := statuses.get(needed)) != "accepted"
        and (needed in hard or status not in FINAL)
    )
