"""Worker: goes on with threads that were cut off, several at a time, until it is told to stop."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from langgraph.errors import GraphDrained
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import RunControl

from ..errors import PointsmanError
from ..runs.thread import config_of, read_thread
from ..stores.leases import SqlLeases, lease_of
from ..tools.owner import has_ended, this_process
from .waking import stalled

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class _Woken:
    """A thread at work here."""

    task: asyncio.Task[None]
    control: RunControl


class Worker:
    """Wakes stalled threads. The lease of each decides who acts, so any number may look at once.

    Args:
        agent: Over the checkpoints that all workers share.
        leases: Of the store that all workers share.
        concurrency: Most threads at a time.
        clock: Unix time in seconds, as the leases have it.
    """

    def __init__(
        self,
        agent: CompiledStateGraph[Any, Any, Any, Any],
        leases: SqlLeases,
        *,
        concurrency: int,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._agent = agent
        self._leases = leases
        self._concurrency = concurrency
        self._clock = clock
        self._awake: dict[str, _Woken] = {}
        self._elsewhere: set[str] = set()
        """Threads whose checkpoints are not here, such as an Agent Server's."""
        self.finished = 0
        """Threads that came to an end or a pause here."""

    async def sweep(self) -> int:
        """Look for stalled threads and wake as many as there is room for; return how many."""
        held = await self._leases.held()
        found = stalled(held, now=self._clock(), ended=has_ended)
        room = self._concurrency - len(self._awake)
        chosen = [thread for thread in found if thread not in self._awake.keys() | self._elsewhere][
            :room
        ]
        for thread in chosen:
            control = RunControl()
            task = asyncio.create_task(self._go_on(thread, control))
            self._awake[thread] = _Woken(task=task, control=control)
        return len(chosen)

    async def work(self, stop: asyncio.Event, *, sweep_seconds: float) -> None:
        """Sweep again and again until it is told to stop.

        Raises:
            StoreError: The store cannot be read.
        """
        while not stop.is_set():
            await self.sweep()
            try:
                await asyncio.wait_for(stop.wait(), sweep_seconds)
            except TimeoutError:
                continue

    async def rest(self) -> None:
        """Wait until nothing is at work here."""
        while self._awake:
            await asyncio.wait([woken.task for woken in self._awake.values()])

    async def drain(self, seconds: float) -> None:
        """Have every run stop after its nodes at work, and cut off those that take longer.

        Args:
            seconds: Longest wait.
        """
        for woken in self._awake.values():
            woken.control.request_drain("The worker stops.")
        tasks = {thread: woken.task for thread, woken in self._awake.items()}
        if not tasks:
            return
        _, late = await asyncio.wait(tasks.values(), timeout=seconds)
        for thread, task in tasks.items():
            if task in late:
                task.cancel()
                await asyncio.wait([task])
                await self._leave(thread)

    async def _go_on(self, thread: str, control: RunControl) -> None:
        config = config_of(thread)
        try:
            status = read_thread(thread, await self._agent.aget_state(config)).status
            if status in ("fresh", "unfinished"):
                await self._agent.ainvoke(None, config, control=control)
                self.finished += 1
            elif status == "absent":
                self._elsewhere.add(thread)
            else:
                await self._forget(thread)
        except GraphDrained:
            await self._leave(thread)
        except PointsmanError as error:
            # It has told its own store; another worker may also just have been faster.
            _log.warning("%s does not go on: %s", thread, error)
        except Exception:  # noqa: BLE001  a defect that one thread meets must not end the others
            _log.exception("%s does not go on", thread)
        finally:
            del self._awake[thread]

    async def _forget(self, thread: str) -> None:
        """Give back what a dead run held of a thread that has nothing left to do."""
        name = lease_of(thread)
        owner = f"{this_process()}#sweep"
        if await self._leases.acquire(name, owner=owner, seconds=0.0) is not None:
            await self._leases.release(name, owner=owner)

    async def _leave(self, thread: str) -> None:
        """Leave a thread that was cut off where the next sweep of any worker finds it at once."""
        owner = f"{this_process()}#left"
        await self._leases.acquire(lease_of(thread), owner=owner, seconds=0.0)
