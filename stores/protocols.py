"""The small protocols behind which one database stands.

Every method is safe to call from any event loop and any thread. Every write is durable when it
returns. Times are Unix seconds, money is US dollars.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from ..state.approval import ApprovalRequest, Decision
from ..state.endorsement import Endorsement
from ..state.results import StepResult
from ..state.values import Json, JsonObject, Record
from .consents import EndorsementStore, GrantStore

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


class Payloads(Protocol):
    """Content-addressed storage: each value is stored once."""

    async def put(self, value: Json) -> str:
        """Store a JSON value and return its digest."""
        ...

    async def get(self, digest: str) -> Json:
        """Return the value. Raises `NotFoundError`."""
        ...

    async def put_bytes(self, data: bytes, media_type: str) -> str:
        """Store bytes and return their digest."""
        ...

    async def get_bytes(self, digest: str) -> tuple[bytes, str]:
        """Return bytes and media type. Raises `NotFoundError`."""
        ...


@dataclass(frozen=True, kw_only=True)
class RunRecords:
    """What the journal holds of a run, without the results themselves."""

    ended: frozenset[tuple[int, str]] = frozenset()
    """Plan version and step of each recorded outcome."""
    notes: Mapping[tuple[str, int], JsonObject] = field(default_factory=dict)
    """Kind and version → body of each recorded plan, revision or answer."""


class Journal(Protocol):
    """Outcomes of steps, plans and answers: each committed once, read back after a crash."""

    async def outcome(
        self, run_id: str, plan_version: int, step: str, *, bound: str = ""
    ) -> StepResult | None:
        """Return the recorded final outcome of a step, output included.

        With `bound`, that of the step with these inputs.
        """
        ...

    async def record_outcome(self, run_id: str, thread_id: str, result: StepResult) -> None:
        """Commit a step's outcome, its output as a payload. A second record is ignored."""
        ...

    async def outcomes(self, run_id: str) -> Sequence[StepResult]:
        """Return all outcomes of a run in the order they were committed, without large outputs."""
        ...

    async def known(self, run_id: str) -> RunRecords:
        """Return what is on record of a run: its notes, and which steps have ended."""
        ...

    async def note(self, run_id: str, kind: str, version: int) -> JsonObject | None:
        """Return a journaled plan, revision or answer."""
        ...

    async def record_note(
        self,
        run_id: str,
        thread_id: str,
        kind: str,
        version: int,
        body: JsonObject,
        *,
        wait: bool = True,
    ) -> None:
        """Commit a plan, revision or answer, so that a replay does not pay for it again.

        Without `wait` it is committed with whatever is written next, and nothing before it.
        """
        ...

    async def notes(self, thread_id: str) -> Sequence[JsonObject]:
        """Return `{"run_id", "kind", "version", "body", "at"}` of a thread, oldest first."""
        ...


class EffectsLedger(Protocol):
    """Tool calls, claimed before they happen."""

    async def claim(self, claim: EffectClaim, *, owner: str, lease_seconds: float) -> EffectRecord:
        """Claim a call, or return what is known of it.

        `granted` is true for a first claim, for a `failed` call (known not to have happened), and
        for a `claimed` or `unknown` call of a `key` or `natural` tool whose lease has expired or
        whose owner is the same. A `claimed` call whose lease expired and whose tool is `none`
        becomes `unknown` and is not granted. A `done` call is never granted. Where another call
        that has not failed holds the business key, its record comes back as `taken`. What would be
        granted under a grant that covers no further call comes back as `uncovered`.
        """
        ...

    async def confirm(self, key: str, *, fence: int, owner: str, lease_seconds: float) -> bool:
        """Say whether a claim still stands; a standing one is held for so long from now on."""
        ...

    async def settle(
        self,
        key: str,
        *,
        fence: int,
        state: Literal["done", "failed", "unknown"],
        output: Json = None,
        error: str = "",
    ) -> EffectRecord:
        """Record how a claimed call ended. Raises `StoreError` if the fence is not the newest."""
        ...

    async def reopen(
        self, key: str, *, verdict: Literal["done", "failed"], output: Json, note: str
    ) -> None:
        """Record what reconciliation or a person found out about an `unknown` call."""
        ...

    async def get(self, key: str) -> EffectRecord | None:
        """Return what is known of a call."""
        ...

    async def of_run(self, run_id: str) -> Sequence[EffectRecord]:
        """Return the calls of a run in order."""
        ...


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


class ApprovalStore(Protocol):
    """Approval requests and the decisions on them."""

    async def open(self, run_id: str, thread_id: str, request: ApprovalRequest) -> ApprovalRecord:
        """Record a request; the same id again returns the record that exists."""
        ...

    async def open_all(
        self, run_id: str, thread_id: str, requests: Sequence[ApprovalRequest]
    ) -> Sequence[ApprovalRecord]:
        """Record several requests as `open` does, in one trip; return them in the same order."""
        ...

    async def get(self, approval_id: str) -> ApprovalRecord:
        """Return one record. Raises `NotFoundError`."""
        ...

    async def get_all(self, approval_ids: Sequence[str]) -> Sequence[ApprovalRecord]:
        """Return several records in one trip, in the same order. Raises `NotFoundError`."""
        ...

    async def decide(
        self,
        decisions: Sequence[Decision],
        *,
        anew: frozenset[str] = frozenset(),
        endorsements: Sequence[Endorsement] = (),
    ) -> Sequence[ApprovalRecord]:
        """Record decisions and what they endorse, with lines in the audit log, all or none.

        The first rejection, edit or response closes a request; an
        approval closes it when the quorum of distinct approvers is met. A closed request whose id
        is in `anew` is opened again first: what was decided before, and endorsed with it, counts no
        more.

        Raises `DecisionError` for an unknown, closed or expired request, or a second decision
        of the same approver.
        """
        ...

    async def withdraw(self, approval_id: str, reason: str, *, actor: str = "") -> None:
        """Take an approval or a request back, so that it must be asked again."""
        ...

    async def waiting(self, thread_id: str | None = None) -> Sequence[ApprovalRecord]:
        """Return the open requests, oldest first."""
        ...

    async def of_thread(self, thread_id: str) -> Sequence[ApprovalRecord]:
        """Return all requests of a thread, oldest first."""
        ...


class AuditEntry(Record):
    """One line of the audit log."""

    seq: int
    at: float
    kind: str
    thread_id: str
    run_id: str
    actor: str
    body: JsonObject = {}
    previous: str = ""
    hash: str = ""


class AuditLog(Protocol):
    """An append-only, hash-chained record of who did what."""

    async def append(
        self, kind: str, *, thread_id: str = "", run_id: str = "", actor: str = "", body: JsonObject
    ) -> AuditEntry:
        """Append one entry, chained to the last."""
        ...

    async def entries(
        self, thread_id: str | None = None, *, limit: int = 1000
    ) -> Sequence[AuditEntry]:
        """Return entries, oldest first."""
        ...

    async def verify(self) -> int:
        """Check the chain and return its length. Raises `StoreError` naming the broken entry."""
        ...


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


class AttemptLog(Protocol):
    """Model attempts."""

    async def record(self, attempt: ModelAttempt) -> None:
        """Append an attempt."""
        ...

    async def of_run(self, run_id: str) -> Sequence[ModelAttempt]:
        """Return a run's attempts in order."""
        ...

    async def recent(self, *, limit: int = 1000) -> Sequence[ModelAttempt]:
        """Return the newest attempts, newest first."""
        ...


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


class BudgetLedger(Protocol):
    """Reservations under caps. A reservation is one atomic statement per cap, all or none."""

    async def reserve(
        self,
        reservation_id: str,
        caps: Sequence[Cap],
        *,
        usd: float,
        tokens: int,
        expires_at: float,
    ) -> Cap | None:
        """Reserve under every cap. Return `None` if granted, else the first cap that refuses."""
        ...

    async def settle(self, reservation_id: str, *, usd: float, tokens: int) -> bool:
        """Replace a reservation by what was used, once; say whether this was the time."""
        ...

    async def release(self, reservation_id: str) -> None:
        """Give a reservation back unused."""
        ...

    async def balance(self, scope: str, key: str) -> Balance:
        """Return what a scope has used and holds."""
        ...


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


class Switches(Protocol):
    """Global switches."""

    async def set(self, switch: Switch) -> None:
        """Turn a switch on."""
        ...

    async def clear(self, kind: str, target: str = "") -> None:
        """Turn a switch off."""
        ...

    async def active(self) -> Sequence[Switch]:
        """Return the switches that are on."""
        ...


class LeaseHolder(Record):
    """Who holds a lease."""

    owner: str
    fence: int
    expires_at: float


class Leases(Protocol):
    """Who may act on a thread."""

    async def acquire(
        self,
        name: str,
        *,
        owner: str,
        seconds: float,
        tell: Callable[[Sequence[Switch]], None] | None = None,
    ) -> int | None:
        """Return a fencing token that grows with each owner, or `None` if another holds it.

        `tell` is told which switches are on at that moment.
        """
        ...

    async def holder(self, name: str) -> LeaseHolder | None:
        """Return who holds it; `None` if nobody does."""
        ...

    async def release(self, name: str, *, owner: str) -> None:
        """Give it back."""
        ...


class Store(Protocol):
    """The database, as the rooms see it."""

    @property
    def payloads(self) -> Payloads:
        """Values stored once."""
        ...

    @property
    def journal(self) -> Journal:
        """Outcomes of steps."""
        ...

    @property
    def effects(self) -> EffectsLedger:
        """Calls of tools."""
        ...

    @property
    def approvals(self) -> ApprovalStore:
        """What people were asked."""
        ...

    @property
    def endorsements(self) -> EndorsementStore:
        """Values that people vouch for."""
        ...

    @property
    def grants(self) -> GrantStore:
        """Calls that people allow beforehand."""
        ...

    @property
    def audit(self) -> AuditLog:
        """Who did what."""
        ...

    @property
    def attempts(self) -> AttemptLog:
        """Calls of models."""
        ...

    @property
    def budgets(self) -> BudgetLedger:
        """Caps and reservations."""
        ...

    @property
    def switches(self) -> Switches:
        """What is turned off."""
        ...

    @property
    def leases(self) -> Leases:
        """Who may act."""
        ...

    async def close(self) -> None:
        """Finish what is queued and close every connection."""
        ...
