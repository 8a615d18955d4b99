"""What the groups `endorsement` and `grant` have in common: scopes, sight and taking back."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Protocol

import typer

from ..errors import NotFoundError
from ..settings import Settings
from ..state.consent import ConsentScope, Revocation, Signatory
from ..state.run import Principal
from .caller import administrator, caller_of
from .sight import tenant_seen_by

if TYPE_CHECKING:
    from ..stores.store import SqlStore

SUPER_ADMIN = 100

ForPrincipal = Annotated[
    str, typer.Option("--principal", help="Only runs of this principal; by default anybody's.")
]
ForThread = Annotated[str, typer.Option("--thread", help="Only runs of this thread.")]
ForTenant = Annotated[
    str | None, typer.Option("--tenant", help="Runs of this tenant; by default your own.")
]
Days = Annotated[float | None, typer.Option(min=0.0001, help="How many days it is good.")]
MessageOption = Annotated[
    str, typer.Option("--message", "-m", help="Why; whoever lists it reads this.")
]
ReasonOption = Annotated[str, typer.Option(help="Why it is taken back.")]
All = Annotated[bool, typer.Option("--all", help="Also what has expired or was revoked.")]


class Consent(Protocol):
    """An endorsement or a grant, as far as it is somebody's to see and to take back."""

    @property
    def id(self) -> str:
        """Its id."""
        ...

    @property
    def scope(self) -> ConsentScope:
        """For whose runs it is."""
        ...

    @property
    def by(self) -> Signatory:
        """Who gave it."""
        ...


def scope_of(caller: Principal, principal: str, thread: str, tenant: str | None) -> ConsentScope:
    """Return the scope that options name."""
    own = caller.tenant if tenant is None else tenant
    return ConsentScope(tenant=own, principal=principal, thread=thread)


async def revoker(
    wanted: str, known: list[Consent], settings: Settings, store: SqlStore, *, reason: str
) -> Revocation:
    """Return a revocation by the caller: what they gave themselves, or as an administrator.

    Raises:
        NotFoundError: There is none of that id among those that the caller may see.
        CredentialError: It is somebody else's, and the caller may not operate the agent.
    """
    caller = await caller_of(settings, store)
    found = next((one for one in known if one.id == wanted), None)
    if found is None or tenant_seen_by(caller) not in (None, found.scope.tenant):
        raise NotFoundError("There is none of that id.", where=wanted[:100], fix="List them.")
    person = caller.principal
    own = caller.authenticated and (found.by.id, found.by.tenant) == (person.id, person.tenant)
    if not own:
        person = await administrator(settings, store, "revoke_consent")
    return Revocation(at=time.time(), by=person.id, reason=reason)
