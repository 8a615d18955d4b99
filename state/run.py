"""Run: one turn of a thread, from its input to its answer."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import Field
from typing_extensions import TypeIs

from .values import Record, digest

Latency = Literal["fast", "normal", "batch"]

AmountLimit = Annotated[float, Field(ge=0, allow_inf_nan=False)]
"""Of money or time. A limit that is no number would be passed by nothing."""
CountLimit = Annotated[int, Field(ge=0, le=2**63 - 1)]

StepStop = Literal["deadline", "budget", "paused"]
"""What may stop a step, and with it the run: no other plan would help."""

StopReason = Literal[StepStop, "turns", "tool_failure", "planning", "internal"]


def is_step_stop(kind: str) -> TypeIs[StepStop]:
    """Say whether a failure of this kind stops the step instead of failing it."""
    return kind in get_args(StepStop)


def is_stop_reason(kind: str) -> TypeIs[StopReason]:
    """Say whether a run may end for this reason."""
    return kind in get_args(StopReason)


class Stop(Record):
    """Why a run ended before its plan did."""

    reason: StopReason
    detail: str
    """For operators, in one sentence."""
    taint: tuple[str, ...] = ()
    """Untrusted sources whose words the detail may repeat."""
    said: str = ""
    """A planner's own words to the user on why it has no plan; checked before they are read."""
    missing: tuple[str, ...] = ()
    """What the user did not say, in words for the user."""
    can_do: tuple[str, ...] = ()
    """What the agent could do instead, in words for the user."""
    trouble: bool = False
    """Whether there is no plan because something did not work, and not because none fits."""


class Principal(Record):
    """Who the run acts for. It comes from authentication, never from a model or a request body."""

    id: str = "local"
    role: str = "user"
    scopes: tuple[str, ...] = ()
    tenant: str = ""
    session: str = ""
    token: str = ""
    """Id of the credential that vouched; a revoked one takes back what was said with it."""
    key: str = ""
    """Id of the key that signed the credential."""
    accountable: str = ""
    """The person behind it, where that is not who it names: see `policy/people.py`."""


class Limits(Record):
    """The hard stops of one run; `None` means none."""

    budget_usd: AmountLimit | None = None
    budget_tokens: CountLimit | None = None
    max_turns: CountLimit = 24
    """Passes through `plan`, each of which dispatches lanes, asks, revises or ends."""
    max_revisions: CountLimit = 2
    """Times the planner may revise a plan after a failure."""
    max_looks: CountLimit = 3
    """Times it may be asked again with the results of a plan that says `then_plan`."""
    max_tool_failures: CountLimit = 3
    """Failed calls of one tool in one run, retries included, after which the run ends. Items of a
    loop and what `on_error` has made good do not count, and a first failing is put right by another
    plan, where `max_revisions` allows one."""
    step_attempts: CountLimit = 3
    """Passes through `route` that one step may take."""


class Run(Record):
    """The identity and limits of a run. It is state: a resumed or forked run is the same run."""

    id: str
    thread_id: str = ""
    turn: int = 1
    """Position of this run in its thread, from 1."""
    started_at: float
    """Unix time in seconds."""
    deadline_at: float | None = None
    resumed_at: float = 0.0
    """When a person's decision last let it go on."""
    waits_since: float = 0.0
    """Since when nothing but a person can let it go on; 0 while there is work to do."""
    input_id: str = ""
    """Id of the message that it began with, if it was one."""
    input_digest: str = ""
    """Digest of what it began with: words and attachments."""
    principal: Principal = Principal()
    limits: Limits = Limits()
    autonomy: Literal["policy", "ask_always"] = "policy"
    questions: Literal["message", "interrupt"] = "interrupt"
    """How it asks the user: see `AgentContext`."""
    instructions: str = ""
    """What this run was told to keep to by whoever may say so: system messages, and its context."""
    latency: Latency = "normal"
    """How soon each model is wanted to reply."""
    told: tuple[str, ...] = ()
    """Steps whose results the user has heard of while others waited for a person."""


def going_on(run: Run, *, asked_at: float, now: float) -> Run:
    """Return a run that a person has let go on.

    The time in which it waited, and did nothing else, does not count against the deadline of its
    work, and it counts once: what was asked together may be decided one by one.

    Args:
        run: The run.
        asked_at: When it first asked, for one that does not know since when it waits.
        now: Unix time.
    """
    since = run.waits_since or max(asked_at, run.resumed_at)
    paused = max(0.0, now - since)
    deadline = None if run.deadline_at is None else run.deadline_at + paused
    return run.model_copy(update={"deadline_at": deadline, "resumed_at": now, "waits_since": 0.0})


def run_id(thread_id: str, turn: int, task: str, effect_scope: str, owner: str = "") -> str:
    """Derive the run's id, so that a replay of the same input is the same run.

    A replayed or forked checkpoint therefore finds the recorded results of its effects. A new
    `effect_scope` is the explicit way to let them happen again. `owner` keeps others who use the
    same thread id from finding them: see `runs/ownership.py`.
    """
    parts = [thread_id, turn, task, effect_scope, *([owner] if owner else [])]
    return digest(parts)[:32]
