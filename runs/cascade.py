"""Cascades: what escalating to a stronger model has cost, and whether it was worth it."""

from __future__ import annotations

from ..state.results import Attempt, StepResult
from ..state.values import Record

ESCALATED = "escalated"
"""How the reason of an escalated candidate begins."""


class Escalation(Record):
    """One step up, and what it bought."""

    step: str
    before: str
    """`model@endpoint` whose result was not good enough."""
    after: str
    usd: float | None
    """What the stronger model's attempt has cost, in US dollars."""
    verdict_before: str
    verdict_after: str
    bought: bool
    """Whether the stronger model's result was accepted."""

    def sentence(self) -> str:
        """Say it for a person who reads the trace."""
        cost = "an unknown price" if self.usd is None else f"${self.usd:.6f}"
        gain = "an accepted result" if self.bought else "no accepted result"
        why = f" ({self.verdict_before})" if self.verdict_before else ""
        return f"{self.before}{why} → {self.after}: {cost} bought {gain} ({self.verdict_after})"


def escalations(result: StepResult) -> tuple[Escalation, ...]:
    """Return the escalations of a step, in order."""
    pairs = zip(result.attempts, result.attempts[1:], strict=False)
    return tuple(_escalation(result.step, *pair) for pair in pairs if is_escalation(pair[1].why))


def is_escalation(why: str) -> bool:
    """Say whether an attempt's reason is an escalation."""
    return why.startswith(ESCALATED)


def _escalation(step: str, before: Attempt, after: Attempt) -> Escalation:
    return Escalation(
        step=step,
        before=before.performed_by,
        after=after.performed_by,
        usd=after.usage.usd,
        verdict_before=before.verdict.reason if before.verdict else "",
        verdict_after=after.verdict.reason if after.verdict else "",
        bought=after.verdict is not None and after.verdict.action == "accept",
    )
