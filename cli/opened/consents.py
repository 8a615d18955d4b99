"""What the groups `endorsement` and `grant` have in common: scopes, listing and taking back."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from ...errors import NotFoundError
from ...state.consent import ConsentScope, Revocation
from ...state.endorsement import Endorsement
from ...state.grant import CallGrant
from ...state.run import Principal
from ..show.output import Output, visible
from .caller import administrator, caller_of
from .sight import tenant_seen_by
from .store import open_records

if TYPE_CHECKING:
    from ...stores.consents import SqlConsents
    from ...stores.store import SqlStore

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


C = TypeVar("C", Endorsement, CallGrant)

Kept = Callable[["SqlStore"], "SqlConsents[C]"]
"""The part of the store that keeps one kind of consent."""


def scope_of(caller: Principal, principal: str, thread: str, tenant: str | None) -> ConsentScope:
    """Return the scope that options name."""
    own = caller.tenant if tenant is None else tenant
    return ConsentScope(tenant=own, principal=principal, thread=thread)


async def listed(config: str, kept: Kept[C], *, every: bool) -> list[tuple[C, str]]:
    """Return consents that the caller may see, each with how it stands.

    Args:
        config: The settings file.
        kept: Which kind.
        every: Also those that have ended.

    Raises:
        CredentialError: The caller's token is not good.
    """
    async with open_records(config) as (settings, store):
        tenant = tenant_seen_by(await caller_of(settings, store))
        known = await kept(store).every(tenant=tenant)
    now = time.time()
    standing = [(one, one.state(now)) for one in known]
    return [(one, state) for one, state in standing if every or state == "in force"]


def show_document(output: Output, name: str, consents: Sequence[tuple[C, str]]) -> None:
    """Print a list for programs, under the name of its kind."""
    documents = [{**one.model_dump(mode="json"), "state": state} for one, state in consents]
    output.document({name: documents})


async def revoke(config: str, kept: Kept[C], wanted: str, *, reason: str) -> C:
    """Take a consent back as the caller: their own, or anybody's as an administrator.

    Raises:
        NotFoundError: There is none of that id among those that the caller may see.
        DecisionError: It was taken back before.
        CredentialError: It is somebody else's, and the caller may not operate the agent.
    """
    async with open_records(config) as (settings, store):
        caller = await caller_of(settings, store)
        known = await kept(store).every()
        found = next((one for one in known if one.id == wanted), None)
        if found is None or tenant_seen_by(caller) not in (None, found.scope.tenant):
            raise NotFoundError("There is none of that id.", where=wanted[:100], fix="List them.")
        person = caller.principal
        own = caller.authenticated and (found.by.id, found.by.tenant) == (person.id, person.tenant)
        if not own:
            person = await administrator(settings, store, "revoke_consent")
        revocation = Revocation(at=time.time(), by=person.id, reason=reason)
        return await kept(store).revoke(wanted, revocation)


def tell(output: Output, done: str, consent: C, said: str) -> None:
    """Print what was done to a consent.

    Args:
        output: Where to.
        done: `Granted`, `Revoked`, …
        consent: As it is now.
        said: What it is of, in words.
    """
    if output.json:
        output.document(consent.model_dump(mode="json"))
    else:
        output.line(visible(f"{done}: {consent.id}, {said}"))
