"""Whose turn it is to remove and to write databases anew: one process at a time over a store."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

from ..errors import OperatorError, StoreError
from ..stores.leases import SqlLeases
from ..tools.owner import has_ended, new_owner

FORGETTING = "forgetting"
"""The name of the lease."""
_LEASE_SECONDS = 120.0
_RENEWAL_SECONDS = 20.0
_PAUSE_SECONDS = 0.1


@asynccontextmanager
async def forgetting_turn(leases: SqlLeases, *, patience: float = 30.0) -> AsyncGenerator[None]:
    """Have it to oneself while the context is open; of a process that has ended it is taken.

    Args:
        leases: Of the store.
        patience: Longest wait for another process, in seconds.

    Raises:
        OperatorError: Another one is at it for longer.
        StoreError: The store cannot be written.
    """
    owner = new_owner()
    await _take(leases, owner, time.monotonic() + patience)
    renewing = asyncio.create_task(_renew(leases, owner))
    try:
        yield
    finally:
        renewing.cancel()
        with suppress(asyncio.CancelledError):
            await renewing
        await leases.release(FORGETTING, owner=owner)


async def _take(leases: SqlLeases, owner: str, until: float) -> None:
    while await leases.acquire(FORGETTING, owner=owner, seconds=_LEASE_SECONDS) is None:
        holder = await leases.holder(FORGETTING)
        if holder is not None and has_ended(holder.owner):
            await leases.release(FORGETTING, owner=holder.owner)
        elif time.monotonic() > until:
            raise OperatorError(
                f"Worker {holder.owner if holder else 'another'} is forgetting.",
                where=FORGETTING,
                fix="What was begun stays listed as unfinished; do it again when that is done.",
            )
        else:
            await asyncio.sleep(_PAUSE_SECONDS)


async def _renew(leases: SqlLeases, owner: str) -> None:
    while True:
        await asyncio.sleep(_RENEWAL_SECONDS)
        # While a database is written anew it may not take this; the lease lasts for several.
        with suppress(StoreError):
            await leases.acquire(FORGETTING, owner=owner, seconds=_LEASE_SECONDS)
