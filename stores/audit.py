"""Audit log: append-only, each entry chained to the one before by its hash."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from ..errors import OperatorError, StoreError
from ..state.values import JsonObject
from .anchor import Anchor, SignedHead, check_heads
from .database import Database
from .packing import json_bytes
from .records import AuditEntry
from .schema import audit, audit_head
from .statements import insert_if_absent

_HEAD = 1

logger = logging.getLogger(__name__)


def entry_hash(entry: AuditEntry) -> str:
    """Return the SHA-256 of an entry and, through `previous`, of everything before it."""
    return hashlib.sha256(json_bytes(entry.model_dump(mode="json", exclude={"hash"}))).hexdigest()


def append_entry(connection: Connection, **facts: Any) -> AuditEntry:
    """Append one entry in a transaction with what it tells of; `facts` are fields of it."""
    seq, previous = _locked_head(connection)
    entry = AuditEntry(seq=seq + 1, previous=previous, **facts)
    entry = entry.model_copy(update={"hash": entry_hash(entry)})
    connection.execute(insert(audit).values(entry.model_dump()))
    connection.execute(update(audit_head).values(seq=entry.seq, hash=entry.hash))
    return entry


class SqlAuditLog:
    """The hash-chained log of who did what.

    Args:
        database: Where to.
        clock: Unix time in seconds.
        anchor: Signs each new head; `None`: a cut tail does not show.
    """

    def __init__(
        self, database: Database, clock: Callable[[], float], anchor: Anchor | None = None
    ) -> None:
        self._database = database
        self._clock = clock
        self._anchor = anchor

    async def append(
        self, kind: str, *, thread_id: str = "", run_id: str = "", actor: str = "", body: JsonObject
    ) -> AuditEntry:
        """Append one entry, chained to the last."""
        facts = {"kind": kind, "thread_id": thread_id, "run_id": run_id, "actor": actor}
        entry = await self._database.write(
            lambda connection: append_entry(connection, at=self._clock(), body=body, **facts)
        )
        await self.anchored(entry)
        return entry

    async def anchored(self, entry: AuditEntry) -> None:
        """Have a new head signed. It is recorded already, so a failure is told and raised not."""
        if (anchor := self._anchor) is None:
            return
        try:
            await self._database.compute(lambda: anchor.sign(entry.seq, entry.hash))
        except OperatorError as error:
            # The next entry's head vouches for this one too.
            logger.error("Audit entry %d is not signed: %s", entry.seq, error)  # noqa: TRY400

    async def entries(
        self, thread_id: str | None = None, *, limit: int = 1000, before: int | None = None
    ) -> Sequence[AuditEntry]:
        """Return the newest `limit` entries, oldest first; of those before a number, if given."""
        query = select(audit).order_by(audit.c.seq.desc()).limit(limit)
        if before is not None:
            query = query.where(audit.c.seq < before)
        if thread_id is not None:
            query = query.where(audit.c.thread_id == thread_id)
        return await self._database.read(
            lambda connection: [_entry(row) for row in connection.execute(query)][::-1]
        )

    async def verify(self, *, former: str = "") -> int:
        """Check the chain and what was signed of it, and return its length.

        Args:
            former: Another key that may have signed last.

        Raises:
            StoreError: An entry was changed, removed, inserted or moved, the tail is missing, or
                the chain was computed anew; it names the first such entry. Or nothing of it is
                signed, as after key and heads were taken away together.
        """
        length = await self._database.read(_verify)
        if self._anchor is not None:
            anchor = self._anchor
            heads = await self._database.compute(lambda: anchor.heads(former))
            if length and not heads:
                raise _unsigned()
            await self.verify_heads(heads)
        return length

    async def rotate_key(self, *, by: str, former: str = "") -> int:
        """Have another key sign from here on, and return how many logs it signs now.

        Args:
            by: Who wants that; an entry says so.
            former: The key so far, where it is not in the home folder.

        Raises:
            StoreError: The log is not whole, or nothing signs it.
            CredentialError: A key is none.
        """
        anchor = self._anchor
        if anchor is None or not (former := former or anchor.folder_key()):
            raise StoreError(
                "There is no key that has signed it so far.",
                where="audit",
                fix="Name the file that holds it: pointsman audit rotate --former FILE.",
            )
        # What was tampered with is not handed over as if it had been good.
        await self.verify(former=former)
        rotated = await self._database.compute(lambda: anchor.rotate(former))
        await self.append("audit_key_rotated", actor=by, body={"logs": rotated})
        return rotated

    async def signed(self) -> int:
        """Return the number of the last entry that a signed head vouches for; 0 if none does.

        The entries behind it were written past this log, or by a process that ended before it
        could sign; the next entry's head vouches for them too.

        Raises:
            StoreError: The heads cannot be read.
        """
        if self._anchor is None:
            return 0
        heads = await self._database.compute(self._anchor.heads)
        return max((head.seq for head in heads), default=0)

    async def verify_heads(self, heads: Sequence[SignedHead]) -> None:
        """Check that the log still holds what was signed.

        Raises:
            StoreError: It names the first entry that is missing or another one.
        """

        def work(connection: Connection) -> None:
            end = connection.execute(select(audit.c.seq).order_by(audit.c.seq.desc()).limit(1))
            check_heads(heads, end.scalar() or 0, lambda seq: _hash_of(connection, seq))

        await self._database.read(work)

    async def signed_head(self) -> SignedHead:
        """Return the head as it is now, signed, to be kept where nobody of this machine can reach.

        Raises:
            StoreError: The log is empty, or nothing signs it.
        """
        [*_, last] = await self.entries(limit=1) or [None]
        if last is None or (anchor := self._anchor) is None:
            raise StoreError("There is nothing to sign.", where="audit", fix="Run something first.")
        return await self._database.compute(lambda: anchor.signed(last.seq, last.hash))


def _locked_head(connection: Connection) -> tuple[int, str]:
    """Return the last entry's number and hash; other processes wait until this one has appended."""
    insert_if_absent(connection, audit_head, id=_HEAD, seq=0, hash="")
    row = connection.execute(select(audit_head).with_for_update()).one()
    return row.seq, row.hash


def _hash_of(connection: Connection, seq: int) -> str | None:
    return connection.execute(select(audit.c.hash).where(audit.c.seq == seq)).scalar()


def _verify(connection: Connection) -> int:
    head = connection.execute(select(audit_head)).one_or_none()
    end = (0, "") if head is None else (head.seq, head.hash)
    # In portions, as the log may be larger than memory.
    in_portions = connection.execution_options(yield_per=1000)
    with in_portions.execute(select(audit).order_by(audit.c.seq)) as rows:
        seq, last = _check_chain(_entry(row) for row in rows)
    if (seq, last) != end:
        raise _broken(min(seq, end[0]) + 1, f"The log should end at entry {end[0]}.")
    return seq


def _check_chain(entries: Iterable[AuditEntry]) -> tuple[int, str]:
    """Return the last entry's number and hash."""
    seq, previous = 0, ""
    for entry in entries:
        if entry.seq != seq + 1:
            raise _broken(seq + 1, "The entry is missing.")
        if entry.previous != previous:
            raise _broken(entry.seq, "The entry does not follow the one before it.")
        if entry.hash != entry_hash(entry):
            raise _broken(entry.seq, "The entry was changed.")
        seq, previous = entry.seq, entry.hash
    return seq, previous


def _entry(row: Row[Any]) -> AuditEntry:
    return AuditEntry(**{name: getattr(row, name) for name in AuditEntry.model_fields})


def _unsigned() -> StoreError:
    return StoreError(
        "Nothing of it is signed: key and heads are not there.",
        where="audit",
        fix="Verify against an exported head. A log of a release that signed none is signed with "
        "its next entry.",
    )


def _broken(seq: int, message: str) -> StoreError:
    return StoreError(
        message, where=f"audit entry {seq}", fix="Compare the database with a backup."
    )
