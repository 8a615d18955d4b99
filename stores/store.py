"""SqlStore: all parts of this room over one database."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from .anchor import Anchor
from .approvals import SqlApprovalStore
from .attempts import SqlAttemptLog
from .audit import SqlAuditLog
from .budgets import SqlBudgetLedger
from .database import Database
from .effects import SqlEffectsLedger
from .endorsements import SqlEndorsements
from .forgetting.forgettings import SqlForgettings
from .forgetting.idle import SqlIdleThreads
from .forgetting.principals import SqlPrincipals
from .grants import SqlGrants
from .journal import SqlJournal
from .leases import SqlLeases
from .payloads import SqlPayloads
from .rates import SqlRates
from .seen_shapes import SqlSeenShapes
from .switches import SqlSwitches
from .tasks import SqlTasks
from .wakes import SqlWakes


class SqlStore:
    """All parts over one database. Safe for any number of event loops, threads and processes.

    Every write is durable when it returns.

    Args:
        database: Where everything goes; the store closes it.
        clock: Unix time in seconds.
        anchor: Signs the heads of the audit log.
    """

    def __init__(
        self,
        database: Database,
        *,
        clock: Callable[[], float] = time.time,
        anchor: Anchor | None = None,
    ) -> None:
        self.database = database
        self.payloads = SqlPayloads(database)
        self.journal = SqlJournal(database, clock)
        self.effects = SqlEffectsLedger(database, clock)
        self.audit = SqlAuditLog(database, clock, anchor)
        self.approvals = SqlApprovalStore(database, clock, self.audit)
        self.endorsements = SqlEndorsements(database, clock, self.audit)
        self.grants = SqlGrants(database, clock, self.audit)
        self.attempts = SqlAttemptLog(database)
        self.budgets = SqlBudgetLedger(database, clock)
        self.switches = SqlSwitches(database, clock)
        self.seen_shapes = SqlSeenShapes(database, clock)
        self.leases = SqlLeases(database, clock)
        self.rates = SqlRates(database, clock)
        self.tasks = SqlTasks(database, clock)
        self.wakes = SqlWakes(database, clock)
        self.forgettings = SqlForgettings(database, clock, self.audit)
        self.idle = SqlIdleThreads(database)
        self.principals = SqlPrincipals(database)

    def __repr__(self) -> str:
        return f"SqlStore({self.database.name!r})"

    async def close(self) -> None:
        """Finish what is queued and close every connection. Closing twice is fine."""
        await asyncio.to_thread(self.close_now)

    def close_now(self) -> None:
        """Like `close`, for synchronous code; blocks until all is done."""
        self.database.close_now()
        # What waited for a write is written by now.
        self.audit.sign()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()


def open_store(
    url: str | Path, *, clock: Callable[[], float] = time.time, anchor: Anchor | None = None
) -> SqlStore:
    """Return the store at `url`, which is created or migrated when it is first used.

    No I/O happens here, so it may be called anywhere, inside a running event loop too.

    Args:
        url: A file path or `sqlite:///PATH`, or `postgresql://USER@HOST/DATABASE`.
        clock: Unix time in seconds; it decides what has expired.
        anchor: Signs the heads of the audit log, so that a cut tail shows; see `pointsman.home`.

    Raises:
        ConfigError: The URL is not one of these.
    """
    return SqlStore(Database(url), clock=clock, anchor=anchor)
