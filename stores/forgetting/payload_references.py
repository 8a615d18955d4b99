"""Which payloads a thread names, and which of these nothing else names.

Columns, records, checkpoints and payloads name a payload by its digest, each in a place of its own.
So whatever looks like a digest counts, on both sides: where it is none, a payload is kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Text, select, type_coerce

from ..packing import expand
from ..schema import (
    approvals,
    attempts,
    audit_bodies,
    audit_entries,
    decisions,
    effects,
    notes,
    outcomes,
    payload_holders,
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
    """Payloads that some digests lead to, by who has stored them."""

    own: frozenset[str]
    """Those that nobody else has stored, and that nothing leads to which others have."""
    others: frozenset[str]
    """Those that others have stored too, or that belong to no conversation, and what they name."""
    is_known: bool
    """Whether of all of them it is known who has stored them."""


def held_payloads(
    connection: Connection, candidates: frozenset[str], holders: frozenset[str]
) -> HeldPayloads:
    """Return the payloads among candidates, and what they name, by who has stored them.

    Args:
        connection: In a transaction.
        candidates: Digests, some of payloads.
        holders: The thread, and its runs.
    """
    names = _names_within(connection, candidates)
    found = [*names]
    by: dict[str, set[str]] = {}
    for start in range(0, len(found), _PORTION):
        some = found[start : start + _PORTION]
        query = select(payload_holders).where(payload_holders.c.digest.in_(some))
        for row in connection.execute(query):
            by.setdefault(row.digest, set()).add(row.holder)
    others = _led_to([d for d in names if by.get(d, {""}) - holders], names)
    return HeldPayloads(
        own=frozenset(names.keys() - others),
        others=others,
        is_known=all("" not in by.get(digest, {""}) for digest in names),
    )


def _led_to(roots: Iterable[str], names: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """Return roots, and which of the names they lead to."""
    kept = {*roots}
    open_ = [*kept]
    while open_:
        more = (names[open_.pop()] & names.keys()) - kept
        kept |= more
        open_ += more
    return frozenset(kept)


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
    return frozenset(names.keys() - _led_to(kept, names))


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
