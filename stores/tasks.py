"""Tasks: what somebody asked of a thread, for whichever worker comes first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection, Row, select, update

from ..errors import NotFoundError, TaskError
from ..state.migrations import object_in
from ..state.values import JsonObject
from .bodies import body_of, record_in
from .database import Database
from .forgetting.forgotten import refuse_forgotten
from .records import QueuedTask, QueuedTaskState, Requester
from .schema import tasks
from .statements import insert_if_absent
from .wakes import wake

_OPEN: tuple[QueuedTaskState, ...] = ("queued", "paused")


class SqlTasks:
    """Tasks of threads, each under its message's id.

    Args:
        database: Where to.
        clock: Unix time in seconds.
    """

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock

    async def add(self, task: QueuedTask) -> QueuedTask:
        """Record a task and have its thread looked at, in one transaction.

        The same message again returns the record that exists; one that failed is tried again.

        Raises:
            TaskError: The message's id was used for something else, or by somebody else.
            ForgottenError: The thread was forgotten.
        """
        now = self._clock()
        asked = task.model_copy(update={"asked_at": now, "due_at": max(task.due_at, now)})
        return await self._database.write(lambda connection: _added(connection, asked))

    async def get(self, thread: str, message: str) -> QueuedTask:
        """Return a task. Raises `NotFoundError`."""

        def work(connection: Connection) -> Row[Any] | None:
            row = connection.execute(_of(thread, message)).one_or_none()
            if row is None:
                refuse_forgotten(connection, thread)
            return row

        row = await self._database.read(work)
        if row is None:
            raise NotFoundError(
                "There is no such task.",
                where=f"thread {thread}, message {message}",
                fix="Ask for it: pointsman enqueue.",
            )
        return _record(row)

    async def open_of(self, thread: str) -> Sequence[QueuedTask]:
        """Return a thread's tasks that have not ended, in the order in which they came."""
        query = (
            select(tasks)
            .where(tasks.c.thread_id == thread, tasks.c.state.in_(_OPEN))
            .order_by(tasks.c.seq)
        )
        rows = await self._database.read(lambda c: c.execute(query).all())
        return [_record(row) for row in rows]

    async def note(
        self,
        task: QueuedTask,
        state: QueuedTaskState,
        *,
        run_id: str = "",
        answer: str = "",
        error: JsonObject | None = None,
    ) -> None:
        """Record how far a task has come; one that has ended stays as it is.

        Args:
            task: Which.
            state: How far.
            run_id: The run that it became.
            answer: Digest of the answer in the payload store.
            error: Why it failed.
        """
        ended = state not in _OPEN
        statement = (
            update(tasks)
            .where(*_place(task), tasks.c.state.in_(_OPEN))
            .values(
                state=state,
                run_id=run_id or task.run_id,
                answer_digest=answer or None,
                error=error or None,
                ended_at=self._clock() if ended else None,
            )
        )

        def work(connection: Connection) -> None:
            connection.execute(statement)

        await self._database.write(work)


def _added(connection: Connection, task: QueuedTask) -> QueuedTask:
    refuse_forgotten(connection, task.thread_id)
    query = _of(task.thread_id, task.message_id)
    if insert_if_absent(
        connection,
        tasks,
        thread_id=task.thread_id,
        message_id=task.message_id,
        given_digest=task.given,
        asked_by=body_of(task.asked_by),
        priority=task.priority,
        asked_at=task.asked_at,
        due_at=task.due_at,
        state="queued",
        run_id="",
    ):
        _wake(connection, task)
        return task
    known = _record(connection.execute(query.with_for_update()).one())
    if known.given != task.given or not _is_by_same(known.asked_by, task.asked_by):
        raise TaskError(
            "Another message has this id.",
            where=f"message {task.message_id}",
            fix="Give each message an id of its own; only a repeated one keeps its id.",
        )
    if known.state != "failed":
        return known
    again = {"state": "queued", "error": None, "ended_at": None, "due_at": task.due_at}
    connection.execute(update(tasks).where(*_place(task)).values(again))
    _wake(connection, task)
    return _record(connection.execute(query).one())


def _wake(connection: Connection, task: QueuedTask) -> None:
    tenant = task.asked_by.principal.tenant
    wake(connection, task.thread_id, tenant=tenant, priority=task.priority, due_at=task.due_at)


def _place(task: QueuedTask) -> tuple[Any, Any]:
    return tasks.c.thread_id == task.thread_id, tasks.c.message_id == task.message_id


def _of(thread: str, message: str) -> Any:
    return select(tasks).where(tasks.c.thread_id == thread, tasks.c.message_id == message)


def _is_by_same(known: Requester, other: Requester) -> bool:
    """Say whether one asked before and asks again; their token may be a newer one."""
    before, now = known.principal, other.principal
    same = (before.id, before.tenant) == (now.id, now.tenant)
    return same and known.authenticated == other.authenticated


def _record(row: Row[Any]) -> QueuedTask:
    of = f"task {row.message_id} of thread {row.thread_id}"
    error = {} if row.error is None else row.error
    return QueuedTask(
        thread_id=row.thread_id,
        message_id=row.message_id,
        given=row.given_digest,
        asked_by=record_in(Requester, row.asked_by, where=f"pointsman_tasks.asked_by, {of}"),
        priority=row.priority,
        asked_at=row.asked_at,
        due_at=row.due_at,
        state=row.state,
        run_id=row.run_id,
        answer=row.answer_digest or "",
        error=dict(object_in(error, where=f"pointsman_tasks.error, {of}")),
        ended_at=row.ended_at,
    )
