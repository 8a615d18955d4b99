"""The store of a replay: a database of its own, which leans on the record and only reads it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ..errors import DecisionError, NotFoundError
from ..state.approval import ApprovalRequest, Decision
from ..state.values import Json
from ..stores.approvals import SqlApprovalStore
from ..stores.audit import SqlAuditLog
from ..stores.database import Database
from ..stores.payloads import SqlPayloads
from ..stores.records import ApprovalRecord
from ..stores.store import SqlStore

if TYPE_CHECKING:
    from pathlib import Path


class ReplayStore(SqlStore):
    """Where a replay writes.

    Args:
        file: A file of its own.
        record: The store that the run wrote to; it is only read.
        decided: The run's requests, with what people said to them.
        clock: Unix time in seconds, as it was then.
    """

    def __init__(
        self,
        file: Path,
        *,
        record: SqlStore,
        decided: Sequence[ApprovalRecord],
        clock: Callable[[], float],
    ) -> None:
        super().__init__(Database(file), clock=clock)
        self.payloads = RecordedPayloads(self.database, record.payloads)
        self.decided = RecordedApprovals(self.database, clock, self.audit, decided=decided)
        self.approvals = self.decided


class RecordedPayloads(SqlPayloads):
    """Payloads of the replay, then those of the record."""

    def __init__(self, database: Database, record: SqlPayloads) -> None:
        super().__init__(database)
        self._record = record

    async def get(self, digest: str) -> Json:
        """Return the value. Raises `NotFoundError`."""
        try:
            return await super().get(digest)
        except NotFoundError:
            return await self._record.get(digest)

    async def get_bytes(self, digest: str) -> tuple[bytes, str]:
        """Return bytes and media type. Raises `NotFoundError`."""
        try:
            return await super().get_bytes(digest)
        except NotFoundError:
            return await self._record.get_bytes(digest)


class RecordedApprovals(SqlApprovalStore):
    """Requests of the replay, each decided at once as its like was decided then.

    A request is like another if it asks for the same tool with the same arguments in the same step;
    under another policy its id differs. Who decided then must have the authority today.
    """

    def __init__(
        self,
        database: Database,
        clock: Callable[[], float],
        log: SqlAuditLog,
        *,
        decided: Sequence[ApprovalRecord],
    ) -> None:
        super().__init__(database, clock, log)
        self._decided = decided

    async def open_all(
        self, run_id: str, thread_id: str, requests: Sequence[ApprovalRequest]
    ) -> Sequence[ApprovalRecord]:
        """Record requests, and the decisions on their likes."""
        opened = await super().open_all(run_id, thread_id, requests)
        for record in opened:
            if record.status == "waiting" and not record.decisions:
                await self._decide_as_then(record.request)
        return await self.get_all([request.id for request in requests])

    async def _decide_as_then(self, request: ApprovalRequest) -> None:
        for decision in self._said(request):
            try:
                await self.decide([decision], at_work=True)
            except DecisionError:
                # Today it takes more people, or another word: the request waits, and shows it.
                return

    async def withdraw_as_then(self, thread_id: str) -> None:
        """Take back what waits still and was taken back then, by a later run or by a person."""
        for record in await self.waiting(thread_id):
            for withdrawn in self._like(record.request)[-1:]:
                if withdrawn.status == "withdrawn":
                    await self.withdraw(record.request.id, withdrawn.reason)

    def _like(self, request: ApprovalRequest) -> list[ApprovalRecord]:
        """Return what was asked then of the same, oldest first."""
        like = [r for r in self._decided if _asks_for(r.request) == _asks_for(request)]
        return [r for r in like if r.request.id == request.id] or like

    def _said(self, request: ApprovalRequest) -> list[Decision]:
        return [
            decision.model_copy(update={"approval_id": request.id})
            for record in self._like(request)[-1:]
            for decision in record.decisions
        ]


def _asks_for(request: ApprovalRequest) -> tuple[str, str, Json]:
    return request.step, request.tool, request.args
