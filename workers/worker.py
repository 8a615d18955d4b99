"""Worker: goes on with threads that somebody should look at, several at a time, until it stops."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import RunControl

from ..errors import StoreError
from ..stores.records import Wake
from ..tools.owner import has_ended, new_owner
from .attendant import Attendant
from .stalled import stalled
from .visits import Visits

if TYPE_CHECKING:
    from ..stores.store import SqlStore

TAKEN_SECONDS = 15.0
"""How long a taken thread is left to the worker that took it."""
RENEWAL_SECONDS = 5.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class _AtWork:
    """A thread at work here."""

    task: asyncio.Task[None]
    control: RunControl


class Worker:
    """Sees to threads: those that were asked something, decided, or cut off.

    Any number of workers may look at once. What is to be done stands in the store and the thread;
    the lease decides who does it.

    Args:
        agent: Over the checkpoints that all workers share.
        store: The store that all workers share.
        concurrency: Most threads at a time.
        tenant_limit: Most threads of one tenant at a time, over all workers; `None` for any number.
        tenant_rate: Most threads of one tenant a minute, likewise.
        clock: Unix time in seconds, as the leases have it.
    """

    def __init__(
        self,
        agent: CompiledStateGraph[Any, Any, Any, Any],
        store: SqlStore,
        *,
        concurrency: int,
        tenant_limit: int | None = None,
        tenant_rate: int | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._name = new_owner()
        self._attendant = Attendant(agent, store, clock=clock)
        self._visits = Visits(self._attendant, store, by=self._name, clock=clock)
        self._store = store
        self._concurrency = concurrency
        self._tenant_limit = tenant_limit
        self._tenant_rate = tenant_rate
        self._clock = clock
        self._at_work: dict[str, _AtWork] = {}
        self._elsewhere: frozenset[str] = frozenset()
        """Of the threads that were last found stalled, those whose checkpoints are not here."""
        self.closing = False
        """Whether it takes nothing more."""
        self._room = asyncio.Event()
        """Set when there may be more to do than was taken."""
        self.finished = 0
        """Runs that came to an end or a pause here."""
        self.seen_at = 0.0
        """When it last looked without an error, in Unix seconds."""
        self.problem = ""
        """What the last look met."""

    @property
    def at_work(self) -> int:
        """How many threads are at work here."""
        return len(self._at_work)

    async def sweep(self) -> int:
        """Look for what was left behind, then take what there is room for; return how many.

        Raises:
            StoreError: The store cannot be used.
        """
        held = await self._store.leases.held()
        found = stalled(held, now=self._clock(), ended=has_ended)
        self._elsewhere &= frozenset(found)
        unknown = [t for t in found if t not in self._at_work.keys() | self._elsewhere]
        # Not even its lease is taken: whoever holds it may only have slept.
        here = [thread for thread in unknown if await self._attendant.has(thread)]
        self._elsewhere |= frozenset(unknown).difference(here)
        await self._store.wakes.add(here)
        for taker in await self._store.wakes.takers():
            if has_ended(taker):
                await self._store.wakes.leave(taker)
        return await self.take()

    async def take(self, thread: str | None = None) -> int:
        """Take threads that are due, as many as there is room for; return how many.

        Args:
            thread: Only this one.

        Raises:
            StoreError: The store cannot be used.
        """
        self._room.clear()
        room = 0 if self.closing else self._concurrency - len(self._at_work)
        taken = await self._store.wakes.take(
            self._name,
            room=room if thread is None else min(room, 1),
            seconds=TAKEN_SECONDS,
            limit=self._tenant_limit,
            rate=self._tenant_rate,
            thread=thread,
        )
        for seen in taken:
            control = RunControl()
            task = asyncio.create_task(self._see_to(seen, control))
            self._at_work[seen.thread_id] = _AtWork(task=task, control=control)
        self.seen_at, self.problem = self._clock(), ""
        return len(taken)

    async def attend(self, thread: str) -> None:
        """Take a thread, if it is due and there is room, and wait until it was seen to.

        Raises:
            StoreError: The store cannot be used.
        """
        if await self.take(thread) and (woken := self._at_work.get(thread)) is not None:
            await asyncio.wait([woken.task])

    async def work(self, stop: asyncio.Event, *, sweep_seconds: float) -> None:
        """Sweep again and again until it is told to stop.

        While the store cannot be used it goes on trying.
        """
        keeping = asyncio.create_task(self._keep())
        stopping = asyncio.create_task(stop.wait())
        next_sweep = 0.0
        try:
            while not stop.is_set():
                try:
                    if time.monotonic() >= next_sweep:
                        next_sweep = time.monotonic() + sweep_seconds
                        await self.sweep()
                    else:
                        await self.take()
                except StoreError as error:
                    self.problem = str(error)
                    _log.warning("The worker cannot look: %s", error)
                left = max(0.0, next_sweep - time.monotonic())
                await self._wait(stopping, left)
        finally:
            keeping.cancel()
            stopping.cancel()

    async def rest(self) -> None:
        """Wait until nothing is at work here."""
        keeping = asyncio.create_task(self._keep())
        while self._at_work:
            await asyncio.wait([one.task for one in self._at_work.values()])
        keeping.cancel()

    async def drain(self, seconds: float) -> None:
        """Have every run stop after its nodes at work, and cut off those that take longer.

        Args:
            seconds: Longest wait.
        """
        self.closing = True
        for one in self._at_work.values():
            one.control.request_drain("The worker stops.")
        tasks = [one.task for one in self._at_work.values()]
        if not tasks:
            return
        _, late = await asyncio.wait(tasks, timeout=seconds)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late)

    async def _wait(self, stopping: asyncio.Task[bool], seconds: float) -> None:
        room = asyncio.create_task(self._room.wait())
        await asyncio.wait([stopping, room], timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        room.cancel()

    async def _keep(self) -> None:
        """Renew what was taken, for as long as this runs."""
        while True:
            await asyncio.sleep(RENEWAL_SECONDS)
            if not self._at_work:
                continue
            try:
                await self._store.wakes.renew(self._name, TAKEN_SECONDS)
            except StoreError as error:
                # Somebody else takes it then, and finds the thread's lease held.
                _log.warning("What was taken is not renewed: %s", error)

    async def _see_to(self, seen: Wake, control: RunControl) -> None:
        try:
            found = await self._visits.visit(seen, control)
        except asyncio.CancelledError:
            await self._visits.leave(seen)
            raise
        except StoreError as error:
            _log.warning("%s is left for later: %s", seen.thread_id, error)
        else:
            self.finished += found.ran
        finally:
            del self._at_work[seen.thread_id]
            self._room.set()
