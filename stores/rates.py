"""Rates: how often something may be done a minute, over all processes of a database.

The generic cell rate algorithm (ITU-T I.371): a bucket of tokens that fills evenly, kept as the one
moment at which it would be full again.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection, select, update

from .database import Database
from .schema import rates
from .statements import insert_if_absent

_MINUTE = 60.0
"""Seconds within which an empty bucket is full again."""


def take_token(
    connection: Connection, name: str, *, per_minute: int, patience: float, now: float
) -> float:
    """Take one token as part of a transaction; see `SqlRates.take`."""
    insert_if_absent(connection, rates, name=name, full_at=now)
    own = rates.c.name == name
    stored = connection.execute(select(rates.c.full_at).where(own).with_for_update()).scalar_one()
    full_at = min(max(stored, now), now + _MINUTE + patience) + _MINUTE / per_minute
    wait = max(0.0, full_at - _MINUTE - now)
    if wait <= patience:
        connection.execute(update(rates).where(own).values(full_at=full_at))
    return wait


class SqlRates:
    """Buckets by name.

    Machines whose clocks differ take from one bucket all the same: nobody waits for a moment that
    is further away than any wait of its own makes it.

    Args:
        database: Where to.
        clock: Unix time in seconds.
    """

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock

    async def take(self, name: str, *, per_minute: int, patience: float) -> float:
        """Take one token, or the next one that comes within `patience` seconds.

        Args:
            name: Whose bucket.
            per_minute: Tokens that it holds, and gets in a minute.
            patience: Longest wait in seconds.

        Returns:
            Seconds to wait before the call, at most `patience`; or, if no token comes in time, the
            seconds until one would, and none is taken.

        Raises:
            StoreError: The database refused.
        """

        def work(connection: Connection) -> float:
            now = self._clock()
            return take_token(connection, name, per_minute=per_minute, patience=patience, now=now)

        return await self._database.write(work)
