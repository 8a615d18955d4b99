"""Sight: of the records of all tenants, those that whoever gives a command may see.

As on the Agent Server: whom the settings or a token place in a tenant sees that tenant's, and super
administrators see all. The local person without a tenant sees all: the files are theirs to read.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from ...policy.roles import ROLES, role_number
from ...settings import Settings
from ...state.run import Principal
from ...state.values import JsonObject
from ...stores.records import ApprovalRecord, AuditEntry
from .caller import Caller, caller_of

if TYPE_CHECKING:
    from ...stores.store import SqlStore

MOST_ENTRIES = 100_000
"""Of the audit log that are looked through for those of one tenant, newest first."""
PAGE = 1_000
"""Entries that are held at a time."""


def tenant_seen_by(caller: Caller) -> str | None:
    """Return the tenant whose records somebody may see; `None` for all."""
    person = caller.principal
    if role_number(person.role) >= ROLES["super_admin"]:
        return None
    return person.tenant if caller.authenticated or person.tenant else None


def is_seen(principal: Principal, tenant: str | None) -> bool:
    """Say whether the records of a principal's runs are seen by who sees a tenant's."""
    return tenant is None or principal.tenant == tenant


async def seen_approvals(
    records: Sequence[ApprovalRecord], settings: Settings, store: SqlStore
) -> list[ApprovalRecord]:
    """Return those requests that the caller may see.

    Raises:
        CredentialError: The caller's token is not good.
    """
    tenant = tenant_seen_by(await caller_of(settings, store))
    if tenant is None:
        return list(records)
    owners = await _tenants({record.run_id for record in records}, store)
    return [
        record
        for record in records
        if _of_facts(record.request.facts, owners.get(record.run_id, "")) == tenant
    ]


async def seen_entries(
    thread: str | None, settings: Settings, store: SqlStore, *, limit: int
) -> Sequence[AuditEntry]:
    """Return the newest `limit` entries of the audit log that the caller may see, oldest first.

    What concerns no run, such as a switch, is the operators' unless it names its tenant.

    Raises:
        CredentialError: The caller's token is not good.
    """
    tenant = tenant_seen_by(await caller_of(settings, store))
    if tenant is None:
        return await store.audit.entries(thread, limit=limit)
    seen = [*await store.audit.entries(thread, limit=limit, tenant=tenant)]
    if len(seen) < limit:
        seen = [*await _older_of(tenant, thread, store, limit - len(seen)), *seen]
    return seen


async def _older_of(
    tenant: str, thread: str | None, store: SqlStore, limit: int
) -> Sequence[AuditEntry]:
    """Return the newest entries of the older log that a tenant may see; no chain tells whose."""
    seen: list[AuditEntry] = []
    owners: dict[str, str] = {}
    before: int | None = None
    for _ in range(0, MOST_ENTRIES, PAGE):
        page = await store.audit.older_entries(thread, limit=PAGE, before=before)
        unknown = {entry.run_id for entry in page if entry.run_id} - owners.keys()
        owners |= dict.fromkeys(unknown, "") | await _tenants(unknown, store)
        seen = [entry for entry in page if _tenant_of(entry, owners) == tenant] + seen
        if len(page) < PAGE or len(seen) >= limit:
            break
        before = page[0].seq
    return seen[-limit:]


def _tenant_of(entry: AuditEntry, owners: Mapping[str, str]) -> str | None:
    return owners[entry.run_id] if entry.run_id else _named(entry.body)


async def _tenants(runs: Collection[str], store: SqlStore) -> dict[str, str]:
    """Return run → the tenant that it was for. Runs of the local person keep no note of it."""
    found: dict[str, str] = {}
    for run in runs:
        owner = await store.journal.owner(run)
        if owner is not None:
            found[run] = owner.tenant
    return found


def _of_facts(facts: JsonObject, otherwise: str) -> str:
    """Return the tenant that a request's facts name; a question keeps none."""
    principal = facts.get("principal")
    return str(principal.get("tenant", "")) if isinstance(principal, Mapping) else otherwise


def _named(body: JsonObject) -> str | None:
    """Return the tenant that an entry about no run names."""
    scope = body.get("scope")
    named = body.get("tenant", scope.get("tenant") if isinstance(scope, Mapping) else None)
    return named if isinstance(named, str) else None
