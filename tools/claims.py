"""Claims on effects: taken, settled and resolved, whatever happens to the caller meanwhile."""

from __future__ import annotations

import asyncio
import logging

from ..errors import StoreError
from ..finishing import to_the_end
from ..stores.effects import SqlEffectsLedger
from ..stores.records import EffectClaim, EffectRecord
from .endings import Ending, ending_of_record
from .owner import has_ended

_ABANDONED = Ending(state="unknown", error="The process that made the call ended.")

_log = logging.getLogger(__name__)


class ProcessLedger:
    """The ledger, as one process writes to it.

    Args:
        ledger: The ledger.
        owner: Name under which calls are claimed.
    """

    def __init__(self, ledger: SqlEffectsLedger, *, owner: str) -> None:
        self._ledger = ledger
        self._owner = owner

    async def take(self, claim: EffectClaim, lease: float) -> EffectRecord:
        """Claim a call for `lease` seconds, or return what is known of it."""
        record = await self._claim(claim, lease)
        mine = record.granted or record.taken or record.uncovered
        open_ = record.state != "done" and not mine
        if open_ and has_ended(record.owner):
            return await self._taken_over(claim, record, lease)
        return record

    async def stands(self, record: EffectRecord, lease: float) -> bool:
        """Whether a claim is still ours; then it is for `lease` seconds more."""
        return await self._ledger.confirm(
            record.claim.key, fence=record.fence, owner=record.owner, lease_seconds=lease
        )

    async def known(self, key: str) -> EffectRecord | None:
        """Return what the ledger knows of a call."""
        return await self._ledger.get(key)

    async def settle(self, record: EffectRecord, ending: Ending, *, under_way: float = 0.0) -> bool:
        """Settle a claim; return whether it was still ours.

        Args:
            record: The claim.
            ending: How the call ended.
            under_way: Seconds for which a call that nobody waits for any more goes on at least.
        """
        key = record.claim.key
        try:
            await self._ledger.settle(
                key,
                fence=record.fence,
                state=ending.state,
                output=ending.output,
                error=ending.error,
                under_way=under_way if ending.state == "unknown" else 0.0,
            )
        except StoreError:
            known = await self._ledger.get(key)
            if known is None or (known.fence == record.fence and known.state == "claimed"):
                raise
            _log.warning("The call %s of %s was taken over.", key, record.claim.tool)
            return False
        return True

    async def hold(self, record: EffectRecord, under_way: float) -> bool:
        """Say that an unknown call is on its way still; return whether it is in doubt still."""
        return await self._ledger.hold(record.claim.key, fence=record.fence, under_way=under_way)

    async def record_read(
        self, claim: EffectClaim, ending: Ending, *, attempt: int, began: float
    ) -> None:
        """Record a call that changes nothing, which needs no claim."""
        await self._ledger.record_read(
            claim,
            attempts=attempt,
            began=began,
            state="done" if ending.state == "done" else "failed",
            output=ending.output,
            error=ending.error,
        )

    async def resolve(self, key: str, ending: Ending, *, note: str) -> Ending:
        """Record what was found out of an unknown call, or return what was recorded meanwhile."""
        try:
            await self._ledger.reopen(
                key,
                ended="done" if ending.state == "done" else "failed",
                output=ending.output,
                note=note,
            )
        except StoreError:
            known = await self._ledger.get(key)
            if known is None or known.state == "unknown":
                raise
            return ending_of_record(known) if known.state == "done" else ending
        return ending

    async def _claim(self, claim: EffectClaim, lease: float) -> EffectRecord:
        task = asyncio.ensure_future(
            self._ledger.claim(claim, owner=self._owner, lease_seconds=lease)
        )
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            # The claim may have been granted all the same; unsettled, it would look like a crash.
            await to_the_end(self._give_up(task))
            raise

    async def _give_up(self, claiming: asyncio.Future[EffectRecord]) -> None:
        record = await claiming
        if record.granted:
            await self._ledger.settle(
                record.claim.key, fence=record.fence, state="failed", error="Cancelled before."
            )

    async def _taken_over(
        self, claim: EffectClaim, record: EffectRecord, lease: float
    ) -> EffectRecord:
        """Claim the call of a process that is known to have died, without waiting for its lease."""
        if claim.idempotency != "none":
            # In the dead process's name, and already expired: of several workers that do this at
            # once, the first to claim it in its own name gets it.
            await self._ledger.claim(claim, owner=record.owner, lease_seconds=0)
        elif record.state == "claimed":
            await self.settle(record, _ABANDONED)
        return await self._claim(claim, lease)
