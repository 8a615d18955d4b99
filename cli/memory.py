"""`memory`: what is kept about a principal, and its forgetting."""

from __future__ import annotations

from typing import Annotated

import typer

from ..errors import CredentialError
from ..settings import Settings
from ..stores.forgetting.principals import KnownPrincipal
from ..stores.records import PrincipalReceipt
from ..stores.store import SqlStore
from .exits import DONE, finish
from .given.options import DEFAULT_CONFIG, Config, JsonOption, command_line
from .opened.caller import administrator, caller_of
from .opened.checkpoint_places import open_checkpoint_places
from .opened.sight import tenant_seen_by
from .opened.store import open_records
from .show.output import Output, visible
from .thread import FORGET, show_removal

PrincipalOption = Annotated[
    str, typer.Option("--principal", help="Their id, as authentication or the settings give it.")
]
TenantOption = Annotated[
    str | None, typer.Option("--tenant", help="Only in this tenant; by default in all you see.")
]

app = typer.Typer(
    name="memory",
    no_args_is_help=True,
    help="What is kept about a principal, and its forgetting.",
)


@app.callback()
def group() -> None:
    """Keep each command one of its own, however few there are."""


@app.command("forget")
def memory_forget(
    principal: PrincipalOption,
    tenant: TenantOption = None,
    reason: Annotated[str, typer.Option(help="Why; the audit log keeps it.")] = "",
    config: Config = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Forget all threads that a principal began, and print one receipt.

    Cut off in the middle, the same command goes on.
    """
    output = Output(as_json=as_json)
    finish(_forget(output, config, KnownPrincipal(id=principal, tenant=tenant), reason), output)


async def _forget(output: Output, config: str, person: KnownPrincipal, reason: str) -> int:
    """Forget a principal.

    Raises:
        NotFoundError: Nothing is kept about such a principal.
        OperatorError: A run is at work on a thread of theirs.
        StoreError: A database refused; doing it again finishes it.
        CredentialError: The caller may not, or asks for another tenant.
    """
    words = ["memory", "forget", "--principal", person.id]
    words += ["--tenant", person.tenant] if person.tenant is not None else []
    output.way_on = f"Go on with it: {command_line(config, *words)}"
    async with open_records(config) as (settings, store):
        by = await administrator(settings, store, FORGET)
        person = await _seen(person, settings, store)
        async with open_checkpoint_places(settings) as places:
            # Imported when it is needed: the help page does without.
            from ..runs.forgetting_principal import forget_principal

            receipt = await forget_principal(
                store, person, checkpoints=places, actor=by.id, reason=reason
            )
    if output.json:
        output.document(receipt.model_dump(mode="json"))
    else:
        _show(output, receipt)
    return DONE


async def _seen(person: KnownPrincipal, settings: Settings, store: SqlStore) -> KnownPrincipal:
    """Return the principal in the tenant that the caller sees.

    Raises:
        CredentialError: They ask for another one.
    """
    tenant = tenant_seen_by(await caller_of(settings, store))
    if tenant is None or person.tenant == tenant:
        return person
    if person.tenant is not None:
        raise CredentialError(
            "You see another tenant.", where=f"tenant {person.tenant}", fix="Leave --tenant out."
        )
    return KnownPrincipal(id=person.id, tenant=tenant)


def _show(output: Output, receipt: PrincipalReceipt) -> None:
    output.line(f"The principal is forgotten, with {len(receipt.threads)} threads.")
    show_removal(output, receipt)
    for thread in receipt.left_to_others:
        output.line(visible(f"  left to others  thread {thread}, which somebody else began"))
    chain = f" of tenant {receipt.audit_tenant}" if receipt.audit_tenant else ""
    output.line(visible(f"Audit entry {receipt.audit_entry}{chain} tells of it."))
