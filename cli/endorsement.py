"""`endorsement`: values that people vouch for, so that their source is no reason to ask again."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..policy.approvals import signatory_of
from ..policy.endorsing import endorsement
from ..state.endorsement import Endorsement
from ..state.json_text import json_in
from ..state.values import Json
from .exits import DONE, finish
from .given.options import DEFAULT_CONFIG, Config, JsonOption
from .opened import consents
from .opened.consents import (
    All,
    Days,
    ForPrincipal,
    ForTenant,
    ForThread,
    MessageOption,
    ReasonOption,
)
from .opened.session import open_office
from .show.amounts import compact, moment
from .show.output import Output, visible
from .show.tables import table

if TYPE_CHECKING:
    from ..stores.endorsements import SqlEndorsements
    from ..stores.store import SqlStore

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
    listed = await consents.listed(config, _kept, every=every)
    if output.json:
        consents.show_document(output, "endorsements", listed)
        return DONE
    if not listed:
        output.line("Nothing is endorsed.")
        return DONE
    shown = table("id", "value", "for", "in", "by", "until", "state")
    for one, state in listed:
        until = "revoked" if one.expires_at is None else moment(one.expires_at)
        target = f"{one.tool or 'any tool'}, {one.argument or 'any argument'}"
        target += f", to {', '.join(one.recipients)}" if one.recipients else ""
        cells = (one.id, _said(one), target, one.scope.in_words(), one.by.id)
        shown.add_row(*(visible(cell) for cell in cells), until, state)
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
    consents.tell(output, "Endorsed", made, _said(made))
    return DONE


async def _revoke(output: Output, config: str, wanted: str, reason: str) -> int:
    revoked = await consents.revoke(config, _kept, wanted, reason=reason)
    consents.tell(output, "Revoked", revoked, _said(revoked))
    return DONE


def _said(one: Endorsement) -> str:
    return compact(one.value, limit=SHOWN)


def _kept(store: SqlStore) -> SqlEndorsements:
    return store.endorsements
