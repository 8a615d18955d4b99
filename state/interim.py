"""Interim: what a run has found for one request while another one waits for a person."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from .plan import AnswerSentence, Plan, Step
from .references import references
from .results import StepResult

_OF_PLAYBOOK = re.compile(r"^q\d+_")
"""Before the ids of steps where several playbooks are one plan."""
_OVER = frozenset({"accepted", "skipped", "failed", "rejected", "blocked"})


def untold(plan: Plan, results: Mapping[str, StepResult], told: Collection[str]) -> tuple[str, ...]:
    """Return the steps whose results answer a part of the request that waits for nobody.

    A result that what waits was worked out from belongs to what waits, and is told with it.

    Args:
        plan: The plan.
        results: What became of its steps.
        told: Steps whose results the user has heard of.
    """
    still_open = [step for step in plan.steps if not _is_over(step, results)]
    bound = {step.id for step in still_open} | _needed(still_open, plan)
    requests = {_request_of(step.id, plan) for step in still_open}
    return tuple(
        step.id
        for step in plan.steps
        if step.id not in bound
        and step.id not in told
        and _request_of(step.id, plan) not in requests
        and _is_found(step, plan, results)
    )


def told_by_now(plan: Plan, results: Mapping[str, StepResult], found: Collection[str]) -> Plan:
    """Return a plan with those prepared sentences alone that tell of what is found.

    Args:
        plan: The plan.
        results: What became of its steps.
        found: See `untold`.
    """
    still_open = {step.id for step in plan.steps if not _is_over(step, results)}
    of_now = tuple(
        sentence
        for sentence in plan.answer
        if (named := _named(sentence)).isdisjoint(still_open) and not named.isdisjoint(found)
    )
    return plan.model_copy(update={"answer": of_now})


def within(plan: Plan, steps: Collection[str]) -> frozenset[str]:
    """Return steps with all that stand in them."""
    return frozenset(inner.id for step in plan.steps if step.id in steps for inner in step.every())


def tells_of(plan: Plan, steps: Collection[str]) -> bool:
    """Whether the plan's prepared answer tells of one of the steps, or there is none."""
    named = [_named(sentence) for sentence in plan.answer]
    return not named or any(not some.isdisjoint(steps) for some in named)


def _named(sentence: AnswerSentence) -> frozenset[str]:
    read = {ref.step for ref in references(sentence.text) if ref.step}
    conditions = {step for step in (sentence.when, sentence.unless) if step}
    return frozenset(read | set(sentence.cites) | conditions)


def _request_of(step: str, plan: Plan) -> str:
    """Return which of the requests a playbook's step is of; a model's are told apart by use."""
    if not plan.planner.startswith("playbook:"):
        return step
    found = _OF_PLAYBOOK.match(step)
    return found[0] if found else ""


def _is_over(step: Step, results: Mapping[str, StepResult]) -> bool:
    return step.id in results and results[step.id].status in _OVER


def _is_found(step: Step, plan: Plan, results: Mapping[str, StepResult]) -> bool:
    """Whether a step brought something in this turn, and changed nothing."""
    result = results.get(step.id)
    if result is None or result.status != "accepted" or result.recalled is not None:
        return False
    changes = any(inner.tool in plan.ordered for inner in step.every())
    return step.kind != "ask" and not changes and bool(result.evidence or step.for_each)


def _needed(steps: Collection[Step], plan: Plan) -> set[str]:
    """Return all that steps rest on, near and far."""
    by_id = {step.id: step for step in plan.steps}
    found: set[str] = set()
    open_ = [need for step in steps for inner in step.every() for need in inner.needs()]
    while open_:
        name = open_.pop()
        if name not in found and name in by_id:
            found.add(name)
            open_ += [need for inner in by_id[name].every() for need in inner.needs()]
    return found
