"""`grant`: calls that people allow beforehand, within bounds, so often or until then."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import DecisionError
from ..policy.approvals import signatory_of
from ..policy.bounds import read_bound
from ..policy.granting import call_grant
from ..state.grant import CallGrant
from .exits import DONE, finish
from .given.bounds import AnyArguments, Bound, GivenBounds, given_bounds, read_pairs
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
from .show.amounts import moment
from .show.output import Output, visible
from .show.tables import table

if TYPE_CHECKING:
    from ..stores.grants import SqlGrants
    from ..stores.store import SqlStore

app = typer.Typer(
    name="grant",
    no_args_is_help=True,
    help="Calls that people allow beforehand, within bounds and for a time.",
)


@app.command("list")
def grant_list(
    every: All = False, config: Config = DEFAULT_CONFIG, as_json: JsonOption = False
) -> None:
    """List granted calls: which, within what, how many are used, for whom and by whom."""
    output = Output(as_json=as_json)
    finish(_list(output, config, every=every), output)


@app.command("add")
def grant_add(
    tool: Annotated[str, typer.Argument(help="The tool.")],
    equal: Bound = None,
    one_of: Bound = None,
    at_most: Bound = None,
    prefix: Bound = None,
    any_arguments: AnyArguments = False,
    uses: Annotated[int | None, typer.Option(min=1, help="How many calls.")] = None,
    days: Days = None,
    principal: ForPrincipal = "",
    thread: ForThread = "",
    tenant: ForTenant = None,
    message: MessageOption = "",
    config: Config = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Allow calls of a tool that would wait for a person; never what untrusted text caused."""
    output = Output(as_json=as_json)
    given = given_bounds(equal, one_of, at_most, prefix)
    lasting = (uses, None if days is None else days * 86_400)
    scope = (principal, thread, tenant)
    work = _add(output, config, tool, given, lasting, scope, message, unbounded=any_arguments)
    finish(work, output)


@app.command("revoke")
def grant_revoke(
    wanted: Annotated[str, typer.Argument(metavar="ID", help="The grant's id (gr_…).")],
    reason: ReasonOption = "",
    config: Config = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Take a grant back: nothing begins under it from then on."""
    output = Output(as_json=as_json)
    finish(_revoke(output, config, wanted, reason), output)


async def _list(output: Output, config: str, *, every: bool) -> int:
    """Print what is granted."""
    listed = await consents.listed(config, _kept, every=every)
    if output.json:
        consents.show_document(output, "grants", listed)
        return DONE
    if not listed:
        output.line("Nothing is granted.")
        return DONE
    shown = table("id", "calls of", "within", "used", "in", "by", "until", "state")
    for one, state in listed:
        within = "; ".join(bound.in_words() for bound in one.bounds) or "any arguments"
        until = "used up" if one.until is None else moment(one.until)
        cells = (one.id, one.tool, within, one.count(one.used), one.scope.in_words(), one.by.id)
        shown.add_row(*(visible(cell) for cell in cells), until, state)
    output.show(shown)
    return DONE


async def _add(
    output: Output,
    config: str,
    tool: str,
    given: GivenBounds,
    lasting: tuple[int | None, float | None],
    scope: tuple[str, str, str | None],
    message: str,
    *,
    unbounded: bool,
) -> int:
    """Grant calls.

    Raises:
        NotFoundError: There is no such tool.
        DecisionError: A bound has another form, or the caller may not approve calls of the tool.
    """
    bounds = [read_bound(name, kind, value) for kind, name, value in read_pairs(given)]
    if not bounds and not unbounded:
        raise DecisionError(
            "It sets no bound.", where="bounds", fix="Set one, or say --any-arguments."
        )
    async with open_office(config) as office:
        from ..runs.granting import record_grant

        person = office.caller.principal
        made = call_grant(
            tool,
            bounds,
            uses=lasting[0],
            seconds=lasting[1],
            scope=consents.scope_of(person, *scope),
            by=signatory_of(person, authenticated=office.caller.authenticated),
            at=time.time(),
            message=message,
        )
        await record_grant(made, office.dependencies)
    consents.tell(output, "Granted", made, _said(made))
    return DONE


async def _revoke(output: Output, config: str, wanted: str, reason: str) -> int:
    revoked = await consents.revoke(config, _kept, wanted, reason=reason)
    consents.tell(output, "Revoked", revoked, _said(revoked))
    return DONE


def _said(one: CallGrant) -> str:
    return f"calls of {one.tool} ({one.count(one.used)})"


def _kept(store: SqlStore) -> SqlGrants:
    return store.grants
