"""TaskQueue: a message is left for whichever worker comes first, and its answer waited for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal
from uuid import uuid4

from ..errors import OperatorError, TaskError
from ..state.answer import Answer
from ..state.context import AgentContext
from ..state.migrations import read_stored
from ..state.values import JsonObject
from ..stores.records import ApprovalRecord, QueuedTask, Requester

if TYPE_CHECKING:
    from ..stores.store import SqlStore
    from .jobs import JobWaker

_FIRST_PAUSE, _LONGEST_PAUSE = 0.02, 0.5
"""Seconds between two looks at a task that is waited for; each pause is longer than the last."""
_UNDECIDED = frozenset({"waiting", "expired", "withdrawn"})


@dataclass(frozen=True, kw_only=True)
class TaskResult:
    """What became of a task."""

    status: Literal["answered", "waiting", "failed"]
    """`waiting`: for a person, who is asked `approvals`."""
    task: QueuedTask
    answer: Answer | None = None
    approvals: Sequence[ApprovalRecord] = ()

    @property
    def error(self) -> JsonObject:
        """Why it failed: `type`, `message`, `where` and `fix`."""
        return self.task.error


class TaskQueue:
    """Leaves tasks for workers. Safe to use from any number of processes.

    Args:
        store: The store that the workers share.
        waker: Tells a worker at once; without one, workers see it when they look next.
        clock: Unix time in seconds.
    """

    def __init__(
        self,
        store: SqlStore,
        *,
        waker: JobWaker | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._waker = waker
        self._clock = clock

    async def enqueue(
        self,
        text: str,
        *,
        asked_by: Requester,
        thread: str = "",
        message_id: str = "",
        attachments: Sequence[JsonObject] = (),
        context: AgentContext | None = None,
        priority: int = 0,
        due_at: float = 0.0,
    ) -> QueuedTask:
        """Record a message to a thread; it is durable when this returns.

        Args:
            text: What is asked.
            asked_by: Who asks, from authentication. The run acts for them.
            thread: The thread; by default a new one.
            message_id: The message's id; by default a new one. The same message again is the same
                turn, and one that failed is tried again.
            attachments: As the graph's input takes them.
            context: Of the run.
            priority: Higher ones come first.
            due_at: Not before, in Unix seconds.

        Returns:
            The task as it is on record.

        Raises:
            TaskError: There is no text, or another message has this id.
            ForgottenError: The thread was forgotten.
            StoreError: The store cannot be written.
        """
        if not text.strip():
            raise TaskError("There is no task.", where="task", fix="Say what to do.")
        if thread:
            # Before its words are stored, which nobody would remove any more.
            await self._store.forgettings.refuse(thread)
        given = {
            "text": text,
            "attachments": list(attachments),
            "context": asdict(context or AgentContext()),
        }
        thread = thread or uuid4().hex
        task = await self._store.tasks.add(
            QueuedTask(
                thread_id=thread,
                message_id=message_id or uuid4().hex,
                given=await self._store.payloads.put(given, thread=thread),
                asked_by=asked_by,
                priority=priority,
                due_at=due_at,
            )
        )
        if self._waker is not None and task.state == "queued" and task.due_at <= self._clock():
            await self._waker.wake(task.thread_id, priority=priority)
        return task

    async def wait(self, task: QueuedTask, *, seconds: float | None = None) -> TaskResult:
        """Wait until a worker has brought a task to its answer, a person, or an error.

        Args:
            task: As it was recorded.
            seconds: Longest wait; `None` for any time.

        Raises:
            OperatorError: Nothing has come of it in time; it stays queued.
            StoreError: The store cannot be read.
        """
        until = None if seconds is None else time.monotonic() + seconds
        pause = _FIRST_PAUSE
        while True:
            known = await self._store.tasks.get(task.thread_id, task.message_id)
            if (result := await self._result(known)) is not None:
                return result
            if until is not None and time.monotonic() >= until:
                raise OperatorError(
                    f"No worker has come to its end within {seconds:g} seconds; it stays queued.",
                    where=f"thread {task.thread_id}",
                    fix="Ask again with the same message id, or look whether a worker runs.",
                )
            await asyncio.sleep(pause)
            pause = min(_LONGEST_PAUSE, 1.5 * pause)

    async def invoke(
        self,
        text: str,
        *,
        asked_by: Requester,
        thread: str = "",
        message_id: str = "",
        seconds: float | None = None,
    ) -> TaskResult:
        """Record a message and wait for what becomes of it; see `enqueue` and `wait`."""
        task = await self.enqueue(text, asked_by=asked_by, thread=thread, message_id=message_id)
        return await self.wait(task, seconds=seconds)

    async def _result(self, task: QueuedTask) -> TaskResult | None:
        if task.state == "queued":
            return None
        if task.state == "failed":
            return TaskResult(status="failed", task=task)
        if task.state == "paused":
            asked = await self._store.approvals.of_thread(task.thread_id)
            own = [record for record in asked if record.run_id == task.run_id]
            undecided = [record for record in own if record.status in _UNDECIDED]
            # With all decided, a worker is about to go on.
            found = TaskResult(status="waiting", task=task, approvals=undecided)
            return found if undecided or not own else None
        stored = await self._store.payloads.get(task.answer) if task.answer else None
        answer = (
            None
            if stored is None
            else read_stored(Answer, stored, where=f"answer of {task.message_id}")
        )
        return TaskResult(status="answered", task=task, answer=answer)
