"""Thread lease: of all workers that share a store, one run at a time acts on a thread.

A run takes the lease `thread:<id>` with its first node, keeps it while it works, and gives it back
when it pauses, ends, fails or is cancelled. Nodes in between cost no write. A run that LangGraph
cuts off between two nodes (a breakpoint, a drain) gives back nothing: this process knows that it
rests and takes over, as every process of the machine does from one that has died; others wait for
the lease to expire.

The fencing token tells a worker that slept through its lease that others have acted since: it must
not go on from what it remembers.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from langgraph.runtime import ExecutionInfo, RunControl, Runtime

from ..errors import OperatorError, StoreError
from ..finishing import to_the_end
from ..policy.switches import SwitchBoard
from ..state.context import AgentContext
from ..state.forks import new_lock
from ..stores.leases import SqlLeases, lease_of, lease_within, outer_thread_of, thread_of
from ..stores.records import LeaseHolder
from ..tools.owner import has_ended, new_owner, process_of, this_process
from .memory import RunMemory
from .outer_graph import is_node, nodes_around

LEASE_SECONDS = 15.0
RENEWAL_SECONDS = 5.0
"""Age at which a lease is renewed."""
_FORGOTTEN_SECONDS = 3600.0

_log = logging.getLogger(__name__)


@dataclass(kw_only=True, eq=False)
class _Hold:
    """What one run of this process knows of its lease."""

    name: str
    owner: str
    fence: int = 0
    """0 until the lease is ours for the first time."""
    until: float = 0.0
    working: int = 0
    """Nodes at work; lanes work side by side."""
    ending: bool = False
    failed: bool = False
    lost: bool = False
    """Another run has taken over."""
    memory: RunMemory = field(default_factory=RunMemory)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


# LangGraph makes one `RunControl` for each run and hands it to all of its nodes.
_holds: dict[tuple[str, RunControl | None], _Hold] = {}
_lock = new_lock()


class ThreadLease:
    """Keeps a thread for the run whose nodes are at work on it.

    Args:
        leases: Where all workers look.
        switches: Is told what is switched off, as a run's first trip to the store brings it along.
        clock: Unix time in seconds.
    """

    def __init__(
        self, leases: SqlLeases, switches: SwitchBoard, clock: Callable[[], float]
    ) -> None:
        self._leases = leases
        self._switches = switches
        self._clock = clock

    @asynccontextmanager
    async def working(
        self, runtime: Runtime[AgentContext], *, last: bool = False
    ) -> AsyncGenerator[RunMemory, None]:
        """Hold the run's thread while a node works; a run without a thread needs no lease.

        Args:
            runtime: The node's runtime.
            last: Whether the run ends with this node.

        Returns:
            What this worker remembers of the run, as long as it holds the thread.

        Raises:
            OperatorError: Another run holds the thread, or has acted on it in between.
            StoreError: What the last node left to be written with the lease could not be.
        """
        name = _name(runtime.execution_info)
        if not name and runtime.control is None:
            yield RunMemory()
            return
        hold = _join(name, runtime.control)
        try:
            await self._secure(hold)
            beat = asyncio.create_task(self._beat(hold))
            try:
                yield hold.memory
            finally:
                beat.cancel()
            hold.ending |= last
        except BaseException:
            hold.ending = hold.failed = True
            raise
        finally:
            if _leave(hold, runtime.control):
                await to_the_end(self._give_back(hold))

    async def _beat(self, hold: _Hold) -> None:
        while not hold.lost:
            await asyncio.sleep(RENEWAL_SECONDS)
            # The next node meets the same error and raises it.
            with suppress(OperatorError):
                await self._secure(hold)

    async def _secure(self, hold: _Hold) -> None:
        """Take or renew the lease, unless it is young."""
        async with hold.lock:
            now = self._clock()
            if hold.lost:
                raise _taken_over(hold)
            if hold.until - now > LEASE_SECONDS - RENEWAL_SECONDS:
                return
            fence = await self._acquire(hold) if hold.name else 0
            if hold.fence and fence != hold.fence:
                hold.lost = True
                raise _taken_over(hold)
            hold.fence, hold.until = fence, now + LEASE_SECONDS
            hold.memory.fence, hold.memory.whole_thread = fence, bool(thread_of(hold.name))

    async def _acquire(self, hold: _Hold) -> int:
        fence = await self._ask_for(hold)
        if fence is not None:
            return fence
        holder = await self._leases.holder(hold.name)
        if holder is not None and _has_left(holder):
            await self._leases.release(hold.name, owner=holder.owner)
            holder = None
        fence = await self._ask_for(hold) if holder is None else None
        if fence is None:
            raise _held(hold, holder)
        return fence

    async def _ask_for(self, hold: _Hold) -> int | None:
        return await self._leases.acquire(
            hold.name,
            owner=hold.owner,
            seconds=LEASE_SECONDS,
            tell=None if hold.fence else self._switches.asking(),
        )

    async def _give_back(self, hold: _Hold) -> None:
        if not hold.name:
            return
        try:
            # After its lock is free: a renewal under way would otherwise take it again.
            async with hold.lock:
                await self._leases.release(hold.name, owner=hold.owner)
        except StoreError as error:
            if hold.memory.owes and not hold.failed:
                raise
            # What the run has done stands, and the lease expires by itself.
            _log.warning("%s could not be given back: %s", hold.name, error)


def hand_over(thread: str, control: RunControl, *, owner: str, fence: int, until: float) -> None:
    """Have a run begin with its thread's lease in hand, which this process has taken for it.

    Args:
        thread: The thread.
        control: That of the run which is about to begin.
        owner: As whom the lease was taken.
        fence: Its token.
        until: Unix time in seconds at which it expires.
    """
    hold = _Hold(name=lease_of(thread), owner=owner, fence=fence, until=until)
    hold.memory.fence, hold.memory.whole_thread = fence, True
    with _lock:
        _holds[hold.name, control] = hold


def take_back(thread: str, control: RunControl) -> bool:
    """Forget the hold of a run that is over; return whether it has given nothing back itself."""
    with _lock:
        return _holds.pop((lease_of(thread), control), None) is not None


def memory_of(runtime: Runtime[AgentContext]) -> RunMemory:
    """Return what this worker remembers of the run at work, or an empty memory."""
    with _lock:
        hold = _holds.get((_name(runtime.execution_info), runtime.control))
    return hold.memory if hold is not None and runtime.control is not None else RunMemory()


def _name(info: ExecutionInfo | None) -> str:
    """Name what is leased: the thread, and within it the node that a larger graph runs us as."""
    if info is None or not info.thread_id:
        return ""
    outer = nodes_around(info.checkpoint_ns)
    if outer and is_node(outer[-1], "lane"):
        outer.pop()
    return lease_within(info.thread_id, outer) if outer else lease_of(info.thread_id)


def _join(name: str, control: RunControl | None) -> _Hold:
    with _lock:
        hold = _holds.get((name, control))
        if hold is None:
            _forget()
            hold = _Hold(name=name, owner=new_owner())
            _holds[name, control] = hold
        hold.working += 1
        return hold


def _leave(hold: _Hold, control: RunControl | None) -> bool:
    """Note that a node is done; return whether the run is."""
    with _lock:
        hold.working -= 1
        over = hold.ending and not hold.working
        if over:
            _holds.pop((hold.name, control), None)
        return over


def _forget() -> None:
    """Drop what is left of runs that were cut off long ago."""
    past = time.time() - _FORGOTTEN_SECONDS
    for key in [key for key, hold in _holds.items() if not hold.working and hold.until < past]:
        del _holds[key]


def _has_left(holder: LeaseHolder) -> bool:
    """Whether the holder's process is gone, or is this one and its run rests between two nodes."""
    if process_of(holder.owner) != this_process():
        return has_ended(holder.owner)
    with _lock:
        hold = next((hold for hold in _holds.values() if hold.owner == holder.owner), None)
        if hold is not None and hold.working:
            return False
        if hold is not None:
            hold.lost = True
        return True


def _held(hold: _Hold, holder: LeaseHolder | None) -> OperatorError:
    until = ""
    if holder is not None:
        clock = time.strftime("%H:%M:%S", time.localtime(holder.expires_at))
        until = f" until {clock}, and longer while that is at work"
    return OperatorError(
        f"It is held by another worker{until}.",
        where=_thread(hold),
        fix="Nothing was done. Resume it later.",
    )


def _taken_over(hold: _Hold) -> OperatorError:
    return OperatorError(
        "Another worker has taken it over from this run.",
        where=_thread(hold),
        fix="Nothing is lost: look at the thread, and resume it if it has not ended.",
    )


def _thread(hold: _Hold) -> str:
    return f"thread {thread_of(hold.name) or outer_thread_of(hold.name)}"
