"""Forgotten threads: their ids lead nowhere any more.

What a run does is kept under keys that follow from the thread's id and the user's words. Begun anew
under the same id, a thread would find the ledger's rows that outlive it, or, without them, do once
more what was done.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, bindparam, select

from ...errors import ForgottenError
from ..schema import forgettings

_ENDED = select(forgettings.c.begun_at, forgettings.c.ended_at).where(
    forgettings.c.thread_id == bindparam("thread")
)


def refuse_forgotten(connection: Connection, thread: str) -> None:
    """Let nothing be begun, gone on with or asked on a thread that was forgotten.

    Raises:
        ForgottenError: It was, or is about to be.
    """
    row = connection.execute(_ENDED, {"thread": thread}).one_or_none()
    if row is None:
        return
    if row.ended_at is None:
        raise ForgottenError(
            "Its forgetting was begun and is not finished.",
            where=f"thread {thread}",
            fix=f"Finish it: pointsman thread forget {thread}. For anything else, begin another "
            "thread.",
        )
    day = datetime.fromtimestamp(row.ended_at).astimezone().strftime("%Y-%m-%d")
    raise ForgottenError(
        f"It was forgotten on {day}; nothing of it is left, and its id is not used again.",
        where=f"thread {thread}",
        fix="Begin another thread.",
    )
