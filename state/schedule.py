"""Scheduling: which steps may run next, as chains side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

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
    """Cut what can run now into chains, each of which becomes a lane.

    A step needs nothing but what has ended, earlier steps of its chain, and steps of chains before
    its own, for which its lane waits. So every lane could run to its end once those before it have,
    and none waits for one that a limit on concurrency keeps from starting.

    Args:
        plan: The plan.
        statuses: Status of each step that has one.
        held: Steps that must not be dispatched (they wait for a person).

    Returns:
        Chains of step ids, in plan order of their first steps.
    """
    found: list[list[str]] = []
    place: dict[str, int] = {}
    for step in _open(plan, statuses, held):
        awaited = missing(step, statuses)
        if not awaited <= place.keys():
            continue
        latest = max((place[id_] for id_ in awaited), default=-1)
        if awaited and found[latest][-1] in awaited:
            found[latest].append(step.id)
        else:
            latest = len(found)
            found.append([step.id])
        place[step.id] = latest
    return tuple(tuple(chain) for chain in found)


def reachable(
    plan: Plan, lanes: Sequence[Sequence[str]], statuses: Mapping[str, StepStatus]
) -> tuple[tuple[str, ...], ...]:
    """Leave out of lanes what needs a step that is in none of them, and all that follows it."""
    open_steps = {step.id: step for step in _open(plan, statuses)}
    comes: set[str] = set()
    kept: list[tuple[str, ...]] = []
    for lane in lanes:
        chain: list[str] = []
        for id_ in lane:
            if id_ in open_steps and not missing(open_steps[id_], statuses) <= comes:
                break
            comes.add(id_)
            chain.append(id_)
        kept.append(tuple(chain))
    return tuple(chain for chain in kept if chain)


def _open(
    plan: Plan, statuses: Mapping[str, StepStatus], held: frozenset[str] = frozenset()
) -> list[Step]:
    steps = {step.id: step for step in plan.steps}
    return [
        steps[step_id]
        for step_id in topological_order(plan)
        if step_id not in held
        and statuses.get(step_id) not in FINAL
        and steps[step_id].for_each is None
    ]


def missing(step: Step, statuses: Mapping[str, StepStatus]) -> frozenset[str]:
    """Return what a step still awaits: acceptance, or only an end if it bears with absence."""
    hard = step.requires()
    return frozenset(
        needed
        for needed in step.needs()
        if (status := statuses.get(needed)) != "accepted"
        and (needed in hard or status not in FINAL)
    )
