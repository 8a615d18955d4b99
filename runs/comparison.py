"""RunComparison: two runs side by side, step by step, and where they differ.

A run that was replayed under other policies, prices or code is compared with what is on record, and
any two runs with each other. Nothing is read here but two traces.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, TypeVar

from ..state.values import Json, Record

if TYPE_CHECKING:
    from .trace import RunTrace, StepTrace

T = TypeVar("T")

NOT_RUN = "not run"
"""Status of a step that has not come to an end."""


class FactPair(Record):
    """One thing that both runs say, or one of them."""

    name: str
    """`status`, `args`, `output`, `performed by`, …"""
    before: Json = None
    """`None`: this run does not say."""
    after: Json = None

    @property
    def differs(self) -> bool:
        """Whether the runs say different things."""
        return self.before != self.after


class StepPair(Record):
    """A step of one version of the plan, in both runs."""

    step: str
    plan_version: int = 1
    goal: str = ""
    facts: tuple[FactPair, ...] = ()

    @property
    def differs(self) -> bool:
        """Whether any fact does."""
        return any(fact.differs for fact in self.facts)


class RunComparison(Record):
    """Two runs side by side."""

    before: str
    """Id of the first run."""
    after: str
    facts: tuple[FactPair, ...] = ()
    """Of the runs as a whole."""
    steps: tuple[StepPair, ...] = ()
    """In the order of the first run, then those that only the second has."""

    @property
    def differs(self) -> bool:
        """Whether anything does."""
        return any(fact.differs for fact in self.facts) or any(s.differs for s in self.steps)

    def differences(self) -> tuple[tuple[str, FactPair], ...]:
        """Return the facts that differ, each with its step; those of the whole run with none."""
        return (
            *(("", fact) for fact in self.facts if fact.differs),
            *((pair.step, f) for pair in self.steps for f in pair.facts if f.differs),
        )


def compared(before: RunTrace, after: RunTrace) -> RunComparison:
    """Lay two runs side by side. Ids, times and reasons of the moment are left out."""
    first, second = _steps(before), _steps(after)
    return RunComparison(
        before=before.run.id,
        after=after.run.id,
        facts=_facts(_OF_RUN, before, after),
        steps=tuple(_pair(key, first.get(key), second.get(key)) for key in first | second),
    )


def _steps(run: RunTrace) -> dict[tuple[int, str], StepTrace]:
    return {(trace.plan_version, trace.step.id): trace for trace in run.steps}


def _pair(key: tuple[int, str], before: StepTrace | None, after: StepTrace | None) -> StepPair:
    version, step = key
    known = before or after
    return StepPair(
        step=step,
        plan_version=version,
        goal=known.step.goal if known else "",
        facts=_facts(_OF_STEP, before, after),
    )


def _facts(
    rules: Mapping[str, Callable[[T], Json]], before: T | None, after: T | None
) -> tuple[FactPair, ...]:
    """Return what either says; a fact that neither has is left out."""
    found = (
        FactPair(name=name, before=before and rule(before), after=after and rule(after))
        for name, rule in rules.items()
    )
    return tuple(fact for fact in found if (fact.before, fact.after) != (None, None))


def _what(trace: StepTrace) -> Json:
    return f"{trace.step.kind} {trace.step.tool}".strip()


def _status(trace: StepTrace) -> Json:
    return trace.result.status if trace.result else NOT_RUN


def _performed_by(trace: StepTrace) -> Json:
    attempts = trace.result.attempts if trace.result else ()
    return attempts[-1].performed_by if attempts else None


def _failure(trace: StepTrace) -> Json:
    failure = trace.result.failure if trace.result else None
    return f"{failure.kind}: {failure.message}" if failure else None


def _approvals(trace: StepTrace) -> Json:
    """Return what a person was asked, and what came of it; `None` where nobody was."""
    return [f"{a.request.why} {a.status}".strip() for a in trace.approvals] or None


def _taint(trace: StepTrace) -> Json:
    return sorted(trace.result.taint) or None if trace.result else None


def _step_usd(trace: StepTrace) -> Json:
    attempts = trace.result.attempts if trace.result else ()
    return _money(attempt.usage.usd for attempt in attempts) if attempts else None


def _money(parts: Iterable[float | None]) -> Json:
    known = [part for part in parts if part is not None]
    # Sums of the same parts in another order differ in the last digits.
    return round(sum(known), 9) if known else None


_OF_STEP: dict[str, Callable[[StepTrace], Json]] = {
    "what": _what,
    "args": lambda trace: trace.args or None,
    "approval": _approvals,
    "performed by": _performed_by,
    "status": _status,
    "failure": _failure,
    "output": lambda trace: trace.output,
    "taint": _taint,
    "usd": _step_usd,
}

_OF_RUN: dict[str, Callable[[RunTrace], Json]] = {
    "task": lambda run: run.task.text if run.task else None,
    "planner": lambda run: [plan.planner for plan in run.plans] or None,
    "declined": lambda run: run.declined or None,
    "stop": lambda run: run.stop.reason if run.stop else None,
    "answer status": lambda run: run.answer.status if run.answer else None,
    "answer": lambda run: run.answer.text if run.answer else None,
    "model calls": lambda run: run.usage.model_calls,
    "tool calls": lambda run: run.usage.tool_calls,
    "tokens": lambda run: run.usage.input_tokens + run.usage.output_tokens,
    "usd": lambda run: _money([run.usage.usd]),
}
