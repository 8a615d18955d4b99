"""Removal: what the store's tables hold of a thread, taken out in one transaction.

What keeps things from happening twice, and what says who allowed what, stays without its texts: the
rows of calls that happened or may have, requests and decisions by their digests, the audit log's
entries without their bodies.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, delete, or_, select, update

from ...state.consent import Revocation
from ...state.endorsement import Endorsement
from ...state.grant import CallGrant
from ...state.migrations import VERSION_KEY
from ...state.values import Json, JsonObject
from ..audit import append_entry, remove_bodies
from ..audit_chain import CLOSED, FORGOTTEN
from ..audit_verification import WITH_BODIES
from ..consents import C, ConsentTable
from ..endorsements import ENDORSEMENTS
from ..grants import GRANTS
from ..journal import owner_key, tenant_of_run
from ..payloads import holder_of_run, holder_of_thread
from ..records import AuditEntry, DeletionReceipt, KeptRecords
from ..schema import (
    approvals,
    attempts,
    audit_bodies,
    audit_entries,
    balances,
    business_keys,
    decisions,
    effects,
    grant_uses,
    notes,
    older_audit,
    outcomes,
    payload_holders,
    payloads,
    reservation_caps,
    seen_shapes,
    tasks,
    thread_classes,
    wakes,
)
from .payload_references import AUDIT_WITH_BODY, held_payloads, named_by, unneeded

WITHDRAWN = "The thread was forgotten."
RETENTION_BEGUN, RETENTION_DONE = "retention_begun", "retention_done"
"""Kinds of the audit log's entries that frame the removal of what is past its lifetime."""
_NEVER_REMOVED = frozenset(
    {
        *(FORGOTTEN, CLOSED, "policy_version", "forgetting_begun", "thread_forgotten"),
        *(RETENTION_BEGUN, RETENTION_DONE),
    }
)
"""Kinds of entries that hold nothing of a conversation and that the log or others need."""
_KEPT_OF_REQUEST = frozenset(
    {
        *(VERSION_KEY, "id", "tool", "effect", "digest", "policy", "allowed", "quorum"),
        *("requested_at", "expires_at"),
    }
)
_KEPT_OF_DECISION = frozenset(
    {
        *(VERSION_KEY, "approval_id", "type", "approver", "approver_role", "approver_scopes"),
        *("approver_tenant", "approver_token", "approver_key", "approver_accountable"),
        *("approver_authenticated", "decided_at"),
    }
)
_GIVEN = {"value_endorsed", "calls_granted"}
"""Kinds of entries about a consent, which may be of no thread."""


@dataclass(kw_only=True)
class Removal:
    """What was removed, and what was left without its texts."""

    removed: dict[str, int] = field(default_factory=dict[str, int])
    kept: list[KeptRecords] = field(default_factory=list[KeptRecords])
    entries: list[AuditEntry] = field(default_factory=list[AuditEntry])
    """New entries of the audit log."""

    def took(self, table: Table, count: int) -> None:
        """Count removed rows."""
        if count:
            self.removed[table.name] = self.removed.get(table.name, 0) + count

    def left(self, table: Table, count: int, why: str) -> None:
        """Tell of rows that stay."""
        if count:
            self.kept.append(KeptRecords(place=table.name, count=count, why=why))


def remove_thread(
    connection: Connection,
    receipt: DeletionReceipt,
    *,
    at: float,
    named: frozenset[str],
    needed: frozenset[str] | None,
) -> Removal | None:
    """Remove what the tables hold of a thread.

    Args:
        connection: In a transaction.
        receipt: Of the thread, on which nobody acts.
        at: Unix time in seconds.
        named: Digests that its checkpoints name.
        needed: Digests that checkpoints of other threads name; `None`: nobody has looked.

    Returns:
        `None`, and nothing is removed, if a payload may be others' too and nobody has looked.
    """
    thread, actor, reason = receipt.thread_id, receipt.actor, receipt.reason
    removal = Removal()
    runs = _runs_of(connection, thread)
    # Before the rows are gone that name them.
    candidates = named | named_by(connection, thread, runs)
    holders = _holders(thread, runs)
    held = held_payloads(connection, candidates, holders)
    if needed is None and not held.is_known:
        return None
    asked = _withdraw(connection, thread, at, actor, removal)
    remove_consents(
        connection,
        lambda consent: consent.scope.thread == thread or consent.approval_id in asked,
        Revocation(at=at, by=actor, reason=WITHDRAWN),
        removal,
    )
    _strip_approvals(connection, thread, removal)
    _remove_journal(connection, thread, runs, removal)
    _strip_effects(connection, thread, removal)
    _remove_accounts(connection, thread, runs, removal)
    if receipt.keeps_audit:
        _keep_bodies(connection, thread, removal)
    else:
        _remove_bodies(connection, thread, removal, at=at, actor=actor, reason=reason)
    gone = (
        held.own
        if held.is_known
        else unneeded(connection, candidates, needed or frozenset(), thread=thread)
    )
    for digest in sorted(gone):
        removal.took(payloads, _delete(connection, payloads, payloads.c.digest == digest))
    _delete(
        connection,
        payload_holders,
        payload_holders.c.digest.in_(held.own | held.others),
        or_(payload_holders.c.holder.in_(holders), payload_holders.c.digest.in_(gone)),
    )
    removal.left(
        payloads, len(candidates & _present(connection, candidates)), "Something else refers to it."
    )
    return removal


def _delete(connection: Connection, table: Table, *conditions: ColumnElement[bool]) -> int:
    return connection.execute(delete(table).where(*conditions)).rowcount


def _present(connection: Connection, digests: frozenset[str]) -> set[str]:
    found = select(payloads.c.digest).where(payloads.c.digest.in_(digests))
    return {*connection.execute(found).scalars()}


def _runs_of(connection: Connection, thread: str) -> list[str]:
    runs: set[str] = set()
    for table in (outcomes, notes, effects, approvals, audit_entries, tasks):
        query = select(table.c.run_id).where(table.c.thread_id == thread).distinct()
        runs |= {*connection.execute(query).scalars()}
    return sorted(runs - {""})


def _withdraw(
    connection: Connection, thread: str, at: float, actor: str, removal: Removal
) -> list[str]:
    """Withdraw what waits for a person; return the ids of all requests of the thread."""
    query = select(approvals).where(approvals.c.thread_id == thread).order_by(approvals.c.seq)
    rows = connection.execute(query.with_for_update()).all()
    for row in rows:
        if row.status != "waiting":
            continue
        own = approvals.c.id == row.id
        withdrawn = {"status": "withdrawn", "expires_at": at}
        connection.execute(update(approvals).where(own).values(withdrawn))
        entry = append_entry(
            connection,
            tenant=tenant_of_run(connection, row.run_id) or _asker(row.request),
            at=at,
            kind="approval_withdrawn",
            thread_id=thread,
            run_id=row.run_id,
            actor=actor,
            body={"approval_id": row.id, "reason": WITHDRAWN},
        )
        removal.entries.append(entry)
    return [row.id for row in rows]


def _asker(request: Any) -> str:
    principal = request.get("facts", {}).get("principal")
    return str(principal.get("tenant", "")) if isinstance(principal, Mapping) else ""


def remove_consents(
    connection: Connection,
    chosen: Callable[[Endorsement | CallGrant], bool],
    revocation: Revocation,
    removal: Removal,
) -> None:
    """Take back and remove what people allowed, where it is chosen, and what the log says of it.

    Their values are those of the thread or person; without them people are asked again.
    """
    gone = _remove_kind(connection, ENDORSEMENTS, chosen, revocation, removal)
    gone |= _remove_kind(connection, GRANTS, chosen, revocation, removal)
    if gone:
        removal.took(grant_uses, _delete(connection, grant_uses, grant_uses.c.grant_id.in_(gone)))
        _remove_given(connection, gone, removal, at=revocation.at, actor=revocation.by)


def _remove_kind(
    connection: Connection,
    kind: ConsentTable[C],
    chosen: Callable[[Endorsement | CallGrant], bool],
    revocation: Revocation,
    removal: Removal,
) -> set[str]:
    """Take consents of one kind back, and remove them; return their ids."""
    gone: set[str] = set()
    for consent in kind.select(connection, select(kind.table)):
        if not chosen(consent):
            continue
        if consent.revocation is None:
            removal.entries.append(kind.revoke(connection, consent, revocation))
        gone.add(consent.id)
        own = kind.table.c.id == consent.id
        removal.took(kind.table, _delete(connection, kind.table, own))
    return gone


def remove_shapes(
    connection: Connection, principal: str, tenant: str | None, removal: Removal
) -> None:
    """Remove the shapes that outputs had in the calls for a principal, who is given as a digest."""
    own = [seen_shapes.c.principal == principal]
    if tenant is not None:
        own.append(seen_shapes.c.tenant == tenant)
    removal.took(seen_shapes, _delete(connection, seen_shapes, *own))


def _remove_given(
    connection: Connection, consents: set[str], removal: Removal, *, at: float, actor: str
) -> None:
    """Remove what the audit log says of consents, whichever thread it says it of."""
    by_tenant: dict[str, list[int]] = {}
    for row in connection.execute(WITH_BODIES.where(audit_entries.c.kind.in_(_GIVEN))):
        if row.salt is not None and row.body.get("id") in consents:
            by_tenant.setdefault(row.tenant, []).append(row.seq)
    _forget(connection, by_tenant, removal, at=at, actor=actor, reason=WITHDRAWN)


def _strip_approvals(connection: Connection, thread: str, removal: Removal) -> None:
    """Keep of requests and decisions who decided what on which digest."""
    mine = approvals.c.thread_id == thread
    rows = connection.execute(select(approvals).where(mine)).all()
    for row in rows:
        principal = row.request.get("facts", {}).get("principal")
        kept: JsonObject = {"step": "", **_only(row.request, _KEPT_OF_REQUEST)}
        if isinstance(principal, Mapping):
            # Whose it is: lists tell tenants apart by it.
            kept["facts"] = {"principal": {"tenant": _asker(row.request)}}
        reason = WITHDRAWN if row.status == "withdrawn" else ""
        values = {"request": kept, "reason": reason}
        connection.execute(update(approvals).where(approvals.c.id == row.id).values(values))
    ids = [row.id for row in rows]
    given = connection.execute(select(decisions).where(decisions.c.approval_id.in_(ids))).all()
    for row in given:
        body = _only(row.body, _KEPT_OF_DECISION)
        connection.execute(update(decisions).where(decisions.c.seq == row.seq).values(body=body))
    who = "Who was asked and who decided, by digest; arguments and words are removed."
    removal.left(approvals, len(rows), who)
    removal.left(decisions, len(given), who)


def _only(body: Mapping[str, Json], names: frozenset[str]) -> JsonObject:
    return {name: value for name, value in body.items() if name in names}


def _remove_journal(
    connection: Connection, thread: str, runs: Sequence[str], removal: Removal
) -> None:
    for table in (outcomes, notes, tasks, wakes, thread_classes):
        removal.took(table, _delete(connection, table, table.c.thread_id == thread))
    # Who came first to the thread.
    removal.took(notes, _delete(connection, notes, notes.c.run_id == owner_key(thread)))
    removal.took(attempts, _delete(connection, attempts, attempts.c.run_id.in_(runs)))


def _strip_effects(connection: Connection, thread: str, removal: Removal) -> None:
    """Remove calls that changed nothing; keep the others, so that none is performed twice."""
    mine = effects.c.thread_id == thread
    nothing = or_(effects.c.effect == "read", effects.c.state == "failed")
    keys = connection.execute(select(effects.c.key).where(mine, nothing)).scalars().all()
    _delete(connection, business_keys, business_keys.c.effect_key.in_(keys))
    removal.took(effects, _delete(connection, effects, mine, nothing))
    # Whoever performed it and comes back has its result refused.
    in_doubt = effects.c.state == "claimed"
    doubted = {"state": "unknown", "fence": effects.c.fence + 1, "settled_at": effects.c.claimed_at}
    connection.execute(update(effects).where(mine, in_doubt).values(doubted))
    stripped = {"output": None, "output_digest": None, "error": "", "note": "", "step": ""}
    free = {"owner": "", "lease_expires_at": 0.0}
    count = connection.execute(update(effects).where(mine).values({**stripped, **free})).rowcount
    removal.left(effects, count, "So that no call is performed twice; its arguments by digest.")


def _remove_accounts(
    connection: Connection, thread: str, runs: Sequence[str], removal: Removal
) -> None:
    """Remove the thread's own accounts; what a principal and a day have spent stays."""
    for table in (reservation_caps, balances):
        scope, key = table.c.scope, table.c.key
        own = [(scope == "thread") & (key == thread), (scope == "run") & key.in_(runs)]
        own += [(scope == "step") & key.startswith(f"{run}/", autoescape=True) for run in runs]
        removal.took(table, _delete(connection, table, or_(*own)))


def old_bodies(connection: Connection, before: float, limit: int) -> dict[str, list[int]]:
    """Return the entries of the audit log from before a moment that have a body: tenant → numbers.

    Args:
        connection: In a transaction.
        before: Unix time in seconds.
        limit: Most entries, the oldest first.
    """
    query = (
        select(audit_entries.c.tenant, audit_entries.c.seq)
        .select_from(AUDIT_WITH_BODY)
        .where(audit_entries.c.at < before, audit_entries.c.kind.not_in(_NEVER_REMOVED))
        .order_by(audit_entries.c.number)
        .limit(limit)
    )
    by_tenant: dict[str, list[int]] = {}
    for row in connection.execute(query):
        by_tenant.setdefault(row.tenant, []).append(row.seq)
    return by_tenant


def _holders(thread: str, runs: Sequence[str]) -> frozenset[str]:
    return frozenset({holder_of_thread(thread), *(holder_of_run(run) for run in runs)})


def _keep_bodies(connection: Connection, thread: str, removal: Removal) -> None:
    query = WITH_BODIES.where(audit_entries.c.thread_id == thread)
    count = sum(row.salt is not None for row in connection.execute(query))
    removal.left(audit_bodies, count, "For as long as the class `audit` is kept.")


def _remove_bodies(
    connection: Connection,
    thread: str,
    removal: Removal,
    *,
    at: float,
    actor: str,
    reason: str,
) -> None:
    query = WITH_BODIES.where(
        audit_entries.c.thread_id == thread, audit_entries.c.kind.not_in(_NEVER_REMOVED)
    )
    by_tenant: dict[str, list[int]] = {}
    for row in connection.execute(query):
        # What was withdrawn and revoked here holds no word of the thread.
        if row.salt is not None and row.body.get("reason") != WITHDRAWN:
            by_tenant.setdefault(row.tenant, []).append(row.seq)
    _forget(connection, by_tenant, removal, at=at, actor=actor, reason=reason, thread_id=thread)
    older = select(older_audit.c.seq).where(older_audit.c.thread_id == thread)
    removal.left(
        older_audit,
        len(connection.execute(older).all()),
        "The log of earlier releases, inside whose hashes the texts stand.",
    )


def _forget(
    connection: Connection, by_tenant: Mapping[str, list[int]], removal: Removal, **facts: Any
) -> None:
    for tenant, numbers in sorted(by_tenant.items()):
        entry = remove_bodies(connection, tenant, sorted(numbers), **facts)
        removal.entries.append(entry)
        removal.took(audit_bodies, len(numbers))
