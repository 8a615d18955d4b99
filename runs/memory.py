"""RunMemory: what one worker has read of a run while it holds the thread, so as to read it once.

Four kinds of things are remembered. Records: a JSON object of the state is parsed once, and one
that was packed here is not parsed at all. The journal, and what models have cost: nobody else adds
to them under our lease. Large values: each is loaded once.

A record is found again only for the very same object, so a state that was edited, forked or read
back from a checkpoint is parsed as it stands. The memory ends with the lease (docs/decisions/008).
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar, cast

from ..models.meter import UsageMeter
from ..state.edited import step_digest
from ..state.migrations import read_stored
from ..state.plan import Step
from ..state.results import called
from ..state.usage import Usage, total
from ..state.values import Json, JsonObject, Record, size_of
from ..stores.approvals import SqlApprovalStore
from ..stores.interface import Payloads
from ..stores.journal import SqlJournal
from ..stores.records import ApprovalRecord, RunRecords
from .arrivals import Arrivals

if TYPE_CHECKING:
    from ..models.gateway import Gateway

R = TypeVar("R", bound=Record)

MAX_VALUE_BYTES = 4_000_000
"""A larger value is loaded each time it is used."""
MAX_VALUES_BYTES = 32_000_000


@dataclass(kw_only=True)
class RunMemory:
    """What a worker knows. Made anew for each run of the graph; used on one event loop."""

    fence: int = 0
    """Of the lease under which the run is worked on; 0 without a thread."""
    whole_thread: bool = False
    """Whether the lease is on the thread itself, not on a node of a larger graph."""
    owes: bool = False
    """Whether something is to be written with the lease's return, and must be."""
    _records: dict[str, tuple[JsonObject, Record]] = field(default_factory=dict)
    _journals: dict[str, RunRecords] = field(default_factory=dict)
    _tools: dict[str, float] = field(default_factory=dict)
    _approvals: dict[str, Sequence[ApprovalRecord]] = field(default_factory=dict)
    _meters: dict[str, UsageMeter] = field(default_factory=dict)
    _begun: set[str] = field(default_factory=set)
    _digests: dict[int, tuple[Step, str]] = field(default_factory=dict)
    _values: OrderedDict[str, tuple[Json, int]] = field(default_factory=OrderedDict)
    _locks: dict[str, asyncio.Lock] = field(default_factory=dict)
    arrivals: Arrivals = field(default_factory=Arrivals)
    """What lanes side by side hand to each other."""

    def record(self, slot: str, kind: type[R], raw: JsonObject) -> R | None:
        """Return the record that was kept in a slot, if it is of this object."""
        known = self._records.get(slot)
        if known is None or not _is_same(known[0], raw):
            return None
        return cast("R", known[1]) if type(known[1]) is kind else None

    def read(self, slot: str, kind: type[R], raw: JsonObject, *, where: str) -> R:
        """Return the record of an object: the one that was kept in a slot, or parsed and kept now.

        Raises:
            OperatorError: It does not have this release's shape; it names the field.
        """
        known = self.record(slot, kind, raw)
        if known is None:
            known = read_stored(kind, raw, where=f"{where}.{slot.replace(' ', '.')}")
            self.keep(slot, raw, known)
        return known

    def keep(self, slot: str, raw: JsonObject, record: Record) -> None:
        """Remember what an object was packed from or parsed into."""
        self._records[slot] = (raw, record)

    def step_digest(self, step: Step) -> str:
        """Return the digest of a step, which is worked out once."""
        known = self._digests.get(id(step))
        if known is None:
            # The step is held, so that no other object can have its id.
            known = self._digests[id(step)] = (step, step_digest(step))
        return known[1]

    def may_owe(self, free: bool) -> bool:
        """Whether something may be written with what comes next, the lease's return at the latest.

        Args:
            free: Whether it costs nothing to make again, should the process die before.
        """
        owed = free and bool(self.fence)
        self.owes |= owed
        return owed

    def begins(self, run_id: str) -> None:
        """Note that a run is new: nothing is on record of it, and nothing was asked."""
        self._journals[run_id] = RunRecords()
        self._approvals[run_id] = ()
        self._begun.add(run_id)

    async def journal(self, run_id: str, journal: SqlJournal) -> RunRecords:
        """Return what was on record of a run when this worker came to it."""
        async with self._lock(f"journal {run_id}"):
            if run_id not in self._journals:
                self._journals[run_id] = await journal.known(run_id)
            return self._journals[run_id]

    async def approvals(
        self, run_id: str, thread_id: str, approvals: SqlApprovalStore
    ) -> Sequence[ApprovalRecord]:
        """Return what was asked in a run; whoever acts on one of them looks at it again."""
        async with self._lock(f"approvals {run_id}"):
            if run_id not in self._approvals:
                of_thread = await approvals.of_thread(thread_id)
                self._approvals[run_id] = [r for r in of_thread if r.run_id == run_id]
            return self._approvals[run_id]

    def approvals_changed(self, run_id: str) -> None:
        """Forget what was asked, because something was asked or decided."""
        self._approvals.pop(run_id, None)

    async def usage(self, run_id: str, models: Gateway) -> Usage:
        """Return what a run's model calls have cost so far; what was on record is read once."""
        async with self._lock(f"usage {run_id}"):
            if run_id not in self._meters:
                new = run_id in self._begun
                self._meters[run_id] = await models.meter(run_id, new=new)
            return self._meters[run_id].usage

    async def model_calls(self, run_id: str, models: Gateway) -> int:
        """Return how many calls of models a run has made so far."""
        return (await self.usage(run_id, models)).model_calls

    async def spent_on_tools(self, run_id: str, journal: SqlJournal) -> float:
        """Return what a run's tools have cost so far, in US dollars; the record is read once."""
        async with self._lock(f"tools {run_id}"):
            if run_id not in self._tools:
                known = () if run_id in self._begun else await journal.outcomes(run_id)
                self._tools[run_id] = total(called(known)).usd or 0.0
            return self._tools[run_id]

    async def tool_was_paid(self, run_id: str, usd: float, journal: SqlJournal) -> None:
        """Take in what a call has cost, which is not on record yet."""
        self._tools[run_id] = await self.spent_on_tools(run_id, journal) + usd

    async def value(self, digest: str, payloads: Payloads) -> Json:
        """Return a payload, from memory if it was used before. Nobody may change it."""
        async with self._lock(f"value {digest}"):
            if digest in self._values:
                self._values.move_to_end(digest)
                return self._values[digest][0]
            value = await payloads.get(digest)
            self.keep_value(digest, value)
            return value

    def keep_value(self, digest: str, value: Json) -> None:
        """Remember a payload, and forget those that were used longest ago."""
        size = size_of(value)
        if size > MAX_VALUE_BYTES:
            return
        self._values[digest] = (value, size)
        while sum(size for _, size in self._values.values()) > MAX_VALUES_BYTES:
            self._values.popitem(last=False)

    def _lock(self, name: str) -> asyncio.Lock:
        return self._locks.setdefault(name, asyncio.Lock())


def _is_same(known: JsonObject, raw: JsonObject) -> bool:
    """Whether two objects are one, or one is the shallow copy that LangGraph's channels make."""
    if known is raw:
        return True
    return known.keys() == raw.keys() and all(known[key] is raw[key] for key in raw)
