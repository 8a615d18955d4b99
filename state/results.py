"""Results: what a step produced, what it rests on, and what verification said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from .approval import ApprovalRequest
from .usage import Usage, total
from .values import Json, Readers, Record, Trust

StepStatus = Literal[
    "accepted", "failed", "rejected", "skipped", "blocked", "waiting", "cleared", "stopped", "open"
]
"""`skipped`: a condition said no, here or in a step that it needs; no failure. `blocked`: a step
that it needs did not succeed. `waiting`: a person is asked. `cleared`: a person agreed, and the
step may go on; the approval is checked again when it runs. `stopped`: a hard stop came first.
`open`: a loop whose items are being worked on."""
FINAL: frozenset[StepStatus] = frozenset({"accepted", "failed", "rejected", "skipped", "blocked"})
"""Statuses that a later pass through `plan` does not change within one plan version."""

LEFT_OPEN = "left_open"
"""Kind of the failure of a step whose call may have happened, which nobody wants to find out."""
SAID_NO = frozenset({"rejected", LEFT_OPEN})
"""Kinds of failures that are a person's no, which is no error."""

VerdictAction = Literal["accept", "retry", "fallback", "ask", "fail"]


class Evidence(Record):
    """A place that a sentence of the answer can cite. Its text stays in the result, once."""

    id: str
    """Unique in the run: `s2` for a whole output, `s2#0` for a part of it."""
    step: str
    path: str = ""
    """Where in the step's output the text is."""
    source: str
    """What a person would look up: `order ORD-1001`, `policies/refunds.md § Damaged items`."""
    trust: Trust = "internal"
    cut: bool = False
    """The model behind it saw only a part of its inputs: a count or a total in it is none."""


class Failure(Record):
    """Why a step did not succeed."""

    kind: str
    """Stable code: `tool_error`, `timeout`, `arguments`, `rejected`, `policy`, `check`, …"""
    message: str
    """For a person, and for the planner on revision."""
    retryable: bool = False


class Verdict(Record):
    """What verification decided about one attempt, and why."""

    action: VerdictAction = "accept"
    reason: str = "All checks hold."
    cause: str = ""
    """For the router: `not_good_enough`, or the kind of the failure."""
    confidence: float | None = None
    """From 0 to 1; `None` where nobody estimated it."""


class Attempt(Record):
    """One try at a step, as the trace shows it."""

    number: int = 1
    performed_by: str = ""
    """The tool, or the model and its endpoint."""
    why: str = ""
    """Why this candidate."""
    verdict: Verdict | None = None
    usage: Usage = Usage()
    seconds: float = 0.0
    replayed: bool = False
    """The result came from the ledger; nothing was called."""


class StepResult(Record):
    """The outcome of a step."""

    step: str
    status: StepStatus
    output: Json = None
    """The value, if it is small enough to live in state."""
    payload: str = ""
    """Digest of the value in the payload store."""
    size: int = 0
    """Characters of a value that is too large for state."""
    excerpt: str = ""
    """The beginning of a value that is too large for state."""
    evidence: tuple[Evidence, ...] = ()
    taint: tuple[str, ...] = ()
    """Untrusted sources that flowed into the output; empty means clean."""
    decided: tuple[str, ...] = ()
    """Untrusted sources that decided to what end the step came, whatever it brought: what needs it,
    or takes its place, is decided by them too. Of a plain success that is whether it ran at all."""
    readers: Readers = None
    """Who may read the output, and the failure; see `readers`."""
    failure: Failure | None = None
    reason: str = ""
    """Why it ran or was skipped, where a condition decided it; why another value is used."""
    approval: ApprovalRequest | None = None
    """For `waiting`: what a person is asked. Kept for the trace once decided."""
    attempts: tuple[Attempt, ...] = ()
    items: tuple[str, ...] = ()
    """For a loop: the keys of its items, in order."""
    plan_version: int = 1
    data_class: tuple[str, ...] = ()
    """Classes of the data that flowed into the output; who may see them is decided by class."""
    recalled: float | None = None
    """Unix time of the earlier turn that it is of; `None` for a result of this run."""
    bound: str = ""
    """Digest of the step and its resolved inputs: a result is that of these, and of no others."""
    step_digest: str = ""
    """Digest of the step of the plan that it is of: of the outermost loop around it, if any."""

    @property
    def usage(self) -> Usage:
        """What all attempts together have used."""
        return total([attempt.usage for attempt in self.attempts])

    @property
    def is_in_doubt(self) -> bool:
        """Whether it has ended although nobody has said if its call happened."""
        asked = self.approval is not None and bool(self.approval.unknown_effect)
        kind = self.failure.kind if self.failure else ""
        return asked and self.status == "rejected" and kind in (LEFT_OPEN, "withdrawn")


def told_by(results: Mapping[str, StepResult]) -> list[Json]:
    """Return what results tell, by which one run's results are told from those of its fork."""
    return [
        [r.step, r.status, r.output, r.payload, r.failure.message if r.failure else ""]
        for _, r in sorted(results.items())
    ]


def called(results: Iterable[StepResult]) -> list[Usage]:
    """Return what each attempt at a tool has used."""
    return [
        attempt.usage
        for result in results
        for attempt in result.attempts
        if attempt.performed_by.startswith("tool:")
    ]
