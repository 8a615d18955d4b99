"""A thread's lease, taken before its state is read: what is read is what is gone on with."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from ..runs import lease
from ..stores.leases import SqlLeases, lease_of
from ..tools.owner import has_ended, new_owner


@dataclass(frozen=True, kw_only=True)
class TakenLease:
    """A thread's lease in the hands of a worker."""

    owner: str
    fence: int
    until: float
    """Unix time in seconds."""


async def take_lease(
    leases: SqlLeases, thread: str, clock: Callable[[], float] = time.time
) -> TakenLease | None:
    """Take a thread's lease, from a process of this machine that has ended too.

    Returns:
        `None` if somebody else acts on the thread.

    Raises:
        StoreError: The store cannot be written.
    """
    name, owner = lease_of(thread), new_owner()
    for _ in range(2):
        now = clock()
        fence = await leases.acquire(name, owner=owner, seconds=lease.LEASE_SECONDS)
        if fence is not None:
            return TakenLease(owner=owner, fence=fence, until=now + lease.LEASE_SECONDS)
        holder = await leases.holder(name)
        if holder is not None:
            if not has_ended(holder.owner):
                return None
            await leases.release(name, owner=holder.owner)
    return None
