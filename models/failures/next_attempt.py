"""What each kind of failure calls for: the same candidate again, another one, or an end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from .classes import AttemptFailure, FailureClass


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What a class of failure calls for."""

    retries: int = 0
    """Retries of the same candidate while another one is free."""
    retries_alone: int = 0
    """Retries of the same candidate when it is the last."""
    same: Literal["retry", "reask", "extend"] = "retry"
    """How the same candidate is asked again."""
    other: Literal["any", "endpoint", "larger"] = "any"
    """Which candidates may take over: any, at another endpoint, or with a larger context."""


RULES: Mapping[FailureClass, Rule] = {
    "authentication": Rule(other="endpoint"),
    "permission": Rule(),
    "rate_limit": Rule(retries=1, retries_alone=3),
    "overloaded": Rule(retries=1, retries_alone=3),
    "timeout": Rule(retries_alone=1),
    "connection": Rule(retries=1, retries_alone=2),
    "cut_stream": Rule(retries_alone=1),
    "context_too_long": Rule(other="larger"),
    "refusal": Rule(),
    "content_filter": Rule(),
    "malformed_output": Rule(retries=1, retries_alone=2, same="reask"),
    "output_limit": Rule(retries=1, retries_alone=1, same="extend"),
    "unknown_model": Rule(),
    "bad_request": Rule(),
    "unavailable": Rule(retries_alone=2),
    "unknown": Rule(retries_alone=1),
    "cancelled": Rule(),
}


@dataclass(frozen=True, kw_only=True)
class Option:
    """A candidate as far as the next attempt depends on it."""

    name: str
    endpoint: str
    context_window: int | None = None


@dataclass(frozen=True, kw_only=True)
class Patience:
    """Bounds on attempts and waiting, in seconds."""

    max_attempts: int
    backoff: float
    max_backoff: float
    patience: float
    max_wait: float
    deadline_at: float | None = None


@dataclass(frozen=True, kw_only=True)
class NextAttempt:
    """What to do after a failed attempt, and why."""

    action: Literal["retry", "reask", "extend", "fallback", "stop"]
    reason: str
    wait: float = 0.0
    """Seconds before a retry."""
    to: str = ""
    """The candidate to fall back to."""


def attempt_after(
    history: Sequence[tuple[str, AttemptFailure]],
    *,
    current: Option,
    others: Sequence[Option],
    limits: Patience,
    now: float,
    jitter: float,
) -> NextAttempt:
    """Decide what follows the last failure of `history`.

    Args:
        history: Candidate and failure of each attempt so far; the last one has just failed.
        current: The candidate that has just failed.
        others: Untried candidates in order of preference.
        limits: Bounds on attempts and waiting.
        now: Unix time.
        jitter: A random number from 0 to 1.
    """
    failure = history[-1][1]
    rule = RULES[failure.kind]
    if len(history) >= limits.max_attempts:
        return NextAttempt(action="stop", reason=f"{limits.max_attempts} attempts were made")
    fit = [other for other in others if _takes_over(rule, current, other)]
    # An empty reply or an error page has nothing to quote; the candidate is as good as broken.
    quotable = rule.same != "reask" or bool(failure.reply)
    tried = sum(1 for name, past in history if name == current.name and past.kind == failure.kind)
    allowed = rule.retries if fit else rule.retries_alone
    wait = _wait(failure, rule, tried, limits, jitter)
    bound = limits.patience if fit else limits.max_wait
    in_time = limits.deadline_at is None or now + wait < limits.deadline_at
    if quotable and tried <= allowed and wait <= bound and in_time:
        return NextAttempt(action=rule.same, reason=f"{rule.same} after {failure.kind}", wait=wait)
    if fit:
        return NextAttempt(action="fallback", reason=f"after {failure.kind}", to=fit[0].name)
    return NextAttempt(action="stop", reason=_why_stop(rule, wait, bound, in_time=in_time))


def _takes_over(rule: Rule, current: Option, other: Option) -> bool:
    if rule.other == "endpoint":
        return other.endpoint != current.endpoint
    if rule.other == "larger":
        return other.context_window is None or (
            current.context_window is not None and other.context_window > current.context_window
        )
    return True


def _wait(
    failure: AttemptFailure, rule: Rule, tried: int, limits: Patience, jitter: float
) -> float:
    if rule.same != "retry":
        return 0.0
    if failure.retry_after is not None:
        # A little later than asked for, so that callers do not all come back at once.
        return failure.retry_after * (1 + 0.1 * jitter)
    backoff = min(limits.max_backoff, limits.backoff * 2 ** (tried - 1))
    return backoff * (0.5 + 0.5 * jitter)


def _why_stop(rule: Rule, wait: float, bound: float, *, in_time: bool) -> str:
    if not in_time:
        return "the deadline comes before the next attempt"
    if wait > bound:
        return f"the endpoint wants {wait:.0f} s of rest, more than the {bound:.0f} s we wait"
    if rule.other == "larger":
        return "no candidate has a larger context"
    return "no candidate is left"
