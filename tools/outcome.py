"""ToolOutcome: how one call of a tool has ended."""

from __future__ import annotations

from typing import Literal

from ..state.values import Json, Record


class ToolOutcome(Record):
    """How one call ended."""

    status: Literal["done", "failed", "unknown"]
    """`unknown`: the call may have happened, and the tool cannot say."""
    output: Json = None
    error: str = ""
    warning: str = ""
    """For `done`: why the result cannot be read. The call took effect all the same."""
    kind: str = ""
    """For failures and unreadable results: `tool_error`, `timeout`, `output_too_large`,
    `output_not_json`, `output_schema`, `busy` (another worker holds the claim, or no thread is
    free), `duplicate` (another call holds the business key), `rate_limited`, `credentials`,
    `arguments`, `not_found`, `uncovered` (the grant has ended), `unknown`."""
    retryable: bool = False
    replayed: bool = False
    """The ledger already held the result; nothing was called."""
    ended_at: float = 0.0
    """For `replayed`: the Unix time when the call had ended."""
    cost_usd: float | None = None
    """What the call has cost, where the tool told it; else its contract says."""
    seconds: float = 0.0
    key: str = ""
    """The idempotency key."""
    grant_use: int = 0
    """Which use of the grant it was that the call ran under."""
