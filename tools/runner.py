"""The runner: the one way to call a tool, through the effects ledger."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..errors import ArgumentError, CredentialError, NotFoundError
from ..state.run import Run
from ..state.values import Json, JsonObject, digest
from ..stores.protocols import EffectClaim, EffectRecord, Store
from .arguments import Arguments
from .claims import EffectClaims
from .contract import Tool, ToolCall, ToolContract
from .credentials import CredentialProvider, EnvironmentCredentials
from .endings import (
    Ending,
    RateLimitedError,
    changes_something,
    ending_of_cancellation,
    ending_of_error,
    ending_of_output,
    ending_of_record,
    is_repeatable,
)
from .owner import this_process
from .plain import plain_json
from .protocols import ToolOutcome
from .rate import RateLimits
from .redaction import Redaction
from .registry import find
from .waiting import at_most, to_the_end

RATE_PATIENCE = 5.0
"""Seconds that a call waits for its rate limit before it gives up."""
LEASE_MARGIN = 15.0
"""Seconds beyond the timeout for which a claim is held: rate limit, grace, settlement."""
MAX_PREVIEW_BYTES = 65_536

_log = logging.getLogger(__name__)


class Runner:
    """Calls tools so that nothing happens twice.

    Args:
        tools: The tools by name; see `collect`.
        store: Where effects are claimed and settled.
        credentials: Where tools' credentials come from; none by default.
        owner: Name under which calls are claimed; this process by default.
    """

    def __init__(
        self,
        tools: Mapping[str, Tool],
        store: Store,
        *,
        credentials: CredentialProvider | None = None,
        owner: str = "",
    ) -> None:
        self.tools = tools
        self._arguments = {
            name: Arguments(name, tool.contract.args_schema, tool.check)
            for name, tool in tools.items()
        }
        self._credentials = credentials or EnvironmentCredentials({})
        self._claims = EffectClaims(store.effects, owner=owner or this_process())
        self._rates = RateLimits()
        self._running: set[str] = set()
        self._lock = threading.Lock()

    def get(self, name: str) -> Tool:
        """Return a tool. Raises `NotFoundError` that lists what there is."""
        return find(self.tools, name)

    def check(self, name: str, args: JsonObject) -> JsonObject:
        """Return the arguments with defaults filled in. Raises `ArgumentError`."""
        find(self.tools, name)
        return self._arguments[name].check(args)

    def check_planned(self, name: str, args: JsonObject) -> None:
        """Check arguments that still hold references. Raises `ArgumentError`."""
        find(self.tools, name)
        self._arguments[name].check_planned(args)

    async def call(
        self,
        name: str,
        args: JsonObject,
        *,
        run: Run,
        step: str,
        attempt: int,
        timeout: float | None,
    ) -> ToolOutcome:
        """Claim, call, bound, check and settle. Raises only for cancellation and `StoreError`."""
        started = time.monotonic()
        try:
            tool = self.get(name)
            checked = self.check(name, args)
        except NotFoundError as error:
            return ToolOutcome(status="failed", kind="not_found", error=str(error))
        except ArgumentError as error:
            return ToolOutcome(status="failed", kind="arguments", error=str(error))
        call = _tool_call(tool, checked, run=run, step=step, attempt=attempt)
        seconds = min(timeout or tool.contract.timeout, tool.contract.timeout)
        outcome = await self._once(tool, checked, call, seconds)
        return outcome.model_copy(
            update={"seconds": time.monotonic() - started, "key": call.idempotency_key}
        )

    async def preview(self, name: str, args: JsonObject, *, run: Run, step: str) -> Json:
        """Return the tool's own preview of the change, or `None` if it has none or it fails."""
        tool = self.get(name)
        if tool.preview is None:
            return None
        call = _tool_call(tool, args, run=run, step=step, attempt=1)
        try:
            call = await self._with_credentials(tool.contract, call)
            shown = await at_most(tool.contract.timeout, tool.preview(args, call))
            redaction = Redaction(call.credentials.values())
            return plain_json(shown, limit=MAX_PREVIEW_BYTES, text=redaction)[0]
        except Exception as error:  # noqa: BLE001 - foreign code; an approver can do without
            _log.warning("The preview of %s failed: %s", name, type(error).__name__)
            return None

    async def _once(
        self, tool: Tool, args: JsonObject, call: ToolCall, seconds: float
    ) -> ToolOutcome:
        """Let one call of a key run at a time in this process; the ledger sees to the others."""
        key = call.idempotency_key
        with self._lock:
            if key in self._running:
                return _busy("It is being called by another run of this process.")
            self._running.add(key)
        try:
            return await self._through_ledger(tool, args, call, seconds)
        finally:
            with self._lock:
                self._running.discard(key)

    async def _through_ledger(
        self, tool: Tool, args: JsonObject, call: ToolCall, seconds: float
    ) -> ToolOutcome:
        claim = _claim(tool.contract, args, call)
        record = await self._claims.take(claim, seconds + LEASE_MARGIN)
        if record.state == "unknown" and record.claim.idempotency == "none" and not record.granted:
            ending = await self._reconciled(tool, args, claim.key)
            if ending is None or ending.state == "done":
                return (ending or _undecided(record)).outcome(repeatable=False)
            record = await self._claims.take(claim, seconds + LEASE_MARGIN)
        if record.granted:
            return await self._perform(tool, args, call, record, seconds)
        if record.state == "done":
            outcome = ending_of_record(record).outcome(repeatable=False)
            return outcome.model_copy(update={"replayed": True})
        return _busy("Another worker holds the claim on this call.")

    async def _perform(
        self, tool: Tool, args: JsonObject, call: ToolCall, record: EffectRecord, seconds: float
    ) -> ToolOutcome:
        called = False
        redaction = Redaction(())
        try:
            await self._wait_for_rate(tool.contract)
            call = await self._with_credentials(tool.contract, call)
            redaction = Redaction(call.credentials.values())
            called = True
            result: Any = await at_most(seconds, tool.run(args, call))
        except asyncio.CancelledError:
            cancelled = ending_of_cancellation(tool.contract, called=called)
            await to_the_end(self._claims.settle(record, cancelled))
            raise
        except Exception as error:  # noqa: BLE001 - foreign code; what it says is recorded
            result = error
        return await self._conclude(tool, args, record, result, redaction)

    async def _conclude(
        self, tool: Tool, args: JsonObject, record: EffectRecord, result: Any, redaction: Redaction
    ) -> ToolOutcome:
        repeatable = is_repeatable(tool.contract)
        ending, ours = await to_the_end(self._settled(tool, record, result, redaction))
        if not ours and changes_something(tool.contract):
            return _busy("Another worker has taken over this call.")
        if ending.state == "unknown" and not repeatable:
            ending = await self._reconciled(tool, args, record.claim.key) or ending
        return ending.outcome(repeatable=repeatable)

    async def _settled(
        self, tool: Tool, record: EffectRecord, result: Any, redaction: Redaction
    ) -> tuple[Ending, bool]:
        """Judge what came back, an output or an exception, and settle the claim."""
        if isinstance(result, Exception):
            ending = ending_of_error(tool.contract, result, redaction)
        else:
            ending = await ending_of_output(tool.contract, result, redaction or None)
        return ending, await self._claims.settle(record, ending)

    async def _reconciled(self, tool: Tool, args: JsonObject, key: str) -> Ending | None:
        """Ask the tool whether an unknown call happened; `None` if it cannot say."""
        if tool.reconcile is None:
            return None
        try:
            happened, output = await at_most(tool.contract.timeout, tool.reconcile(key, args))
            ending = await _reconciliation(tool.contract, happened, output)
        except Exception as error:  # noqa: BLE001 - foreign code; the call stays unknown
            _log.warning("Reconciling %s failed: %s", tool.name, type(error).__name__)
            return None
        return await to_the_end(self._claims.resolve(key, ending))

    async def _wait_for_rate(self, contract: ToolContract) -> None:
        if contract.rate_per_minute is None:
            return
        wait = self._rates.take(
            contract.name, per_minute=contract.rate_per_minute, patience=RATE_PATIENCE
        )
        if wait > RATE_PATIENCE:
            raise RateLimitedError
        await asyncio.sleep(wait)

    async def _with_credentials(self, contract: ToolContract, call: ToolCall) -> ToolCall:
        if not contract.credentials:
            return call
        try:
            values = await self._credentials.fetch(
                contract.credentials, scopes=contract.scopes, principal=call.principal
            )
            return replace(call, credentials={name: values[name] for name in contract.credentials})
        except CredentialError:
            raise
        except Exception as error:  # noqa: BLE001 - foreign code, whose words may hold a secret
            raise CredentialError(
                f"The provider of credentials failed ({type(error).__name__}).",
                where=contract.name,
                fix="Look into the provider.",
            ) from None


def effect_key(run_id: str, step: str, tool: str, args: JsonObject) -> str:
    """Derive the idempotency key of a call: the same call of the same run has the same key."""
    return digest([run_id, step, tool, args])


def _tool_call(tool: Tool, args: JsonObject, *, run: Run, step: str, attempt: int) -> ToolCall:
    return ToolCall(
        idempotency_key=effect_key(run.id, step, tool.name, args),
        run_id=run.id,
        thread_id=run.thread_id,
        step=step,
        attempt=attempt,
        principal=run.principal,
    )


def _claim(contract: ToolContract, args: JsonObject, call: ToolCall) -> EffectClaim:
    return EffectClaim(
        key=call.idempotency_key,
        run_id=call.run_id,
        thread_id=call.thread_id,
        step=call.step,
        tool=contract.name,
        args_digest=digest(args),
        effect=contract.effect,
        # Reading again changes nothing, whatever the contract says about repeating.
        idempotency=contract.idempotency if changes_something(contract) else "natural",
    )


async def _reconciliation(contract: ToolContract, happened: bool, output: Json) -> Ending:
    if not happened:
        return Ending(
            state="failed",
            kind="tool_error",
            error="The tool says that the call did not happen.",
            retryable=True,
        )
    return await ending_of_output(contract, output, None)


def _undecided(record: EffectRecord) -> Ending:
    return Ending(
        state="unknown",
        kind="unknown",
        error=record.error or "An earlier attempt ended without saying whether it happened.",
    )


def _busy(message: str) -> ToolOutcome:
    return ToolOutcome(status="failed", kind="busy", error=message, retryable=True)
