"""What policy is asked of a call, and what it says."""

from __future__ import annotations

from typing import Literal

from ..state.approval import DECISIONS, DecisionType
from ..state.run import Principal
from ..state.values import JsonObject, Record


class CallFacts(Record):
    """Everything that a decision about a tool call may rest on."""

    principal: Principal
    tool: str
    args: JsonObject = {}
    taint: tuple[str, ...] = ()
    """Untrusted sources behind the call itself: it was planned after reading them."""
    tainted_args: dict[str, tuple[str, ...]] = {}
    """Argument path → untrusted sources it was computed from."""
    chosen: tuple[str, ...] = ()
    """Argument paths where what was read decided which of several values stands there."""
    readers: dict[str, tuple[str, ...]] = {}
    """Argument path → who may read what stands there, where not everybody may. At the empty path:
    who may read what decided that the call is made."""
    released: dict[str, tuple[str, ...]] = {}
    """Argument path → recipients to whom people have released the value that stands there."""
    endorsed: dict[str, tuple[str, ...]] = {}
    """Tainted argument path → ids of the endorsements of the value that stands there."""
    grant: str = ""
    """Id of a grant that covers the call."""
    granted_by: str = ""
    confidence: float | None = None
    spent_usd: float = 0.0
    environment: str = "development"
    allowed_tools: tuple[str, ...] | None = None
    """The task's allowlist; `None` for no restriction."""
    ask_always: bool = False
    task: str = ""
    """Name of the task's kind, such as its playbook; not its text."""
    frozen: bool = False
    """An operator froze the tool: the switch as it stood when the question was put."""


class PolicyDecision(Record):
    """Whether a call may run, and who must agree."""

    outcome: Literal["run", "ask", "refuse"]
    reason: str
    policies: tuple[str, ...] = ()
    """Ids of the policies that decided."""
    allowed: tuple[DecisionType, ...] = DECISIONS
    leaks: dict[str, tuple[str, ...]] = {}
    """Argument path → recipients of the call who may not read what stands there."""
    quorum: int = 1
    expires_seconds: float | None = None
    version: str = ""
    """Digest of the policies, so that a change invalidates approvals given under the old ones."""
