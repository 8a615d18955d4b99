"""Results of a plan that a person has edited: which of them are of steps as the plan has them.

A result names the step that it is of by a digest, so that a fork whose plan was edited runs what is
new in it, and what needs that, and keeps the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from .instances import step_of
from .nesting import roots
from .plan import Plan, Step
from .results import StepResult
from .values import digest

ASKED = frozenset({"waiting", "cleared", "stopped"})
"""Statuses of what has not run: what a person was asked is bound to the inputs by its request."""


def step_digest(step: Step) -> str:
    """Return the digest of a step; of a loop with all that stands in it."""
    return digest(step.to_json())


def of_its_step(
    result: StepResult, root: Mapping[str, Step], digest_of: Callable[[Step], str]
) -> StepResult:
    """Return a result with the digest of the plan's step that it is of, once that has run.

    Args:
        result: What a step or an item of a loop has brought.
        root: The steps of the plan by what stands in them; see `nesting.roots`.
        digest_of: `step_digest`, which may remember what it has found.
    """
    if result.status in ASKED:
        return result
    top = root.get(step_of(result.step))
    own = "" if top is None else digest_of(top)
    if result.step_digest == own:
        return result
    return result.model_copy(update={"step_digest": own})


def of_other_steps(
    plan: Plan, results: Mapping[str, StepResult], digest_of: Callable[[Step], str]
) -> frozenset[str]:
    """Return which results are not of the plan as it stands, and which need one of these.

    Args:
        plan: The plan in force.
        results: By step instance. One without a digest is of an earlier release, and holds.
        digest_of: `step_digest`, which may remember what it has found.
    """
    top_of = roots(plan)
    changed: set[str] = set()
    removed: set[str] = set()
    for key, result in _told(results):
        top = top_of.get(step_of(key))
        if top is not None and digest_of(top) != result.step_digest:
            changed.add(top.id)
        elif top is None and result.plan_version == plan.version:
            removed.add(key)
    if not changed and not removed:
        return frozenset()
    changed |= _that_need(changed | {step_of(key) for key in removed}, plan)
    return frozenset(removed).union(
        key
        for key, _ in _told(results)
        if (top := top_of.get(step_of(key))) is not None and top.id in changed
    )


def _told(results: Mapping[str, StepResult]) -> Iterator[tuple[str, StepResult]]:
    for key, result in results.items():
        if result.step_digest and result.status not in ASKED:
            yield key, result


def _that_need(ids: set[str], plan: Plan) -> set[str]:
    """Return the steps of a plan that need one of these, directly or by others."""
    needs = {step.id: step.needs() for step in plan.steps}
    found: set[str] = set()
    while new := {id_ for id_, needed in needs.items() if needed & (ids | found)} - found:
        found |= new
    return found
