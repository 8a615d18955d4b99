"""Which threads want to be woken: a pure decision on who holds what."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ..stores.leases import thread_of
from ..stores.records import LeaseHolder
from ..tools.owner import process_of


def stalled(
    held: Mapping[str, LeaseHolder], *, now: float, ended: Callable[[str], bool]
) -> list[str]:
    """Return the threads whose run was cut off, those that wait longest first.

    A run gives its lease back when it ends, pauses or fails; whoever still has one and does not
    renew it is gone, or sleeps and will be refused by its fence. What a larger graph runs as a node
    is not woken: only that graph can go on with it.

    Args:
        held: Lease → its holder, expired or not.
        now: Unix time in seconds.
        ended: Whether a process is certain to be gone.
    """
    left = [
        (holder.expires_at, thread)
        for name, holder in held.items()
        if (thread := thread_of(name))
        if holder.expires_at <= now or ended(process_of(holder.owner))
    ]
    return [thread for _, thread in sorted(left)]
