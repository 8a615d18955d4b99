"""Doubts: calls of which nobody knows whether they happened, and how that is found out.

Nothing is guessed. The tool's own check is believed at once when it says yes. When it says no, the
call may still be on its way, to the other side or in a thread of this process: a no is believed
only once that is over (`ToolContract.in_flight`). A worker that was stopped inside its call goes on
where it was whenever it is woken. On this machine it shows whether it is there; of another
machine's nobody can tell it from a dead one, so a no is not believed there, and a person decides.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any

from ..errors import NotFoundError, StoreError
from ..finishing import to_the_end
from ..state.values import Json, JsonObject
from ..stores.records import EffectRecord
from .claims import ProcessLedger
from .contract import Tool, ToolContract
from .endings import Ending, ending_of_output, ending_of_record, ending_of_result
from .flights import Flights
from .owner import has_ended, is_here, process_of, this_process
from .redaction import Redaction
from .threads import either_way
from .waiting import at_most

MAX_DOUBT = 120.0
"""Seconds that a step waits for a call to be over; a longer doubt is put before a person."""
HOLD_SECONDS = 15.0
"""Seconds for which a call that goes on without its caller is said to do so, again and again."""
_SHORTEST, _LONGEST = 0.1, 2.0
"""Seconds between two questions to the tool's check."""

_log = logging.getLogger(__name__)


def over_at(contract: ToolContract, record: EffectRecord) -> float:
    """Return the Unix time from which a call of unknown outcome cannot be on its way any more."""
    if contract.in_flight is None:
        return record.lease_expires_at
    return (record.settled_at or record.lease_expires_at) + contract.in_flight


class Doubts:
    """Finds out what became of unknown calls.

    Args:
        claims: The ledger.
        flights: The calls of this process.
    """

    def __init__(self, claims: ProcessLedger, flights: Flights) -> None:
        self._claims = claims
        self._flights = flights

    async def clear_up(
        self, tool: Tool, args: JsonObject, record: EffectRecord, *, until: float
    ) -> Ending | None:
        """Ask the tool whether an unknown call happened; `None` if only a person can say.

        Args:
            tool: The tool.
            args: The call's arguments.
            record: What the ledger knows of the call.
            until: Unix time after which nobody waits.
        """
        if tool.reconcile is None:
            return None
        key = record.claim.key
        last = min(until, time.time() + MAX_DOUBT)
        pause = _SHORTEST
        while True:
            over = over_at(tool.contract, record)
            # Asked after this moment, a no is final if nothing was on its way at this moment.
            final = time.time() >= over and not self._may_go_on(record)
            said = await self._ask(tool, args, key)
            if said is None:
                return None
            happened, output = said
            if happened:
                ending = await ending_of_output(tool.contract, output, None)
                return await self._resolve(key, ending)
            if final:
                return await self._resolve(key, _DID_NOT_HAPPEN)
            if time.time() >= over and _is_unseen(record):
                return None
            if over > last or time.time() >= last:
                return None
            await asyncio.sleep(min(pause, max(_SHORTEST, over - time.time())))
            pause = min(2 * pause, _LONGEST)
            # Another process may say that its call is on its way still, or how it has ended.
            record = await self._claims.known(key) or record
            if record.state == "done":
                return ending_of_record(record)
            if record.state == "failed":
                return _DID_NOT_HAPPEN

    def _may_go_on(self, record: EffectRecord) -> bool:
        """Whether the call goes on, or whoever makes it has not said that it ended."""
        return _is_unsaid(record) or self._flights.is_under_way(record.claim.key)

    async def keep_under_way(self, tool: Tool, record: EffectRecord) -> None:
        """Have other processes know, while a call that was left behind goes on, that it does."""
        key = record.claim.key
        try:
            while self._flights.is_under_way(key):
                if not await self._claims.hold(record, HOLD_SECONDS):
                    return
                await asyncio.sleep(HOLD_SECONDS / 3)
            await self._claims.hold(record, 0.0)
        except (StoreError, NotFoundError) as error:
            _log.warning("That a call of %s goes on was not recorded: %s", tool.name, error)

    async def note_late(self, tool: Tool, key: str, result: Any, redaction: Redaction) -> None:
        """Record what a call came to that ended after its caller had stopped waiting."""
        ending = await ending_of_result(tool.contract, result, redaction)
        if ending.state == "unknown":
            return
        try:
            await self._claims.resolve(key, ending, note="The call ended late.")
        except (StoreError, NotFoundError) as error:
            # It stays unknown, and is asked about when it is needed.
            _log.warning("The late end of a call of %s was not recorded: %s", tool.name, error)

    async def _ask(self, tool: Tool, args: JsonObject, key: str) -> tuple[bool, Json] | None:
        if tool.reconcile is None:
            return None
        try:
            asked = either_way(tool.reconcile, key, args)
            happened, output = await at_most(tool.contract.timeout, asked)
        except Exception as error:  # noqa: BLE001 - foreign code; the call stays unknown
            _log.warning("Reconciling %s failed: %s", tool.name, type(error).__name__)
            return None
        if not isinstance(happened, bool):
            # A text such as "no" would count as a yes.
            _log.warning("Reconciling %s failed: it says neither True nor False", tool.name)
            return None
        return happened, output

    async def _resolve(self, key: str, ending: Ending) -> Ending:
        return await to_the_end(self._claims.resolve(key, ending, note="The tool's own check."))


def _is_unsaid(record: EffectRecord) -> bool:
    """Whether another process has claimed the call, has not said how it ended, and may be there."""
    if record.settled_at is not None or process_of(record.owner) == this_process():
        return False
    return not has_ended(record.owner)


def _is_unseen(record: EffectRecord) -> bool:
    """Whether nobody here will ever see that the process which claimed the call has ended."""
    return _is_unsaid(record) and not is_here(record.owner)


_DID_NOT_HAPPEN = Ending(
    state="failed",
    kind="tool_error",
    error="The tool says that the call did not happen.",
    retryable=True,
)
