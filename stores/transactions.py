"""Transactions: an engine that connects and migrates on first use, and work that runs in it."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import URL, Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from .engines import Pool, failure, is_transient
from .migrate import bring_up_to_date
from .riders import Riders, carry

Work = Callable[[Connection], Any]

_TRIES = 5
"""Times that one transaction is run before a deadlock is reported."""


@dataclass(frozen=True, kw_only=True)
class WorkResult:
    """What became of one piece of work in a group."""

    value: Any = None
    error: BaseException | None = None


class Transactions:
    """Synchronous, and safe to use from several threads.

    Args:
        url: From `engines.store_url`.
        connections: Most connections.
        riders: What goes with the next write.
        timeout_seconds: Longest wait for a lock.
    """

    def __init__(
        self, url: URL, *, connections: int, riders: Riders, timeout_seconds: float
    ) -> None:
        self._url = url
        self._connections = connections
        self._riders = riders
        self._timeout = timeout_seconds
        self._opening = threading.Lock()
        self._pool: Pool | None = None

    def read(self, work: Work) -> Any:
        """Run work that sees one moment and changes nothing.

        Raises:
            StoreError: The database refused.
        """
        return self._reporting(lambda: self._read(work))

    def write(self, work: Work) -> Any:
        """Run work alone in a transaction, again if it met a deadlock.

        Raises:
            StoreError: The database refused.
        """
        return self._reporting(lambda: self._write(work))

    def write_together(self, pieces: Sequence[Work]) -> list[WorkResult]:
        """Run all pieces in one transaction; a failure undoes only its own piece.

        Raises:
            StoreError: The database refused the transaction as a whole; nothing was changed.
        """
        return self._reporting(lambda: self._write_together(pieces))

    def close(self) -> None:
        """Close every connection."""
        with self._opening:
            if self._pool is not None:
                self._pool.close()
                self._pool = None

    def _read(self, work: Work) -> Any:
        with self._opened().reading.connect() as connection:
            return work(connection)

    def _write(self, work: Work) -> Any:
        engine = self._opened().writing
        for left in reversed(range(_TRIES)):
            try:
                return self._carrying(engine, work)
            except SQLAlchemyError as error:
                if not left or not is_transient(error):
                    raise
                time.sleep(random.uniform(0, 0.2))  # noqa: S311  parts rivals, hides nothing
        raise AssertionError

    def _carrying(self, engine: Engine, work: Work) -> Any:
        """Run work in a transaction, with what goes along."""
        carried = self._riders.aboard()
        with engine.begin() as connection:
            value, arrived = carry(connection, carried, work)
        self._riders.arrived(carried)
        for told in arrived:
            told()
        return value

    def _write_together(self, pieces: Sequence[Work]) -> list[WorkResult]:
        engine = self._opened().writing
        try:
            # Almost always none fails, and nothing is spent on telling them apart.
            return self._carrying(engine, partial(_all_of, pieces))
        except _PieceFailed:
            return self._carrying(engine, lambda c: [self._piece(c, work) for work in pieces])

    def _piece(self, connection: Connection, work: Work) -> WorkResult:
        savepoint = connection.begin_nested()
        try:
            value = self._reporting(lambda: work(connection))
        except BaseException as error:  # noqa: BLE001  goes to the caller that waits for it
            # If the whole transaction is gone (disk full), this raises and fails the group.
            savepoint.rollback()
            return WorkResult(error=error)
        savepoint.commit()
        return WorkResult(value=value)

    def _opened(self) -> Pool:
        with self._opening:
            if self._pool is None:
                self._pool = self._open()
            return self._pool

    def _open(self) -> Pool:
        pool = Pool(self._url, connections=self._connections, timeout_seconds=self._timeout)
        try:
            bring_up_to_date(pool)
        except BaseException:
            pool.close()
            raise
        return pool

    def _reporting(self, run: Callable[[], Any]) -> Any:
        try:
            return run()
        except (SQLAlchemyError, OSError) as error:
            raise failure(error, self._url) from error


class _PieceFailed(Exception):  # noqa: N818 - never seen outside
    """One of a group's pieces raised."""


def _all_of(pieces: Sequence[Work], connection: Connection) -> list[WorkResult]:
    try:
        return [WorkResult(value=work(connection)) for work in pieces]
    except Exception as error:
        raise _PieceFailed from error
