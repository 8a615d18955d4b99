"""Attendant: sees to a thread under its lease, one run at a time, and notes how its tasks end."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from langchain_core.messages import HumanMessage
from langgraph.errors import GraphDrained
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import RunControl
from langgraph.types import Command

from ..errors import NotFoundError, PointsmanError, VersionError
from ..runs import lease
from ..runs.decisions import CLOSED
from ..runs.identity import with_requester
from ..runs.thread import ThreadState, config_of, read_thread, with_entry
from ..state.approval import RECORDED
from ..state.context import AgentContext
from ..stores.records import QueuedTask
from .moves import ThreadMove, last_message, next_move, progress, was_heard
from .taken_lease import TakenLease, take_lease

if TYPE_CHECKING:
    from ..stores.store import SqlStore


@dataclass(frozen=True, kw_only=True)
class Attendance:
    """What became of a look at a thread."""

    ran: bool
    """Whether a run came to its end or a pause."""
    again_at: float | None = None
    """Unix time in seconds at which there is more to do."""


class ThreadBusyError(Exception):
    """Somebody else acts on the thread."""


class RunFailedError(Exception):
    """A run came to an error, which is its cause.

    Args:
        task: The task that it was about.
    """

    def __init__(self, task: QueuedTask | None) -> None:
        super().__init__()
        self.task = task


class Attendant:
    """Sees to threads, one call each.

    Args:
        agent: Over the checkpoints that all workers share.
        store: The store that all workers share.
        clock: Unix time in seconds, as the leases have it.
    """

    def __init__(
        self,
        agent: CompiledStateGraph[Any, Any, Any, Any],
        store: SqlStore,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._agent = agent
        self._store = store
        self._clock = clock

    async def has(self, thread: str) -> bool:
        """Say whether a thread's checkpoints are here, and not elsewhere, as an Agent Server's."""
        try:
            return (await self._agent.aget_state(config_of(thread))).created_at is not None
        except PointsmanError:
            # Whoever sees to it reports what is wrong with it.
            return True

    async def attend(self, thread: str, control: RunControl) -> Attendance:
        """Do what there is to do next on a thread.

        Args:
            thread: The thread.
            control: Of the run that this may begin, by which it is told to stop.

        Raises:
            ThreadBusyError: Somebody else acts on it.
            RunFailedError: The run came to an error.
            GraphDrained: The run was told to stop.
            VersionError: A newer release has written it.
            StoreError: The store cannot be used.
        """
        held = await take_lease(self._store.leases, thread, self._clock)
        if held is None:
            raise ThreadBusyError
        run = lease.LeasedRun.under(thread, owner=held.owner, fence=held.fence, until=held.until)
        try:
            return await self._attend(thread, held, run, control)
        finally:
            # A run that has begun has given it back itself.
            await run.give_back(self._store.leases, failed=True)

    async def _attend(
        self, thread: str, held: TakenLease, run: lease.LeasedRun, control: RunControl
    ) -> Attendance:
        state = await self._read(thread)
        tasks = await self._noted(state)
        move = await self._next(state, tasks)
        if move is None:
            return Attendance(ran=False, again_at=_due(state, tasks))
        if self._clock() > held.until - lease.RENEWAL_SECONDS:
            # It slept: what was read may be old, and what it wrote now would hide what is newer.
            raise ThreadBusyError
        await self._run(thread, move, run, control)
        state = await self._read(thread)
        tasks = await self._noted(state)
        more = await self._next(state, tasks) is not None
        return Attendance(ran=True, again_at=self._clock() if more else _due(state, tasks))

    async def _read(self, thread: str) -> ThreadState:
        return read_thread(thread, await self._agent.aget_state(config_of(thread)))

    async def _noted(self, state: ThreadState) -> Sequence[QueuedTask]:
        """Note how far each task of a thread has come, and return those that are open."""
        still_open: list[QueuedTask] = []
        for task in await self._store.tasks.open_of(state.id):
            found = progress(state, task)
            if found is not None and found.state == "ended":
                answer = await self._answer(state, found.run_id, newest=found.answered)
                await self._store.tasks.note(task, "ended", run_id=found.run_id, answer=answer)
                continue
            if found is not None and (found.state, found.run_id) != (task.state, task.run_id):
                await self._store.tasks.note(task, found.state, run_id=found.run_id)
            still_open.append(task)
        return still_open

    async def _answer(self, state: ThreadState, run_id: str, *, newest: bool) -> str:
        answer = state.view.answer if newest else None
        found = (
            answer.model_dump(mode="json")
            if answer is not None
            else await self._store.journal.answer(run_id)
        )
        return "" if found is None else await self._store.payloads.put(found, thread=state.id)

    async def _next(self, state: ThreadState, tasks: Sequence[QueuedTask]) -> ThreadMove | None:
        decided = refused = False
        if state.asked:
            records = await self._store.approvals.get_all([one.id for one in state.asked])
            decided = any(record.status in CLOSED for record in records)
        if state.status == "fresh":
            refused = await self._has_failed(state.id, last_message(state))
        return next_move(state, tasks, decided=decided, refused=refused, now=self._clock())

    async def _has_failed(self, thread: str, message: str) -> bool:
        try:
            return (await self._store.tasks.get(thread, message)).state == "failed"
        except NotFoundError:
            return False

    async def _run(
        self, thread: str, move: ThreadMove, run: lease.LeasedRun, control: RunControl
    ) -> None:
        config, task = with_entry(config_of(thread), lease.KEY, value=run), move.task
        context: AgentContext | None = None
        given: Any = Command(resume=RECORDED) if move.kind == "resume" else None
        if task is not None:
            config = with_requester(config, task.asked_by)
            asked: Any = await self._store.payloads.get(task.given)
            context = AgentContext(**asked["context"])
            if move.kind == "begin":
                message = HumanMessage(asked["text"], id=task.message_id)
                # What an earlier, refused input has left in these channels makes way.
                given = {"messages": [message], "task": "", "attachments": asked["attachments"]}
        try:
            await self._agent.ainvoke(given, config, context=context, control=control)
        except (GraphDrained, VersionError):
            raise
        except Exception as error:
            raise RunFailedError(task) from error


def _due(state: ThreadState, tasks: Sequence[QueuedTask]) -> float | None:
    later = [task.due_at for task in tasks if not was_heard(state, task)]
    return min(later, default=None)
