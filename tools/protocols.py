"""What the graph needs of the tools room."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Protocol

from ..state.run import Run
from ..state.values import Json, JsonObject, Record
from .contract import Tool


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
    cost_usd: float | None = None
    """What the call has cost, where the tool told it; else its contract says."""
    seconds: float = 0.0
    key: str = ""
    """The idempotency key."""
    grant_use: int = 0
    """Which use of the grant it was that the call ran under."""


class ToolRunner(Protocol):
    """Tools by name, and the one way to call them: through the effects ledger."""

    tools: Mapping[str, Tool]

    def get(self, name: str) -> Tool:
        """Return a tool. Raises `NotFoundError` that lists what there is."""
        ...

    def check(self, name: str, args: JsonObject) -> JsonObject:
        """Return the arguments as the tool will get them (defaults filled in).

        Raises `ArgumentError` naming the field: unknown field, wrong type, out of range.
        """
        ...

    async def checked(self, name: str, args: JsonObject) -> JsonObject:
        """Like `check`, without holding up the event loop however large the arguments are."""
        ...

    def filled(self, name: str, args: JsonObject) -> JsonObject:
        """Return the arguments with the defaults that the schema itself names, unchecked.

        What `check` returns beyond that a validator or a factory has made, perhaps of the moment.
        """
        ...

    def check_planned(self, name: str, args: JsonObject) -> None:
        """Like `check` for arguments that still hold references.

        Literal parts are checked, referenced ones are taken as fitting. Raises `ArgumentError`.
        """
        ...

    async def call(
        self,
        name: str,
        args: JsonObject,
        *,
        run: Run,
        step: str,
        attempt: int,
        timeout: float | None,
        again: str = "",
        grant: str = "",
    ) -> ToolOutcome:
        """Claim, call, bound, check and settle. Raises only for cancellation and `StoreError`.

        The claim takes a use of `grant`, if one is named. Equal calls of one run that change
        something are one effect, unless `again` names the approval by which a person lets it happen
        once more.
        """
        ...

    async def preview(self, name: str, args: JsonObject, *, run: Run, step: str) -> Json:
        """Return the tool's own preview of the change, or `None` if it has none or it fails."""
        ...
