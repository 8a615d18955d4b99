"""The runner: the one way to call a tool, through the effects ledger."""

from __future__ import annotations

import asyncio
import functools
import logging
import math
import time
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import ArgumentError, NotFoundError
from ..finishing import to_the_end
from ..state.run import Run
from ..state.values import Json, JsonObject, carried
from ..stores.records import EffectClaim, EffectRecord
from .admission import CREDENTIAL_SECONDS, RATE_PATIENCE, Admission
from .arguments import Arguments
from .claims import ProcessLedger
from .contract import Tool, ToolCall, ToolContract
from .costs import told_costs
from .credentials import CredentialProvider, EnvironmentCredentials
from .doubts import HOLD_SECONDS, Doubts
from .effect_keys import call_of, claim_of
from .endings import (
    Ending,
    changes_something,
    ending_of_cancellation,
    ending_of_record,
    ending_of_result,
    is_repeatable,
)
from .flights import Flights
from .media import with_payloads
from .outcome import ToolOutcome
from .owner import this_process
from .plain import is_small, plain_json
from .redaction import Redaction
from .registry import find
from .threads import either_way
from .waiting import at_most
from .written import as_written

if TYPE_CHECKING:
    from ..stores.store import SqlStore

SETTLE_SECONDS = 5.0
"""How long a call's end may take: the grace after a timeout, and the settlement."""
LEASE_MARGIN = RATE_PATIENCE + CREDENTIAL_SECONDS + SETTLE_SECONDS
"""Seconds beyond the timeout for which a claim is held."""
POLL_SECONDS = 0.5
MAX_WAIT = 120.0
"""Seconds that a step waits for another worker's call; a longer one is put before a person."""
MAX_PREVIEW_BYTES = 65_536

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Terms:
    """How long one call may take, and under which grant it is made."""

    seconds: float
    """For the call itself."""
    until: float
    """Unix time of the run's deadline."""
    grant: str = ""
    """The grant under which it runs."""

    @property
    def lease(self) -> float:
        """Seconds for which the call is claimed."""
        return self.seconds + LEASE_MARGIN

    def left(self, now: float) -> float:
        """Return the seconds until the deadline."""
        return max(0.0, self.until - now)


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
        store: SqlStore,
        *,
        credentials: CredentialProvider | None = None,
        owner: str = "",
    ) -> None:
        self.tools = tools
        self._arguments = {name: Arguments.of(tool) for name, tool in tools.items()}
        self._payloads = store.payloads
        self._admission = Admission(credentials or EnvironmentCredentials({}), store.rates)
        self._claims = ProcessLedger(store.effects, owner=owner or this_process())
        self._flights = Flights()
        self._doubts = Doubts(self._claims, self._flights)
        self._late: set[asyncio.Future[None]] = set()

    def get(self, name: str) -> Tool:
        """Return a tool. Raises `NotFoundError` that lists what there is."""
        return find(self.tools, name)

    def check(self, name: str, args: JsonObject) -> JsonObject:
        """Return the arguments as the tool will get them (defaults filled in).

        Raises `ArgumentError` naming the field: unknown field, wrong type, out of range.
        """
        find(self.tools, name)
        return self._arguments[name].check(args)

    async def checked(self, name: str, args: JsonObject) -> JsonObject:
        """Like `check`, without holding up the event loop however large the arguments are."""
        find(self.tools, name)
        return await self._arguments[name].checked(args)

    def filled(self, name: str, args: JsonObject) -> JsonObject:
        """Return the arguments with the defaults that the schema itself names, unchecked.

        What `check` returns beyond that a validator or a factory has made, perhaps of the moment.
        """
        find(self.tools, name)
        return self._arguments[name].filled(args)

    def check_planned(self, name: str, args: JsonObject) -> None:
        """Like `check` for arguments that still hold references.

        Literal parts are checked, referenced ones are taken as fitting. Raises `ArgumentError`.
        """
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
        again: str = "",
        grant: str = "",
    ) -> ToolOutcome:
        """Claim, call, bound, check and settle. Raises only for cancellation and `StoreError`.

        Args:
            name: The tool.
            args: Its arguments.
            run: For which run. Equal calls of a run that change something are one effect.
            step: The step, which keeps equal reads apart.
            attempt: Which attempt at the step it is, from 1.
            timeout: Seconds for the call, at most the contract's.
            again: The approval by which a person lets an equal call happen once more.
            grant: The grant under which it runs; the claim takes one of its uses.
        """
        started = time.monotonic()
        try:
            tool = self.get(name)
            checked = await self.checked(name, args)
        except NotFoundError as error:
            return ToolOutcome(status="failed", kind="not_found", error=str(error))
        except ArgumentError as error:
            return ToolOutcome(status="failed", kind="arguments", error=str(error))
        called = functools.partial(
            call_of, tool, checked, run=run, step=step, attempt=attempt, again=again
        )
        call = called() if is_small(checked) else await asyncio.to_thread(called)
        seconds = min(timeout or tool.contract.timeout, tool.contract.timeout)
        terms = Terms(seconds=seconds, until=run.deadline_at or math.inf, grant=grant)
        with told_costs() as told:
            outcome = await self._once(tool, checked, call, terms)
        return outcome.model_copy(
            update={
                "seconds": time.monotonic() - started,
                "key": call.idempotency_key,
                "cost_usd": math.fsum(told) if told else None,
            }
        )

    async def preview(self, name: str, args: JsonObject, *, run: Run, step: str) -> Json:
        """Return the tool's own preview of the change, or `None` if it has none or it fails."""
        tool = self.get(name)
        if tool.preview is None:
            return None
        call = call_of(tool, args, run=run, step=step, attempt=1)
        try:
            call = await self._admission.with_credentials(tool.contract, call)
            shown = await at_most(tool.contract.timeout, either_way(tool.preview, args, call))
            redaction = Redaction((*tool.secrets, *call.credentials.values()))
            plain, _ = plain_json(shown, limit=MAX_PREVIEW_BYTES, text=redaction, other=as_written)
            return carried(plain)
        except Exception as error:  # noqa: BLE001 - foreign code; an approver can do without
            _log.warning("The preview of %s failed: %s", name, type(error).__name__)
            return None

    async def _once(
        self, tool: Tool, args: JsonObject, call: ToolCall, terms: Terms
    ) -> ToolOutcome:
        """Let one call of a key run at a time in this process; the ledger sees to the others."""
        patience = min(terms.lease, terms.left(time.time()))
        async with self._flights.turn(call.idempotency_key, patience) as ours:
            if not ours:
                return _held(tool.contract, "It is being called by another run of this process.")
            return await self._through_ledger(tool, args, call, terms)

    async def _through_ledger(
        self, tool: Tool, args: JsonObject, call: ToolCall, terms: Terms
    ) -> ToolOutcome:
        claim = (
            claim_of(tool.contract, args, call)
            if is_small(args)
            else await asyncio.to_thread(claim_of, tool.contract, args, call)
        ).model_copy(update={"grant": terms.grant})
        if not (changes_something(tool.contract) or claim.grant or claim.business_key):
            return await self._look(tool, args, call, claim, terms)
        give_up = min(time.time() + terms.lease + POLL_SECONDS, terms.until)
        while True:
            record = await self._claims.take(claim, terms.lease)
            if record.taken:
                return _duplicate(tool.contract, record)
            if record.uncovered:
                return _uncovered(terms)
            if record.granted:
                outcome = await self._perform(tool, args, call, record, terms)
                if outcome is not None:
                    return outcome.model_copy(update={"grant_use": record.grant_use})
            elif record.state == "done":
                outcome = ending_of_record(record).outcome(repeatable=False)
                ended = {"replayed": True, "ended_at": record.settled_at or 0.0}
                return outcome.model_copy(update=ended)
            elif record.state == "unknown" and record.claim.idempotency == "none":
                ending = await self._doubts.clear_up(tool, args, record, until=terms.until)
                if ending is None or ending.state == "done":
                    return (ending or _undecided(record)).outcome(repeatable=False)
            elif min(record.lease_expires_at, time.time() + MAX_WAIT) > give_up:
                return _held(tool.contract, "Another worker holds the claim on this call.")
            else:
                await asyncio.sleep(min(POLL_SECONDS, record.lease_expires_at - time.time() + 0.01))
            if time.time() > give_up + MAX_WAIT:
                return _held(tool.contract, "The claim on this call goes from worker to worker.")

    async def _perform(
        self, tool: Tool, args: JsonObject, call: ToolCall, record: EffectRecord, terms: Terms
    ) -> ToolOutcome | None:
        """Make the call; `None` if another worker took over before it left."""
        called = False
        redaction = Redaction(tool.secrets)
        key = call.idempotency_key
        try:
            call, redaction = await self._admission.admitted(tool, call)
            if changes_something(tool.contract) and not await self._claims.stands(
                record, terms.seconds + SETTLE_SECONDS
            ):
                return None
            called = True
            with self._flights.watched(key):
                result: Any = await at_most(
                    terms.seconds,
                    tool.run(args, call),
                    left_behind=lambda task: self._leave_behind(tool, key, task, redaction),
                )
        except asyncio.CancelledError:
            cancelled = ending_of_cancellation(tool.contract, called=called)
            await to_the_end(self._settle(tool, record, cancelled))
            raise
        except Exception as error:  # noqa: BLE001 - foreign code; what it says is recorded
            result = error
        return await self._conclude(tool, args, record, result, redaction, terms)

    async def _look(
        self, tool: Tool, args: JsonObject, call: ToolCall, claim: EffectClaim, terms: Terms
    ) -> ToolOutcome:
        """Make a call that changes nothing: it needs no claim, and is recorded afterwards."""
        began, redaction = time.time(), Redaction(tool.secrets)
        try:
            call, redaction = await self._admission.admitted(tool, call)
            result: Any = await at_most(
                terms.seconds,
                tool.run(args, call),
                left_behind=lambda task: self._flights.leave_behind(claim.key, task),
            )
        except asyncio.CancelledError:
            cancelled = ending_of_cancellation(tool.contract, called=True)
            await to_the_end(
                self._claims.record_read(claim, cancelled, attempt=call.attempt, began=began)
            )
            raise
        except Exception as error:  # noqa: BLE001 - foreign code; what it says is recorded
            result = error
        ending = await self._ending(tool, result, redaction)
        await self._claims.record_read(claim, ending, attempt=call.attempt, began=began)
        return ending.outcome(repeatable=True)

    async def _ending(self, tool: Tool, result: Any, redaction: Redaction) -> Ending:
        """Judge what came back, an output or an exception."""
        kept = await with_payloads(result, self._payloads)
        return await ending_of_result(tool.contract, kept, redaction)

    async def _conclude(
        self,
        tool: Tool,
        args: JsonObject,
        record: EffectRecord,
        result: Any,
        redaction: Redaction,
        terms: Terms,
    ) -> ToolOutcome | None:
        repeatable = is_repeatable(tool.contract)
        ending, ours = await to_the_end(self._settled(tool, record, result, redaction))
        if not ours and changes_something(tool.contract):
            return None
        if ending.state == "unknown" and not repeatable:
            known = await self._claims.known(record.claim.key) or record
            ending = await self._doubts.clear_up(tool, args, known, until=terms.until) or ending
        return ending.outcome(repeatable=repeatable)

    async def _settled(
        self, tool: Tool, record: EffectRecord, result: Any, redaction: Redaction
    ) -> tuple[Ending, bool]:
        """Judge what came back, and settle the claim."""
        ending = await self._ending(tool, result, redaction)
        return ending, await self._settle(tool, record, ending)

    async def _settle(self, tool: Tool, record: EffectRecord, ending: Ending) -> bool:
        """Settle the claim, and go on saying so while the call itself goes on."""
        goes_on = ending.state == "unknown" and self._flights.is_under_way(record.claim.key)
        ours = await self._claims.settle(record, ending, under_way=HOLD_SECONDS * goes_on)
        if goes_on and ours:
            self._later(self._doubts.keep_under_way(tool, record))
        return ours

    def _leave_behind(
        self, tool: Tool, key: str, task: asyncio.Future[Any], redaction: Redaction
    ) -> None:
        """Have a call that nobody waits for any more say what became of it when it ends."""
        self._flights.leave_behind(key, task)

        def ended(done: asyncio.Future[Any]) -> None:
            if not done.cancelled() and changes_something(tool.contract):
                result = done.exception() or done.result()
                self._later(self._doubts.note_late(tool, key, result, redaction))

        task.add_done_callback(ended)

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        """Do what nobody waits for."""
        task = asyncio.ensure_future(work)
        self._late.add(task)
        task.add_done_callback(self._late.discard)


def _undecided(record: EffectRecord) -> Ending:
    return Ending(
        state="unknown",
        kind="unknown",
        error=record.error or "An earlier attempt ended without saying whether it happened.",
    )


def _held(contract: ToolContract, message: str) -> ToolOutcome:
    """Answer for a call that somebody else is making: a change must not be taken for failed."""
    if changes_something(contract):
        return ToolOutcome(status="unknown", kind="busy", error=message)
    return ToolOutcome(status="failed", kind="busy", error=message, retryable=True)


def _uncovered(terms: Terms) -> ToolOutcome:
    message = f"Grant {terms.grant} has ended or is used up; nothing was done."
    return ToolOutcome(status="failed", kind="uncovered", error=message)


def _duplicate(contract: ToolContract, record: EffectRecord) -> ToolOutcome:
    names = " and ".join(contract.business_key)
    what = {"done": "was done", "claimed": "is being made"}.get(record.state, "may have been made")
    return ToolOutcome(
        status="failed",
        kind="duplicate",
        error=f"Another {contract.name} with the same {names} {what} already; nothing was done.",
    )
