"""Thread lease: of all workers that share a store, one run at a time acts on a thread.

A run takes the lease `thread:<id>` at the graph's door, before LangGraph reads the checkpoint that
it goes on from, and gives it back when the graph has written its last one: whoever comes next reads
what this run has left. Nodes in between cost no write. Whatever ends the run, a pause, an error, a
breakpoint, a drain or a reader who turns away, it leaves by the same door.

A run of this process that is lost without leaving (its event loop was closed) holds nothing: no
object is left that holds the lease. The same goes for processes of this machine that have ended;
others wait for the lease to expire.

The fencing token tells a worker that slept through its lease that others have acted since: it must
not go on from what it remembers.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from weakref import WeakValueDictionary

from langchain_core.runnables import RunnableConfig
from langgraph.config import get_config
from langgraph.runtime import ExecutionInfo, Runtime

from ..errors import OperatorError, StoreError
from ..finishing import to_the_end
from ..policy.switches import SwitchBoard
from ..state.context import AgentContext
from ..state.forks import new_lock
from ..stores.leases import SqlLeases, lease_of, lease_within, outer_thread_of, thread_of
from ..stores.records import LeaseHolder
from ..tools.owner import has_ended, new_owner, process_of, this_process
from .memory import RunMemory
from .outer_graph import is_node, nodes_around, place_of

LEASE_SECONDS = 15.0
RENEWAL_SECONDS = 5.0
"""Age at which a lease is renewed."""
PATIENCE_SECONDS = 1.0
"""How long a run waits at the door for one of its own process to leave: a reader who turned away
from a stream has it closed a moment later."""
_LOOK_AGAIN_SECONDS = 0.02
KEY = "__pointsman_run"
"""LangGraph keeps keys that begin so out of what checkpoints say of a run; it does not promise to,
and `tests/graphs/test_langgraph_parts.py` fails when it changes."""

_log = logging.getLogger(__name__)


@dataclass(kw_only=True, eq=False)
class _Hold:
    """What one run of this process knows of a lease of its own."""

    name: str
    owner: str
    asked: bool = False
    """Whether it may have been taken: a cancellation does not wait to hear of it."""
    fence: int = 0
    """0 until the lease is ours for the first time."""
    until: float = 0.0
    lost: bool = False
    """It was given back, or another run has taken it over."""
    memory: RunMemory = field(default_factory=RunMemory)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


# Weak: a hold that nobody can act under any more is one that nobody has.
_holds: WeakValueDictionary[str, _Hold] = WeakValueDictionary()
_lock = new_lock()


class LeasedRun:
    """A run of the graph in this process, with the leases that it holds and what it remembers.

    It travels in the run's configuration, by which nodes know whose work they do, also where one
    process runs a thread twice.
    """

    def __init__(self) -> None:
        self._by_name: dict[str, _Hold] = {}
        self.begun = False
        """Whether it has passed the graph's door."""

    @classmethod
    def under(cls, thread: str, *, owner: str, fence: int, until: float) -> LeasedRun:
        """Return a run that is to begin with its thread's lease in hand.

        Args:
            thread: The thread.
            owner: As whom the lease was taken.
            fence: Its token.
            until: Unix time in seconds at which it expires.
        """
        run = cls()
        hold = run.hold(lease_of(thread), owner=owner)
        hold.asked, hold.fence, hold.until = True, fence, until
        hold.memory.fence, hold.memory.whole_thread = fence, True
        return run

    def hold(self, name: str, *, owner: str = "") -> _Hold:
        """Return the run's hold of a lease, which it need not have taken yet."""
        with _lock:
            known = self._by_name.get(name)
            if known is None:
                known = self._by_name[name] = _Hold(name=name, owner=owner or new_owner())
                _holds[known.owner] = known
            return known

    def memory(self, name: str) -> RunMemory:
        """Return what it remembers under a lease."""
        return self.hold(name).memory

    async def give_back(self, leases: SqlLeases, *, failed: bool) -> None:
        """Give back every lease that it holds; it acts no more.

        Args:
            leases: Where to.
            failed: Whether the run came to an error, which counts more than one of the store.

        Raises:
            StoreError: What the run left to be written with the lease's return could not be.
        """
        with _lock:
            held, self._by_name = list(self._by_name.values()), {}
            for hold in held:
                # Said first: whoever closes us may have no event loop to wait on.
                hold.lost = True
                _holds.pop(hold.owner, None)
        if held:
            await to_the_end(_give_back(held, leases, failed=failed))


class ThreadLease:
    """Keeps a thread for the run that acts on it.

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

    async def enter(self, configs: Sequence[RunnableConfig | None]) -> LeasedRun:
        """Begin a run: take its thread's lease, unless it was handed over with it.

        A run of this process that is just leaving is waited for.

        Args:
            configs: Those by which the graph is called, later ones over earlier ones.

        Raises:
            OperatorError: Another run holds the thread.
            StoreError: The store cannot be written.
        """
        handed: object = (configs[-1] or {}).get("configurable", {}).get(KEY)
        run = handed if isinstance(handed, LeasedRun) and not handed.begun else LeasedRun()
        run.begun = True
        thread, inside = place_of(*configs)
        try:
            if thread:
                await self._secure(run.hold(_name(thread, inside)), patience=PATIENCE_SECONDS)
        except BaseException:
            await self.leave(run, failed=True)
            raise
        return run

    async def leave(self, run: LeasedRun, *, failed: bool) -> None:
        """End a run that began here: give back what it holds.

        Args:
            run: The run.
            failed: Whether it came to an error.

        Raises:
            StoreError: What was left to be written with the lease could not be.
        """
        await run.give_back(self._leases, failed=failed)

    @asynccontextmanager
    async def working(self, runtime: Runtime[AgentContext]) -> AsyncGenerator[RunMemory, None]:
        """Keep the run's thread while a node works; a run without a thread needs no lease.

        Args:
            runtime: The node's runtime.

        Returns:
            What this worker remembers of the run, as long as it holds the thread.

        Raises:
            OperatorError: Another run holds the thread, or has acted on it in between; or the run
                did not come in by the graph's door.
        """
        name, run = _name_within(runtime.execution_info), _current()
        if run is None:
            if name:
                raise _no_door(name)
            yield RunMemory()
            return
        hold = run.hold(name)
        await self._secure(hold)
        beat = asyncio.create_task(self._beat(hold))
        try:
            yield hold.memory
        finally:
            beat.cancel()

    async def _beat(self, hold: _Hold) -> None:
        while not hold.lost:
            await asyncio.sleep(RENEWAL_SECONDS)
            # The next node meets the same error and raises it.
            with suppress(OperatorError):
                await self._secure(hold)

    async def _secure(self, hold: _Hold, *, patience: float = 0.0) -> None:
        """Take or renew the lease, unless it is young."""
        async with hold.lock:
            now = self._clock()
            if hold.lost:
                raise _taken_over(hold)
            if hold.until - now > LEASE_SECONDS - RENEWAL_SECONDS:
                return
            fence = await self._acquire(hold, patience) if hold.name else 0
            if hold.fence and fence != hold.fence:
                hold.lost = True
                raise _taken_over(hold)
            hold.fence, hold.until = fence, now + LEASE_SECONDS
            hold.memory.fence, hold.memory.whole_thread = fence, bool(thread_of(hold.name))

    async def _acquire(self, hold: _Hold, patience: float) -> int:
        until = time.monotonic() + patience
        while (fence := await self._ask_for(hold)) is None:
            holder = await self._leases.holder(hold.name)
            if holder is None:
                continue
            if _has_left(holder):
                await self._leases.release(hold.name, owner=holder.owner)
            elif time.monotonic() > until or process_of(holder.owner) != this_process():
                raise _held(hold, holder)
            else:
                await asyncio.sleep(_LOOK_AGAIN_SECONDS)
        return fence

    async def _ask_for(self, hold: _Hold) -> int | None:
        hold.asked = True
        return await self._leases.acquire(
            hold.name,
            owner=hold.owner,
            seconds=LEASE_SECONDS,
            tell=None if hold.fence else self._switches.asking(),
        )


def memory_of(runtime: Runtime[AgentContext]) -> RunMemory:
    """Return what this worker remembers of the run at work, or an empty memory."""
    run = _current()
    return RunMemory() if run is None else run.memory(_name_within(runtime.execution_info))


def _current() -> LeasedRun | None:
    return get_config().get("configurable", {}).get(KEY)


def _name_within(info: ExecutionInfo | None) -> str:
    if info is None or not info.thread_id:
        return ""
    return _name(info.thread_id, nodes_around(info.checkpoint_ns))


def _name(thread: str, outer: list[str]) -> str:
    """Name what is leased: the thread, and within it the node that a larger graph runs us as."""
    if outer and is_node(outer[-1], "lane"):
        outer = outer[:-1]
    return lease_within(thread, outer) if outer else lease_of(thread)


async def _give_back(held: Sequence[_Hold], leases: SqlLeases, *, failed: bool) -> None:
    for hold in held:
        # After its lock is free: a renewal under way would otherwise take it again.
        async with hold.lock:
            try:
                if hold.asked:
                    await leases.release(hold.name, owner=hold.owner)
            except StoreError as error:
                if hold.memory.owes and not failed:
                    raise
                # What the run has done stands, and the lease expires by itself.
                _log.warning("%s could not be given back: %s", hold.name, error)


def _has_left(holder: LeaseHolder) -> bool:
    """Whether nobody can act under a lease any more: its process has ended, or its run here has."""
    if process_of(holder.owner) != this_process():
        return has_ended(holder.owner)
    with _lock:
        return holder.owner not in _holds


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


def _no_door(name: str) -> OperatorError:
    return OperatorError(
        "Its nodes were started by a graph that does not hold the thread.",
        where=f"thread {thread_of(name) or outer_thread_of(name)}",
        fix="Run the graph that build_agent returns, or make it a node of yours; one that is "
        "compiled anew from its builder cannot keep other runs away.",
    )


def _thread(hold: _Hold) -> str:
    return f"thread {thread_of(hold.name) or outer_thread_of(hold.name)}"
