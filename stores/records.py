"""Records of the database. Times are Unix seconds, money is US dollars."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from ..state.approval import ApprovalRequest, Decision
from ..state.run import Principal
from ..state.values import Json, JsonObject, Record

EffectState = Literal["claimed", "done", "failed", "unknown"]


class EffectClaim(Record):
    """A tool call that is about to happen."""

    key: str
    """Idempotency key: digest of run, tool and canonical arguments, and of the step for a read."""
    run_id: str
    thread_id: str = ""
    step: str
    tool: str
    args_digest: str
    effect: str
    idempotency: Literal["key", "natural", "none"] = "none"
    business_key: str = ""
    """Digest of what may happen only once over all runs, such as the payment of one invoice."""
    grant: str = ""
    """Id of the grant under which it is to happen; the claim takes one of its uses."""


class EffectRecord(Record):
    """What the ledger knows of a call."""

    claim: EffectClaim
    state: EffectState
    fence: int
    """Grows by one with each grant; a settlement with an older fence is refused."""
    granted: bool = False
    """Whether the caller that asked may perform the call now."""
    taken: bool = False
    """Another call has the business key that was asked for; this is its record."""
    uncovered: bool = False
    """The grant that the call was to happen under has ended or is used up: nothing was claimed."""
    grant_use: int = 0
    """How many of the grant's uses are taken with this claim."""
    owner: str = ""
    lease_expires_at: float = 0.0
    attempts: int = 1
    output: Json = None
    """The recorded result of a `done` call."""
    error: str = ""
    note: str = ""
    """How an `unknown` call was cleared up, and by whom."""
    claimed_at: float = 0.0
    settled_at: float | None = None


@dataclass(frozen=True, kw_only=True)
class RunRecords:
    """What the journal holds of a run, without the results themselves."""

    ended: frozenset[tuple[int, str]] = frozenset()
    """Plan version and step of each step outcome on record."""
    notes: Mapping[tuple[str, int], JsonObject] = field(default_factory=dict)
    """Kind and version → body of each recorded plan, revision or answer."""


ApprovalStatus = Literal[
    "waiting", "approved", "edited", "rejected", "responded", "expired", "withdrawn"
]


class ApprovalRecord(Record):
    """A request and every decision on it."""

    request: ApprovalRequest
    run_id: str
    thread_id: str
    status: ApprovalStatus
    decisions: tuple[Decision, ...] = ()
    reason: str = ""
    """Why it was withdrawn."""


class AuditEntry(Record):
    """One line of the audit log."""

    tenant: str | None = ""
    """Whose chain it is in; `None`: the one chain of earlier releases."""
    seq: int
    at: float
    kind: str
    thread_id: str
    run_id: str
    actor: str
    body: JsonObject = {}
    forgotten: bool = False
    """Whether actor and body were removed; a later entry says why."""
    previous: str = ""
    hash: str = ""


class ModelAttempt(Record):
    """One HTTP attempt at a model, as it was billed and as the trace shows it."""

    id: str
    run_id: str
    thread_id: str = ""
    principal: str = ""
    step: str
    role: str
    model: str
    endpoint: str
    why: str = ""
    """Why this candidate was chosen."""
    outcome: str
    """`ok`, or a failure class."""
    error: str = ""
    input_tokens: int = 0
    cached_input_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0
    usd: float | None = None
    reserved_usd: float | None = None
    estimated: bool = False
    density: float = 0.0
    """Input tokens billed for each byte of the prompt's text; 0 where that tells nothing."""
    seconds: float = 0.0
    first_token_seconds: float | None = None
    started_at: float = 0.0
    prompt: str = ""
    """Digest of the prompt's messages in the payload store."""
    reply: str = ""
    """Digest of the reply in the payload store."""


class Cap(Record):
    """One limit that a reservation must fit under."""

    scope: Literal["run", "step", "thread", "principal", "day"]
    key: str
    """What is limited: the run's id, `run/step`, the thread's id, the principal, `2026-11-23`."""
    usd: float | None = None
    tokens: int | None = None


class Balance(Record):
    """What a scope has used."""

    spent_usd: float = 0.0
    reserved_usd: float = 0.0
    spent_tokens: int = 0
    reserved_tokens: int = 0


EVERYTHING = ("", "*")
"""Targets of a switch that stand for all there is."""


class Switch(Record):
    """A global switch for incidents, effective at the next step of every process."""

    kind: Literal["pause", "freeze_tool", "freeze_endpoint", "revoke_principal", "revoke_token"]
    target: str = ""
    reason: str = ""
    actor: str = ""
    at: float = 0.0

    def covers(self, target: str) -> bool:
        """Say whether it is about a tool, endpoint, principal or token."""
        return self.target in (target, *EVERYTHING)


class LeaseHolder(Record):
    """Who holds a lease."""

    owner: str
    fence: int
    expires_at: float


class RunOwner(Record):
    """For whom a run is, or who came first to a thread."""

    id: str
    tenant: str


class Requester(Record):
    """Who asks for something that another process does."""

    principal: Principal
    """From authentication, or from the settings of whoever asks."""
    authenticated: bool
    """Whether a credential vouched for them when they asked."""


QueuedTaskState = Literal["queued", "paused", "ended", "failed"]
"""`queued`: it has not come to an end or a pause. `paused`: it waits for a person."""


class QueuedTask(Record):
    """A message to a thread, for whichever worker comes first."""

    thread_id: str
    message_id: str
    """Of the message. The same id again is the same turn."""
    given: str
    """Digest of the text, the attachments and the context, in the payload store."""
    asked_by: Requester
    priority: int = 0
    """Higher ones come first."""
    asked_at: float = 0.0
    due_at: float = 0.0
    """Not before."""
    state: QueuedTaskState = "queued"
    run_id: str = ""
    """The run that it became, once that is known."""
    answer: str = ""
    """Digest of the answer in the payload store."""
    error: JsonObject = {}
    """Why it failed: `type`, `message`, `where` and `fix`."""
    ended_at: float | None = None


class Wake(Record):
    """A thread that somebody should look at, taken by one worker for a time."""

    thread_id: str
    tenant: str = ""
    priority: int = 0
    number: int
    """Grows with each reason to look: who settles an older one has not seen the newest."""
    tries: int
    """Times that a worker took it and did not give it back."""
    errors: int = 0
    """Times that its run came to an error since it was last settled."""


class KeptRecords(Record):
    """Records that a forgetting leaves, stripped of their texts."""

    place: str
    count: int
    why: str


class PrincipalReceipt(Record):
    """What the forgetting of a principal has removed, of all their threads together."""

    principal: str
    """Digest of who it was."""
    threads: tuple[str, ...]
    removed: dict[str, int]
    """Place → how many records."""
    kept: tuple[KeptRecords, ...] = ()
    left_to_others: tuple[str, ...] = ()
    """Threads that others began, in which they took part."""
    rewritten: tuple[str, ...] = ()
    out_of_reach: tuple[str, ...] = ()
    audit_tenant: str = ""
    audit_entry: int = 0


class DeletionReceipt(Record):
    """Deletion receipt: what the forgetting of a thread has removed, and what it has left."""

    thread_id: str
    actor: str = ""
    reason: str = ""
    begun_at: float = 0.0
    ended_at: float | None = None
    """`None`: it is not finished, and is to be done again."""
    removed: dict[str, int] = {}
    """Place → how many records."""
    kept: tuple[KeptRecords, ...] = ()
    rewritten: tuple[str, ...] = ()
    """Databases whose free pages and write-ahead logs were cleared of what was removed."""
    out_of_reach: tuple[str, ...] = ()
    """Where copies may be that no forgetting of ours reaches."""
    audit_tenant: str = ""
    """Whose chain of the audit log tells of it."""
    audit_entry: int = 0
    """The entry that says it is done; 0 until then."""
    ended_class: str = ""
    """The class of data by whose lifetime it ended; empty where somebody wanted it."""
    keeps_audit: bool = False
    """Whether the audit log keeps its texts, for as long as the class `audit` says."""
    principal: str = ""
    """Digest of the principal all of whose threads were to be forgotten."""
