"""Verdicts: whether a result is accepted, tried again, or given up, as pure rules.

The order of the checks is their order of trust: what the runner says, then the schema, then the
business rules of the plan, then evidence, then confidence.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from pydantic import Field

from ..errors import ExpressionError
from .expressions.comparing import contains, equal, ordered
from .expressions.limits import Allowance
from .plan import Check, Step
from .references import Reference, at_path, resolve
from .results import Evidence, Failure, Verdict
from .rules import SIGNS
from .run import Limits
from .usage import Usage
from .values import Json, Readers, Record


class ActOutcome(Record):
    """What `act` brought back from one attempt."""

    output: Json = None
    failure: Failure | None = None
    evidence: tuple[Evidence, ...] = ()
    performed_by: str = ""
    why: str = ""
    usage: Usage = Usage()
    seconds: float = 0.0
    replayed: bool = False
    taint: tuple[str, ...] = ()
    readers: Readers = None
    effect_key: str = ""
    """Idempotency key of a tool call."""
    happened_unknown: bool = False
    """A tool that cannot be repeated may have acted; only a person can say."""
    confidence: float | None = Field(default=None, ge=0, le=1)
    max_attempts: int | None = None
    """What the tool's contract allows; the run's own limit holds too."""
    backoff: float = 0.2
    """Seconds before a second attempt; doubled before each further one."""


MIN_CONFIDENCE = 0.3
"""Below this a model's own confidence counts as "not good enough"; policy may ask for more."""


def judge(
    step: Step,
    outcome: ActOutcome,
    *,
    attempt: int,
    limits: Limits,
    lookup: Callable[[Reference], Json],
    now: datetime | None = None,
) -> Verdict:
    """Return the verdict on one attempt, with its reason."""
    if outcome.happened_unknown:
        return Verdict(action="ask", reason="The call may have happened; a person must find out.")
    allowed = min(limits.step_attempts, outcome.max_attempts or limits.step_attempts)
    if outcome.failure is not None:
        return _judge_failure(outcome.failure, again=attempt < allowed)
    broken = next((c for c in step.checks if not holds(c, outcome.output, lookup, now)), None)
    if broken is not None:
        return Verdict(action="fail", reason=broken.message)
    if step.kind != "ask" and not outcome.evidence:
        return Verdict(action="fail", reason="The result carries no evidence.")
    confidence = outcome.confidence
    if confidence is not None and confidence < MIN_CONFIDENCE:
        action = "fallback" if attempt < allowed else "fail"
        reason = f"The model's own confidence is {confidence:.2f}."
        return Verdict(action=action, reason=reason, cause="not_good_enough", confidence=confidence)
    return Verdict(confidence=confidence)


def _judge_failure(failure: Failure, *, again: bool) -> Verdict:
    if failure.retryable and again:
        action = "fallback" if failure.kind in ("output_schema", "not_good_enough") else "retry"
        return Verdict(action=action, reason=failure.message, cause=failure.kind)
    return Verdict(action="fail", reason=failure.message, cause=failure.kind)


def holds(
    check: Check,
    output: Json,
    lookup: Callable[[Reference], Json],
    now: datetime | None = None,
) -> bool:
    """Decide one business rule. A value that is absent or of another type fails it."""
    try:
        actual = at_path(output, check.path)
        expected = resolve(check.value, lookup, now=now)
    except (KeyError, ExpressionError):
        return False
    if check.op in ("exists", "not_empty"):
        return actual is not None if check.op == "exists" else bool(actual)
    try:
        return _compare(check.op, actual, expected)
    except ExpressionError:
        return False


def _compare(op: str, actual: Json, expected: Json) -> bool:
    """Compare as expressions do: times by when they are, and nothing across kinds.

    Raises:
        ExpressionError: They have no order, or nobody knows if they are the same.
    """
    match op:
        case "eq" | "ne":
            return equal(Allowance(), actual, expected) == (op == "eq")
        case "in" | "not_in":
            listed = isinstance(expected, list)
            return listed and contains(Allowance(), expected, actual) == (op == "in")
        case _:
            return ordered(Allowance(), SIGNS[op], actual, expected)
