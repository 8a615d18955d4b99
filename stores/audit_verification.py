"""Verification of the audit log: every tenant's chain, and the one that earlier releases kept."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, select

from ..errors import StoreError
from ..state.migrations import object_in
from .audit_chain import CLOSED, BrokenChainError, EntryBody, Link, check_chain
from .packing import json_bytes
from .records import AuditEntry
from .schema import audit_bodies, audit_entries, audit_heads, older_audit, older_audit_head
from .signed_heads import OlderHead, Signed, marks, older_heads

PORTION = 1000
"""Rows that are held at a time, as the log may be larger than memory."""

WITH_BODIES = select(
    audit_entries, audit_bodies.c.salt, audit_bodies.c.actor, audit_bodies.c.body
).outerjoin(
    audit_bodies,
    (audit_bodies.c.tenant == audit_entries.c.tenant) & (audit_bodies.c.seq == audit_entries.c.seq),
)


class AuditExtent(NamedTuple):
    """How much was verified."""

    entries: int
    """Of all chains."""
    tenants: int
    signed: int
    """Entries that a signature vouches for."""


def verify_all(connection: Connection, signed: Sequence[Signed]) -> AuditExtent:
    """Check every chain against itself and what was signed of it.

    Raises:
        StoreError: It names the first entry of a chain that is missing or not as it was written.
    """
    vouched = marks(signed)
    lengths = dict(_verified(connection, vouched))
    for tenant in sorted(vouched.keys() - lengths.keys()):
        raise broken(tenant, 1, f"The whole log is missing: it reached {max(vouched[tenant])}.")
    # Behind the chain that says where it ended, which is known to be whole by now.
    closing = _closing(connection)
    older, signed_older = _verify_older(connection, older_heads(signed), closing)
    if closing is not None and vouched.get(""):
        signed_older = older
    return AuditExtent(
        entries=older + sum(lengths.values()),
        tenants=len(lengths),
        signed=signed_older + sum(max(of_tenant) for of_tenant in vouched.values()),
    )


def _verified(
    connection: Connection, vouched: Mapping[str, Mapping[int, str]]
) -> Iterator[tuple[str, int]]:
    """Yield each tenant whose chain is whole, with its length."""
    heads = {row.tenant: (row.seq, row.hash) for row in connection.execute(select(audit_heads))}
    query = WITH_BODIES.order_by(audit_entries.c.tenant, audit_entries.c.seq)
    with connection.execution_options(yield_per=PORTION).execute(query) as rows:
        for tenant, links in groupby(map(link_of, rows), key=lambda link: link.tenant):
            try:
                end = check_chain(links, vouched.get(tenant, {}))
            except BrokenChainError as error:
                raise broken(tenant, error.seq, error.message) from None
            should = heads.pop(tenant, (0, ""))
            if end != should:
                at = min(end[0], should[0]) + 1
                raise broken(tenant, at, f"The log should end at entry {should[0]}.")
            yield tenant, end[0]
    for tenant, (seq, _) in sorted(heads.items()):
        if not seq:
            continue
        raise broken(tenant, 1, f"The whole log is missing: it should end at entry {seq}.")


def link_of(row: Row[Any]) -> Link:
    """Return the entry of a row of `WITH_BODIES`."""
    body = None if row.salt is None else EntryBody(bytes(row.salt), row.actor, row.body)
    return Link(**{name: getattr(row, name) for name in Link._fields if name != "body"}, body=body)


def broken(tenant: str | None, seq: int, message: str) -> StoreError:
    """Return the error that names an entry."""
    whose = f" of tenant {tenant!r}" if tenant else " of the older log" if tenant is None else ""
    return StoreError(
        message, where=f"audit entry {seq}{whose}", fix="Compare the database with a backup."
    )


def older_hash(entry: AuditEntry) -> str:
    """Return the hash of an entry of the older chain and of everything before it."""
    told = entry.model_dump(mode="json", exclude={"hash", "tenant", "forgotten"})
    return hashlib.sha256(json_bytes(told)).hexdigest()


def older_entry(row: Row[Any]) -> AuditEntry:
    """Return an entry of the older chain."""
    object_in(row.body, where=f"pointsman_audit.body, audit entry {row.seq} of the older log")
    told = AuditEntry.model_fields.keys() - {"tenant", "forgotten"}
    return AuditEntry(tenant=None, **{name: getattr(row, name) for name in told})


def _closing(connection: Connection) -> tuple[int, str] | None:
    """Return where the operators' chain says that the older one ended, if it says so."""
    query = WITH_BODIES.where(audit_entries.c.tenant == "", audit_entries.c.seq == 1)
    row = connection.execute(query).one_or_none()
    if row is None or row.kind != CLOSED or not isinstance(row.body, dict):
        return None
    return int(row.body["entries"]), str(row.body["hash"])


def _verify_older(
    connection: Connection, heads: Sequence[OlderHead], closing: tuple[int, str] | None
) -> tuple[int, int]:
    """Check the older chain; return its length, and how much of it was signed then."""
    head = connection.execute(select(older_audit_head)).one_or_none()
    ends = [(0, "") if head is None else (head.seq, head.hash)]
    if closing is not None:
        ends.append(closing)
    signed = {head.seq: head.hash for head in sorted(heads, key=lambda head: -head.seq)}
    query = select(older_audit).order_by(older_audit.c.seq)
    with connection.execution_options(yield_per=PORTION).execute(query) as rows:
        seq, last = _check_older(map(older_entry, rows), signed)
    if signed and max(signed) > seq:
        raise broken(None, seq + 1, f"The tail is missing: the log reached entry {max(signed)}.")
    for end in ends:
        if end != (seq, last):
            raise broken(None, min(seq, end[0]) + 1, f"The log should end at entry {end[0]}.")
    if seq and closing is None:
        raise broken("", 1, "It should say where the older log ended.")
    return seq, max(signed, default=0)


def _check_older(entries: Iterable[AuditEntry], signed: Mapping[int, str]) -> tuple[int, str]:
    """Return the last entry's number and hash."""
    seq, previous = 0, ""
    for entry in entries:
        if entry.seq != seq + 1:
            raise broken(None, seq + 1, "The entry is missing.")
        if entry.previous != previous:
            raise broken(None, entry.seq, "The entry does not follow the one before it.")
        if entry.hash != older_hash(entry):
            raise broken(None, entry.seq, "The entry was changed.")
        if signed.get(entry.seq, entry.hash) != entry.hash:
            raise broken(None, entry.seq, "The chain was rewritten: another entry was signed.")
        seq, previous = entry.seq, entry.hash
    return seq, previous
