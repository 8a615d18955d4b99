"""The tool contract: what must be known about a tool before an agent may hold it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import Field, with_config
from typing_extensions import TypedDict

from ..state.results import Evidence
from ..state.run import Principal
from ..state.values import Json, JsonObject, Trust

Effect = Literal["read", "write", "money", "message", "account", "delete"]
"""What a call changes. Everything but `read` waits for a person unless policy says otherwise."""

Idempotency = Literal["key", "natural", "none"]
"""`key`: the tool takes our idempotency key. `natural`: repeating the call changes nothing more.
`none`: a repeated call happens twice; after a crash it is reconciled or put before a person."""


@dataclass(frozen=True, kw_only=True)
class ToolContract:
    """What a tool promises. The defaults are careful: writing, untrusted, not repeatable."""

    name: str
    description: str
    args_schema: JsonObject
    """JSON Schema of an object; unknown fields are refused."""
    described_by: str = ""
    """Outside source that wrote the description and the schema, such as `mcp:mail`; empty where we
    did. Planners read both, and what a source wrote must not give them orders."""
    effect: Effect = "write"
    trust: Trust = "untrusted"
    """Trust of the output."""
    idempotency: Idempotency = "none"
    consequential: tuple[str, ...] | None = None
    """Argument names that decide what is changed or who learns of it (recipient, account, amount,
    path, URL, body). `None`: all of them."""
    egress: bool = False
    """A read that can carry data out (URL, query to an outside service) counts as consequential."""
    scopes: tuple[str, ...] = ()
    risk: tuple[str, ...] = ()
    amount: str = ""
    """Path of the argument that holds the amount of money in US dollars, for policy thresholds."""
    readers: tuple[str, ...] | None = None
    """Who may read the output: names, `@example.org` for everybody of a domain, `run:principal`,
    and names that stand in the call (`args:owner`, `output:mails.*.to`). `None`: the contract does
    not say; see `docs/human-load.md`."""
    recipients: tuple[str, ...] | None = None
    """Paths of the arguments that name to whom the call shows its arguments. An empty tuple: to
    nobody. `None`: the contract does not say, so a change may show them to anybody."""
    business_key: tuple[str, ...] = ()
    """Paths of the arguments that name what may happen only once over all runs of a tenant, such as
    an invoice's number. While such a call is made, done or in doubt, no other one is made."""
    timeout: float = 30.0
    """Seconds for one call."""
    in_flight: float | None = None
    """Seconds for which a call that has ended without a result, or whose process has died, may
    still take effect. Only then is a `reconcile` that says "no" believed; of a process of another
    machine that has said nothing never, since it may only be stopped. `None`: nobody has said; it
    is as long as the claim on the call, which is the time of the call and some more."""
    max_attempts: int = 2
    backoff: float = 0.5
    """Seconds before the second attempt; doubled before each further one."""
    output_schema: JsonObject | None = None
    """JSON Schema that every output must fit."""
    returns: JsonObject | None = None
    """JSON Schema of the output by the word of whoever wrote the tool; no output is held to it."""
    max_output_bytes: int = 1_000_000
    cost_usd: float = 0.0
    fresh_seconds: float | None = None
    """Seconds for which later turns of a thread may use an output, and are not looked up again. By
    default it may be referred to for a quarter of an hour, and is looked up where it is asked for.
    """
    proves: str = ""
    """What a call with an output proves for the rest of the thread, such as `customer`."""
    data_class: str = ""
    """Class of the data that it returns, for example `health`; models are chosen by it."""
    field_classes: dict[str, str] = field(default_factory=dict[str, str])
    """Path of a field in the output, such as `cards.*.number` → a class that the output is of
    besides, where the field has a value."""
    receives: tuple[str, ...] = ()
    """Kinds of data whose values it gets, where `masking.tools` keeps them from others: `email`,
    `contact`, `all`. It gets pseudonyms for what it does not name."""
    rate_per_minute: int | None = None
    """Most calls a minute, over all processes that share a store."""
    credentials: tuple[str, ...] = ()
    """Names of the credentials the call needs; fetched for the call, never stored."""
    nothing_happened: tuple[type[Exception] | str, ...] = ()
    """Errors of the tool that say that the call changed nothing: exception classes, their names, or
    words of the message (`"already delivered"`). Any other error of a tool that changes something
    leaves it unknown whether it did. A tool can also raise `NothingHappenedError`."""

    def classes(self) -> frozenset[str]:
        """Return the classes that its data may be of."""
        return frozenset({self.data_class, *self.field_classes.values()} - {""})

    def refusals(self) -> str:
        """Say by which errors the tool refuses without a change; empty if it does not say."""
        marks = [m.__name__ if isinstance(m, type) else m for m in self.nothing_happened]
        return f"Changes nothing when it says: {', '.join(marks)}." if marks else ""


@with_config(extra="forbid")
class ContractOptions(TypedDict, total=False):
    """The fields of a contract that a decorator, an adapter or a YAML file may set."""

    description: str
    effect: Effect
    trust: Trust
    idempotency: Idempotency
    consequential: tuple[str, ...] | None
    egress: bool
    scopes: tuple[str, ...]
    risk: tuple[str, ...]
    amount: str
    readers: tuple[Annotated[str, Field(min_length=1)], ...] | None
    recipients: tuple[Annotated[str, Field(min_length=1)], ...] | None
    business_key: tuple[str, ...]
    in_flight: Annotated[float, Field(ge=0, le=86400)] | None
    timeout: Annotated[float, Field(gt=0, le=3600)]
    max_attempts: Annotated[int, Field(ge=1, le=20)]
    backoff: Annotated[float, Field(ge=0, le=600)]
    output_schema: JsonObject | None
    max_output_bytes: Annotated[int, Field(gt=0)]
    cost_usd: Annotated[float, Field(ge=0)]
    fresh_seconds: Annotated[float, Field(ge=0, le=31_536_000)] | None
    proves: str
    data_class: str
    field_classes: dict[Annotated[str, Field(min_length=1)], Annotated[str, Field(min_length=1)]]
    receives: tuple[Annotated[str, Field(min_length=1)], ...]
    rate_per_minute: Annotated[int, Field(gt=0)] | None
    credentials: tuple[str, ...]
    nothing_happened: tuple[type[Exception] | Annotated[str, Field(min_length=1)], ...]


@dataclass(frozen=True, kw_only=True)
class ToolCall:
    """What a tool may know of the call it serves."""

    idempotency_key: str
    run_id: str
    thread_id: str
    step: str
    attempt: int
    principal: Principal
    credentials: dict[str, str] = field(default_factory=dict[str, str], repr=False)


CheckArgs = Callable[[JsonObject], JsonObject | None]
"""Given arguments that fit the schema: the form in which they are asked about and run, `None` for
as they are. Raises `ArgumentError` for those that cannot be taken."""
RunTool = Callable[[JsonObject, ToolCall], Awaitable[Json]]
Describe = Callable[[JsonObject], str]
Preview = Callable[[JsonObject, ToolCall], Awaitable[Json]]
Reconcile = Callable[[str, JsonObject], Awaitable[tuple[bool, Json]]]
"""Given the idempotency key and arguments: did it happen, and with what result?

A "yes" is believed at once. A "no" is believed when no call of ours can be on its way any more; see
`ToolContract.in_flight`, which a look-up that waits for calls in progress can set to 0."""
CiteOutput = Callable[[JsonObject, Json], Sequence[Evidence]]
"""Given arguments and output: what can be cited. `Evidence.id` and `step` are filled in later."""


@dataclass(frozen=True, kw_only=True)
class Tool:
    """A contract and the code that keeps it."""

    contract: ToolContract
    run: RunTool
    check: CheckArgs | None = None
    """Rules beyond the schema, asked before the ledger is touched."""
    typed: bool = False
    """Whether `check` reads the arguments as Python types, which take dates and times in more forms
    than the schema's formats."""
    describe: Describe | None = None
    """What to show an approver, in one or two sentences."""
    preview: Preview | None = None
    """The change that would be made, without making it."""
    reconcile: Reconcile | None = None
    cite: CiteOutput | None = None
    secrets: tuple[str, ...] = field(default=(), repr=False)
    """Credentials that the tool holds itself, kept out of whatever it returns and says."""

    @property
    def name(self) -> str:
        """The name by which plans call it."""
        return self.contract.name
