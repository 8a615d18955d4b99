"""Scheduling: which steps may run next, as chains that do not wait for each other."""

from __future__ import annotations

from collections.abc import Mapping

from .plan import Plan, topological_order
from .results import FINAL, StepResult, StepStatus


def skipped(plan: Plan, results: Mapping[str, StepResult]) -> dict[str, str]:
    """Find steps that can never run, with the id of the step that stands in their way."""
    blocked: dict[str, str] = {}
    for step_id in topological_order(plan):
        if step_id in results and results[step_id].status in FINAL:
            continue
        for needed in sorted(plan.step(step_id).needs()):
            ended = needed in results and results[needed].status in FINAL
            if needed in blocked or (ended and results[needed].status != "accepted"):
                blocked[step_id] = blocked.get(needed, needed)
                break
    return blocked


def chains(
    plan: Plan, statuses: Mapping[str, StepStatus], held: frozenset[str] = frozenset()
) -> tuple[tuple[str, ...], ...]:
    """Cut what can run now into chains.

    A chain is a path of steps in which each needs only accepted steps and earlier steps of the
    same chain. Each becomes one lane, so a chain never waits for another.

    Args:
        plan: The plan.
        statuses: Status of each step that has one.
        held: Steps that must not be dispatched (they wait for a person).

    Returns:
        Chains of step ids, in plan order of their first steps.
    """
    accepted = {step_id for step_id, status in statuses.items() if status == "accepted"}
    open_steps = [
        step_id
        for step_id in topological_order(plan)
        if step_id not in held and statuses.get(step_id) not in FINAL
    ]
    found: list[list[str]] = []
    lane_of: dict[str, list[str]] = {}
    for step_id in open_steps:
        missing = plan.step(step_id).needs() - accepted
        lanes = {id(lane_of[m]): lane_of[m] for m in missing if m in lane_of}
        if not missing:
            found.append([step_id])
            lane_of[step_id] = found[-1]
        elif len(lanes) == 1 and missing <= lane_of.keys():
            [lane] = lanes.values()
            # A fork would make one branch wait for its sibling: only the chain's end continues.
            if lane[-1] in missing:
                lane.append(step_id)
                lane_of[step_id] = lane
    return tuple(tuple(chain) for chain in found)
