"""Visits: a taken thread is seen to, and given back by what became of it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from langgraph.errors import GraphDrained
from langgraph.runtime import RunControl

from ..errors import CredentialError, ForgottenError, PointsmanError, TaskError, VersionError
from ..state.values import JsonObject
from ..stores.leases import lease_of
from ..stores.records import QueuedTask, Wake
from .attendant import Attendance, Attendant, RunFailedError, ThreadBusyError

if TYPE_CHECKING:
    from ..stores.store import SqlStore

BUSY_SECONDS = 2.0
"""How long a thread is left alone on which somebody else acts."""
NEWER_SECONDS = 30.0
"""How long a thread is left to workers of a newer release."""
MOST_ERRORS = 5
"""Runs in a row that come to an error, after which a task has failed."""
MOST_DEATHS = 50
"""Workers in a row that may end in the middle of one thread's work."""

_log = logging.getLogger(__name__)


class Visits:
    """Sees to threads that one worker has taken.

    Args:
        attendant: Does what there is to do.
        store: The store that all workers share.
        by: Who takes the threads.
        clock: Unix time in seconds.
    """

    def __init__(
        self,
        attendant: Attendant,
        store: SqlStore,
        *,
        by: str,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._attendant = attendant
        self._store = store
        self._by = by
        self._clock = clock

    async def visit(self, seen: Wake, control: RunControl) -> Attendance:
        """See to a thread, and give it back.

        Args:
            seen: The thread, as it was taken.
            control: Of the run that this may begin, by which it is told to stop.

        Raises:
            StoreError: The store cannot be used; the thread is taken by somebody else in time.
        """
        nothing = Attendance(ran=False)
        try:
            if seen.tries > MOST_DEATHS:
                await self._give_up(seen, None, _died(seen))
                return nothing
            found = await self._attendant.attend(seen.thread_id, control)
        except ThreadBusyError:
            await self._put_off(seen, BUSY_SECONDS)
        except GraphDrained:
            await self._put_off(seen, 0.0)
        except ForgottenError:
            await self._store.wakes.settle(seen, self._by)
        except VersionError as error:
            _log.warning("%s is left to a newer release: %s", seen.thread_id, error)
            await self._put_off(seen, NEWER_SECONDS)
        except RunFailedError as failed:
            await self._failed(seen, failed)
        else:
            await self._store.wakes.settle(seen, self._by, again_at=found.again_at)
            return found
        return nothing

    async def leave(self, seen: Wake) -> None:
        """Give a thread back whose run was cut off, so that it is taken again at once."""
        await self._put_off(seen, 0.0)

    async def _put_off(self, seen: Wake, seconds: float, *, error: bool = False) -> None:
        until = self._clock() + seconds
        await self._store.wakes.put_off(seen, self._by, until=until, error=error)

    async def _failed(self, seen: Wake, failed: RunFailedError) -> None:
        """Try again later, or tell whoever waits."""
        error = failed.__cause__ or failed
        if await self._store.leases.holder(lease_of(seen.thread_id)) is not None:
            # Another run has taken the thread over from this one, which slept.
            await self._put_off(seen, BUSY_SECONDS)
            return
        foreseen = isinstance(error, PointsmanError)
        _log.warning(
            "A run of %s came to an error: %s",
            seen.thread_id,
            error,
            exc_info=None if foreseen else error,
        )
        if isinstance(error, TaskError | CredentialError) or seen.errors + 1 >= MOST_ERRORS:
            await self._give_up(seen, failed.task, _told(error))
            return
        await self._put_off(seen, float(2**seen.errors), error=True)

    async def _give_up(self, seen: Wake, task: QueuedTask | None, error: JsonObject) -> None:
        """End the task with an error, and go on with the thread if others wait for it."""
        tasks = await self._store.tasks.open_of(seen.thread_id)
        ended = task or next(iter(tasks), None)
        if ended is None:
            _log.error("%s is given up: %s", seen.thread_id, error["message"])
        else:
            await self._store.tasks.note(ended, "failed", error=error)
        others = [one for one in tasks if ended and one.message_id != ended.message_id]
        again_at = self._clock() if others else None
        await self._store.wakes.settle(seen, self._by, again_at=again_at)


def _died(seen: Wake) -> JsonObject:
    return {
        "type": "OperatorError",
        "message": f"{MOST_DEATHS} workers have ended while they were at work on it.",
        "where": f"thread {seen.thread_id}",
        "fix": "Look at why they ended, such as for want of memory; then ask again.",
    }


def _told(error: BaseException) -> JsonObject:
    """Return what whoever waits may read; foreign words may hold anything."""
    kind = type(error).__name__
    if not isinstance(error, PointsmanError):
        fix = "The worker's log says more."
        return {"type": kind, "message": f"{kind} was raised.", "where": "worker", "fix": fix}
    return {"type": kind, "message": error.message, "where": error.where, "fix": error.fix}
