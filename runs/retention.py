"""Retention: what is past its lifetime is removed, threads as a whole and texts of the audit log.

The class of data decides how long a thread is kept: what was made from data of a class is of that
class, so no part of the thread is free of it. The thread goes once nobody was at work on it for as
long as the shortest lifetime of its classes. What is at work, or has a task that waits for a
worker, is left for later.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..errors import OperatorError, StoreError
from ..state.lifetimes import AUDIT, ended_class, lifetime_text
from ..stores.forgetting.forgettings import ForgettingIntent
from ..stores.forgetting.removal import RETENTION_BEGUN, RETENTION_DONE
from ..stores.records import DeletionReceipt
from .forgetting import CHECKPOINTS, CheckpointPlace, finish_forgettings, may_act
from .forgetting_turn import forgetting_turn

if TYPE_CHECKING:
    from ..stores.forgetting.idle import IdleThread
    from ..stores.store import SqlStore

MOST = 1_000
"""Threads, and entries of the audit log, that are seen to at a time."""
_PAGE = 500
_AUDIT_PLACE = "pointsman_audit_bodies"


@dataclass(kw_only=True)
class EndedData:
    """What of one class is, or was, past its lifetime."""

    threads: int = 0
    removed: dict[str, int] = field(default_factory=dict[str, int])
    """Place → how many records."""

    def add(self, removed: Mapping[str, int], *, threads: int = 1) -> None:
        """Count a thread and what was removed of it."""
        self.threads += threads
        for place, count in removed.items():
            self.removed[place] = self.removed.get(place, 0) + count


@dataclass(kw_only=True)
class RetentionReport:
    """What was removed because it was past its lifetime, or would be."""

    classes: dict[str, EndedData] = field(default_factory=dict[str, EndedData])
    finished: tuple[str, ...] = ()
    """Threads whose forgetting others had begun, and whose end it brought."""
    in_use: tuple[str, ...] = ()
    """Threads past their lifetime that somebody was at work on, left for later."""
    is_all: bool = True
    """Whether nothing more is past its lifetime."""
    audit_entry: int = 0
    """The entry of the audit log, in the operators' chain; 0 where nothing was removed."""

    def of(self, name: str) -> EndedData:
        """Return what there is of a class."""
        return self.classes.setdefault(name, EndedData())


@dataclass(frozen=True, kw_only=True)
class EndedThread:
    """A thread that is past its lifetime."""

    id: str
    by: str
    """The class whose lifetime is over."""


@dataclass(frozen=True, kw_only=True)
class Retention:
    """What is kept for how long, and where it is.

    Args:
        store: The store.
        checkpoints: Wherever threads' state may be.
        lifetimes: Class of data → seconds.
        clock: Unix time in seconds, as the leases have it.
    """

    store: SqlStore
    checkpoints: Sequence[CheckpointPlace]
    lifetimes: Mapping[str, float]
    clock: Callable[[], float] = time.time

    async def would_remove(self, *, most: int = MOST) -> RetentionReport:
        """Return what is past its lifetime, as `run` would report it, and remove nothing.

        Raises:
            StoreError: A database refused.
        """
        # Imported when it is needed: reading records does without LangGraph.
        from ..stores.forgetting.checkpoint_removal import named_by_others, named_by_thread

        report = RetentionReport()
        ended = await self._ended(most)
        others: frozenset[str] | None = None
        for thread in ended:
            named = [await named_by_thread(p.saver, thread.id) for p in self.checkpoints]
            own = frozenset[str]().union(*(each.digests for each in named))
            intent = self._intent(thread, "")
            removed = await self.store.forgettings.would_remove(intent, named=own, needed=others)
            if removed is None:
                gone = [each.id for each in ended]
                elsewhere = [await named_by_others(p.saver, gone) for p in self.checkpoints]
                others = frozenset[str]().union(*elsewhere)
                removed = await self.store.forgettings.would_remove(
                    intent, named=own, needed=others
                )
            count = sum(each.count for each in named)
            places = {CHECKPOINTS: count} if count else {}
            report.of(thread.by).add({**(removed or {}), **places})
        old = await self._old_entries(most)
        if old:
            report.of(AUDIT).add({_AUDIT_PLACE: old}, threads=0)
        report.is_all = len(ended) < most and old < most
        return report

    async def run(self, *, actor: str = "", most: int = MOST) -> RetentionReport:
        """Remove what is past its lifetime, and finish what was begun of that or any forgetting.

        Cut off in the middle, doing it again goes on.

        Args:
            actor: Who has it done.
            most: Threads, and entries of the audit log, at a time.

        Raises:
            OperatorError: Somebody else is at it.
            StoreError: A database refused; what is missing is done by doing it again.
        """
        async with forgetting_turn(self.store.leases):
            return await self._run(actor, most)

    async def _run(self, actor: str, most: int) -> RetentionReport:
        forgettings = self.store.forgettings
        unfinished = [one.thread_id for one in await forgettings.every(unfinished=True)]
        ended, old = await self._ended(most), await self._old_entries(most)
        report = RetentionReport(is_all=len(ended) < most and old < most)
        if not (unfinished or ended or old or await forgettings.is_retention_open()):
            return report
        kept = {name: lifetime_text(seconds) for name, seconds in sorted(self.lifetimes.items())}
        await self.store.audit.append(RETENTION_BEGUN, actor=actor, body={"lifetimes": kept})
        begun, report.in_use = await self._begun(ended, actor)
        removed = await self._remove_entries(actor, most) if old else 0
        receipts = await finish_forgettings(
            self.store, [*unfinished, *begun], checkpoints=self.checkpoints
        )
        if removed:
            report.of(AUDIT).add({_AUDIT_PLACE: removed}, threads=0)
        self._count(report, receipts)
        body = {
            name: {"threads": data.threads, "removed": {**data.removed}}
            for name, data in sorted(report.classes.items())
        }
        done = await self.store.audit.append(RETENTION_DONE, actor=actor, body={"classes": body})
        report.audit_entry = done.seq
        return report

    def _count(self, report: RetentionReport, receipts: Sequence[DeletionReceipt]) -> None:
        for receipt in receipts:
            if receipt.ended_class:
                report.of(receipt.ended_class).add(receipt.removed)
            else:
                report.finished += (receipt.thread_id,)

    async def _begun(
        self, ended: Sequence[EndedThread], actor: str
    ) -> tuple[list[str], tuple[str, ...]]:
        """Record the intents; return the threads of these, and those that are in use."""
        begun: list[str] = []
        in_use: list[str] = []
        for thread in ended:
            try:
                await self.store.forgettings.begin([self._intent(thread, actor)], acts=may_act)
            except StoreError:
                raise
            except OperatorError:
                in_use.append(thread.id)
            else:
                begun.append(thread.id)
        return begun, tuple(in_use)

    def _intent(self, thread: EndedThread, actor: str) -> ForgettingIntent:
        seconds = self.lifetimes[thread.by]
        return ForgettingIntent(
            thread=thread.id,
            actor=actor,
            reason=f"Past the lifetime of the class {thread.by}, {lifetime_text(seconds)}.",
            known=True,
            idle_since=self.clock() - seconds,
            ended_class=thread.by,
            keeps_audit=AUDIT in self.lifetimes,
        )

    async def _ended(self, most: int) -> list[EndedThread]:
        """Return threads that are past their lifetime, those first that were left first."""
        lifetimes = {name: s for name, s in self.lifetimes.items() if name != AUDIT}
        found: list[EndedThread] = []
        if not lifetimes:
            return found
        now = self.clock()
        last: IdleThread | None = None
        while True:
            page = await self.store.idle.before(
                now - min(lifetimes.values()), after=last, limit=_PAGE
            )
            for thread in page:
                by = ended_class(thread.classes, now - thread.used_at, lifetimes)
                if by is not None and not thread.queued:
                    found.append(EndedThread(id=thread.id, by=by))
                if len(found) == most:
                    return found
            if len(page) < _PAGE:
                return found
            last = page[-1]

    async def _old_entries(self, most: int) -> int:
        if AUDIT not in self.lifetimes:
            return 0
        before = self.clock() - self.lifetimes[AUDIT]
        return await self.store.forgettings.old_entries(before, limit=most)

    async def _remove_entries(self, actor: str, most: int) -> int:
        seconds = self.lifetimes[AUDIT]
        reason = f"Past the lifetime of the class {AUDIT}, {lifetime_text(seconds)}."
        return await self.store.forgettings.remove_entries(
            self.clock() - seconds, actor=actor, reason=reason, limit=most
        )
