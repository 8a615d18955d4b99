"""Ownership: whose journal a thread id leads to.

A thread id is a name that anybody may choose, and a replay finds what was done by its run's id. So
the id of a run says whose run it is: another tenant, or somebody else without authority, who uses
the same thread id and the same words finds nothing and starts from nothing.
"""

from __future__ import annotations

from ..policy.roles import ROLES, is_authenticated, role_number
from ..state.run import Principal, Run
from ..state.values import digest
from ..stores.journal import OWNER, SqlJournal, owner_key
from ..stores.records import RunOwner


def has_authority(principal: Principal, owner: Principal) -> bool:
    """Say whether what one principal does in another's thread is done in that one's place.

    As on the Agent Server: administrators see their tenant's threads, super administrators all.
    """
    if (principal.id, principal.tenant) == (owner.id, owner.tenant):
        return True
    number = role_number(principal.role)
    return number >= ROLES["super_admin"] or (
        number >= ROLES["admin"] and principal.tenant == owner.tenant
    )


async def journal_scope(thread: str, principal: Principal, journal: SqlJournal) -> str:
    """Return whose runs of a thread this principal's are, as part of their ids.

    Whoever comes first owns the thread. The local person without a tenant has the empty scope,
    which is also that of runs from before there were scopes.
    """
    if not principal.tenant and not is_authenticated(principal):
        return ""
    owner = await _owner(thread, principal, journal)
    whose = owner if has_authority(principal, owner) else principal
    return digest([whose.tenant, whose.id])


async def note_owner(run: Run, journal: SqlJournal) -> None:
    """Note for whom a run is, with whatever is written next, so that lists can tell tenants apart.

    Nothing is noted for the local person without a tenant.
    """
    principal = run.principal
    if run.thread_id and (principal.tenant or is_authenticated(principal)):
        mine = RunOwner(id=principal.id, tenant=principal.tenant)
        await journal.record_note(run.id, run.thread_id, OWNER, 0, mine.to_json(), wait=False)


async def _owner(thread: str, principal: Principal, journal: SqlJournal) -> Principal:
    # Under an id of its own and no thread: it is no part of any run's history.
    key = owner_key(thread)
    known = await journal.owner(key)
    if known is None:
        mine = RunOwner(id=principal.id, tenant=principal.tenant)
        await journal.record_note(key, "", OWNER, 0, mine.to_json())
        # Read again: of two at once, the first is recorded.
        known = await journal.owner(key) or mine
    return Principal(id=known.id, tenant=known.tenant)
