"""`endorsement`: values that people vouch for, so that their source is no reason to ask again."""

from __future__ import annotations

import time
from typing import Annotated, Any

import typer

from ..policy.approvals import signatory_of
from ..policy.endorsing import endorsement
from ..state.endorsement import Endorsement
from ..state.json_text import json_in
from ..state.values import Json
from . import consents
from .caller import caller_of
from .consents import All, Days, ForPrincipal, ForTenant, ForThread, MessageOption, ReasonOption
from .exits import DONE, finish
from .options import DEFAULT_CONFIG, Config, JsonOption
from .records import open_records
from .session import open_office
from .show.amounts import compact, moment
from .show.output import Output, visible
from .show.tables import table
from .sight import tenant_seen_by

SHOWN = 60
"""Characters of a value in a list."""

app = typer.Typer(
    name="endorsement",
    no_args_is_help=True,
    help="Values that people vouch for, so that they are not asked again.",
)


@app.command("list")
def endorsement_list(
    every: All = False, config: Config = DEFAULT_CONFIG, as_json: JsonOption = False
) -> None:
    """List endorsed values: for what, for whom, by whom and until when."""
    output = Output(as_json=as_json)
    finish(_list(output, config, every=every), output)


@app.command("add")
def endorsement_add(
    value: Annotated[
        str, typer.Argument(help="The value, exactly: every letter and space counts.")
    ],
    tool: Annotated[str, typer.Option(help="Only for this tool; by default for any.")] = "",
    argument: Annotated[
        str, typer.Option(help="Only for this argument, and what it holds; by default for any.")
    ] = "",
    recipient: Annotated[
        list[str] | None,
        typer.Option(help="To whom it may be shown although they are not among its readers."),
    ] = None,
    principal: ForPrincipal = "",
    thread: ForThread = "",
    tenant: ForTenant = None,
    days: Days = None,
    message: MessageOption = "",
    as_value: Annotated[
        bool, typer.Option("--json-value", help="The value is JSON: a number, a list, an object.")
    ] = False,
    config: Config = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Vouch for a value. It counts wherever you may approve the call."""
    given: dict[str, Any] = {
        "tool": tool,
        "argument": argument,
        "recipients": tuple(recipient or ()),
        "seconds": None if days is None else days * 86_400,
        "message": message,
    }
    output = Output(as_json=as_json)
    scope = (principal, thread, tenant)
    finish(_add(output, config, _value(value, as_json=as_value), scope, given), output)


@app.command("revoke")
def endorsement_revoke(
    wanted: Annotated[str, typer.Argument(metavar="ID", help="The endorsement's id (en_…).")],
    reason: ReasonOption = "",
    config: Config = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Take an endorsement back, from the next step of every run."""
    output = Output(as_json=as_json)
    finish(_revoke(output, config, wanted, reason), output)


def _value(text: str, *, as_json: bool) -> Json:
    if not as_json:
        return text
    try:
        return json_in(text, strict=True)
    except ValueError as error:
        raise typer.BadParameter(f"It is not JSON: {error}.", param_hint="VALUE") from None


async def _list(output: Output, config: str, *, every: bool) -> int:
    """Print what is endorsed."""
    async with open_records(config) as (settings, store):
        tenant = tenant_seen_by(await caller_of(settings, store))
        known = await store.endorsements.every(tenant=tenant)
    now = time.time()
    listed = [one for one in known if every or one.state(now) == "in force"]
    if output.json:
        documents = [{**one.model_dump(mode="json"), "state": one.state(now)} for one in listed]
        output.document({"endorsements": documents})
        return DONE
    if not listed:
        output.line("Nothing is endorsed.")
        return DONE
    shown = table("id", "value", "for", "in", "by", "until", "state")
    for one in listed:
        until = "revoked" if one.expires_at is None else moment(one.expires_at)
        target = f"{one.tool or 'any tool'}, {one.argument or 'any argument'}"
        target += f", to {', '.join(one.recipients)}" if one.recipients else ""
        cells = (one.id, compact(one.value, limit=SHOWN), target, one.scope.in_words(), one.by.id)
        shown.add_row(*(visible(cell) for cell in cells), until, one.state(now))
    output.show(shown)
    return DONE


async def _add(
    output: Output,
    config: str,
    value: Json,
    scope: tuple[str, str, str | None],
    given: dict[str, Any],
) -> int:
    """Endorse a value.

    Raises:
        NotFoundError: There is no such tool.
        DecisionError: The value cannot be endorsed, not for so long, or not by the caller.
    """
    async with open_office(config) as office:
        from ..runs.endorsing import record_endorsement

        person = office.caller.principal
        made = endorsement(
            value,
            scope=consents.scope_of(person, *scope),
            by=signatory_of(person, authenticated=office.caller.authenticated),
            at=time.time(),
            limit=office.settings.policy.endorsement_expiry_seconds,
            **given,
        )
        await record_endorsement(made, office.dependencies)
    _tell(output, made, "Endorsed")
    return DONE


async def _revoke(output: Output, config: str, wanted: str, reason: str) -> int:
    """Take an endorsement back.

    Raises:
        NotFoundError: There is none of that id.
        DecisionError: It was taken back before.
        CredentialError: The caller may not.
    """
    async with open_records(config) as (settings, store):
        known = await store.endorsements.every()
        revocation = await consents.revoker(wanted, list(known), settings, store, reason=reason)
        revoked = await store.endorsements.revoke(wanted, revocation)
    _tell(output, revoked, "Revoked")
    return DONE


def _tell(output: Output, one: Endorsement, what: str) -> None:
    if output.json:
        output.document(one.model_dump(mode="json"))
    else:
        output.line(visible(f"{what}: {one.id}, {compact(one.value, limit=SHOWN)}"))
