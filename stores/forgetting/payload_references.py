"""Which payloads a thread names, and which of these nothing else names.

Columns, records, checkpoints and payloads name a payload by its digest, each in a place of its own.
So whatever looks like a digest counts, on both sides: where it is none, a payload is kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Text, select, type_coerce

from ..packing import expand
from ..payloads import EVERYBODY
from ..schema import (
    approvals,
    attempts,
    audit_bodies,
    audit_entries,
    decisions,
    effects,
    notes,
    outcomes,
    payloads,
    tasks,
)

_DIGEST = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
_PORTION = 500
_IN_PORTIONS = {"yield_per": _PORTION}
"""Of one statement: a connection would keep them, and PostgreSQL opens no cursor for a change."""
_TEXTS: tuple[Column[Any], ...] = (
    *(outcomes.c.body, outcomes.c.output_digest, notes.c.body, attempts.c.body),
    *(effects.c.output, effects.c.output_digest, approvals.c.request, decisions.c.body),
    *(tasks.c.given_digest, tasks.c.answer_digest, audit_bodies.c.body),
)
"""Every column that may name a payload."""
AUDIT_WITH_BODY = audit_bodies.join(
    audit_entries,
    (audit_entries.c.tenant == audit_bodies.c.tenant) & (audit_entries.c.seq == audit_bodies.c.seq),
)


def digests_in(text: str) -> frozenset[str]:
    """Return whatever in a text looks like a digest."""
    return frozenset(_DIGEST.findall(text))


def named_by(connection: Connection, thread: str, runs: Sequence[str]) -> frozenset[str]:
    """Return the digests that a thread's records name."""
    asked = select(approvals.c.id).where(approvals.c.thread_id == thread)
    found: set[str] = set()
    for column in _TEXTS:
        query = select(type_coerce(column, Text))
        if column.table is audit_bodies:
            # The texts of a policy, which the log keeps, are nobody's conversation.
            own = (audit_entries.c.thread_id == thread) & (audit_entries.c.kind != "policy_version")
            query = query.select_from(AUDIT_WITH_BODY).where(own)
        elif column.table is decisions:
            query = query.where(decisions.c.approval_id.in_(asked))
        elif column.table is attempts:
            query = query.where(attempts.c.run_id.in_(runs))
        else:
            query = query.where(column.table.c.thread_id == thread)
        found |= _named(connection, query)
    return frozenset(found)


@dataclass(frozen=True, kw_only=True)
class HeldPayloads:
    """Payloads that some digests lead to."""

    payloads: frozenset[str]
    """Those that nobody else has stored, so that nothing else names them."""
    is_all: bool
    """Whether there are no others but those that belong to no conversation, and stay."""


def held_alone(
    connection: Connection, candidates: frozenset[str], holders: frozenset[str]
) -> HeldPayloads:
    """Return those payloads among candidates, and what they name, that only some have stored.

    Args:
        connection: In a transaction.
        candidates: Digests, some of payloads.
        holders: The thread, and its runs.
    """
    reached = [*_names_within(connection, candidates)]
    own: set[str] = set()
    known = 0
    for start in range(0, len(reached), _PORTION):
        some = reached[start : start + _PORTION]
        query = select(payloads.c.digest, payloads.c.held_by).where(
            payloads.c.digest.in_(some), payloads.c.held_by.in_({*holders, EVERYBODY})
        )
        rows = connection.execute(query).all()
        known += len(rows)
        own |= {row.digest for row in rows if row.held_by != EVERYBODY}
    return HeldPayloads(payloads=frozenset(own), is_all=known == len(reached))


def unneeded(
    connection: Connection, candidates: frozenset[str], needed: frozenset[str], *, thread: str = ""
) -> frozenset[str]:
    """Return those payloads among candidates, and what they name, that nothing else names.

    Args:
        connection: In the transaction that has removed who named the candidates.
        candidates: Digests, some of payloads.
        needed: Digests that are named elsewhere.
        thread: Whose entries of the audit log keep no payload, where they stay.
    """
    names = _names_within(connection, candidates)
    kept = {digest for digest in names if digest in needed}
    for column in _TEXTS:
        query = select(type_coerce(column, Text))
        if thread and column.table is audit_bodies:
            query = query.select_from(AUDIT_WITH_BODY).where(audit_entries.c.thread_id != thread)
        kept |= _named(connection, query) & names.keys()
    for digest, inside in _every_payload(connection):
        if digest not in names:
            kept |= inside & names.keys()
    open_ = [*kept]
    while open_:
        more = (names[open_.pop()] & names.keys()) - kept
        kept |= more
        open_ += more
    return frozenset(names.keys() - kept)


def _names_within(connection: Connection, candidates: Iterable[str]) -> dict[str, frozenset[str]]:
    """Return each payload that candidates lead to, with the digests that it names itself."""
    names: dict[str, frozenset[str]] = {}
    waiting = {*candidates}
    while waiting:
        some = [waiting.pop() for _ in range(min(len(waiting), _PORTION))]
        for digest, inside in _payloads(connection, payloads.c.digest.in_(some)):
            names[digest] = inside
            waiting |= inside - names.keys()
    return names


def _every_payload(connection: Connection) -> Iterator[tuple[str, frozenset[str]]]:
    return _payloads(connection, payloads.c.media_type.is_(None))


def _payloads(
    connection: Connection, *conditions: ColumnElement[bool]
) -> Iterator[tuple[str, frozenset[str]]]:
    query = select(payloads.c.digest, payloads.c.data, payloads.c.media_type).where(*conditions)
    with connection.execute(query, execution_options=_IN_PORTIONS) as rows:
        for row in rows:
            json = "" if row.media_type else expand(bytes(row.data)).decode("utf-8", "replace")
            yield row.digest, digests_in(json)


def _named(connection: Connection, query: Any) -> set[str]:
    found: set[str] = set()
    with connection.execute(query, execution_options=_IN_PORTIONS) as rows:
        for text in rows.scalars():
            found |= digests_in(text or "")
    return found
