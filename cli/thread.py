"""`thread`: threads that are forgotten, and what that removed."""

from __future__ import annotations

from typing import Annotated

import typer

from ..stores.records import DeletionReceipt, PrincipalReceipt
from .exits import DONE, FAILED, finish
from .given.options import DEFAULT_CONFIG, Config, JsonOption, ThreadId, command_line
from .opened.caller import administrator, caller_of
from .opened.checkpoint_places import open_checkpoint_places
from .opened.sight import tenant_seen_by
from .opened.store import open_records
from .show.amounts import moment
from .show.output import Output, visible
from .show.tables import table

FORGET = "forget"
"""The operation of whoever has something forgotten, as policy calls it."""

app = typer.Typer(
    name="thread",
    no_args_is_help=True,
    help="Threads that are forgotten, and what that removed.",
)


@app.command("forget")
def thread_forget(
    thread: ThreadId,
    reason: Annotated[str, typer.Option(help="Why; the audit log keeps it.")] = "",
    config: Config = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Remove all that is kept of a thread, and print the receipt; its id is not used again.

    Cut off in the middle, the same command goes on.
    """
    output = Output(as_json=as_json)
    finish(_forget(output, config, thread, reason), output)


@app.command("forgotten")
def thread_forgotten(config: Config = DEFAULT_CONFIG, as_json: JsonOption = False) -> None:
    """List threads that were forgotten; exit with 1 if one of them is not finished."""
    output = Output(as_json=as_json)
    finish(_forgotten(output, config), output)


async def _forget(output: Output, config: str, thread: str, reason: str) -> int:
    """Forget a thread.

    Raises:
        NotFoundError: There is no such thread.
        OperatorError: A run is at work on it.
        StoreError: A database refused; doing it again finishes it.
        CredentialError: The caller may not.
    """
    output.way_on = f"Go on with it: {command_line(config, 'thread', 'forget', thread)}"
    async with open_records(config) as (settings, store):
        by = await administrator(settings, store, FORGET)
        seen = tenant_seen_by(await caller_of(settings, store))
        async with open_checkpoint_places(settings) as places:
            # Imported when it is needed: the help page does without.
            from ..runs.forgetting import forget_thread

            receipt = await forget_thread(
                store, thread, checkpoints=places, actor=by.id, reason=reason, seen=seen
            )
    if output.json:
        output.document(receipt.model_dump(mode="json"))
    else:
        _show(output, receipt)
    return DONE


async def _forgotten(output: Output, config: str) -> int:
    async with open_records(config) as (settings, store):
        tenant = tenant_seen_by(await caller_of(settings, store))
        found = [
            receipt
            for receipt in await store.forgettings.every()
            if tenant in (None, receipt.audit_tenant)
        ]
    unfinished = [receipt for receipt in found if receipt.ended_at is None]
    code = FAILED if unfinished else DONE
    if output.json:
        output.document({"forgotten": [receipt.model_dump(mode="json") for receipt in found]})
        return code
    if not found:
        output.line("No thread was forgotten.")
        return code
    shown = table("thread", "begun", "ended", "by", "reason")
    for one in found:
        ended = moment(one.ended_at) if one.ended_at is not None else "not finished"
        cells = (one.thread_id, moment(one.begun_at), ended, one.actor, one.reason)
        shown.add_row(*(visible(cell) for cell in cells))
    output.show(shown)
    for one in unfinished:
        output.line(
            visible(f"Finish it: {command_line(config, 'thread', 'forget', one.thread_id)}")
        )
    return code


def _show(output: Output, receipt: DeletionReceipt) -> None:
    chain = f" of tenant {receipt.audit_tenant}" if receipt.audit_tenant else ""
    output.line(visible(f"Thread {receipt.thread_id} is forgotten."))
    show_removal(output, receipt)
    output.line(visible(f"Audit entry {receipt.audit_entry}{chain} tells of it."))


def show_removal(output: Output, receipt: DeletionReceipt | PrincipalReceipt) -> None:
    """Show what was removed and kept where, and what is out of reach."""
    for place, count in receipt.removed.items():
        output.line(visible(f"  removed {count:>6}  {place}"))
    for kept in receipt.kept:
        output.line(visible(f"  kept    {kept.count:>6}  {kept.place}: {kept.why}"))
    for where in receipt.rewritten:
        output.line(visible(f"  rewritten       {where}"))
    for where in receipt.out_of_reach:
        output.line(visible(f"  out of reach    {where}"))
