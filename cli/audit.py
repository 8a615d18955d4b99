"""`audit`: the log of who did what, over the store alone."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from ..errors import ConfigError
from ..home import masker_of
from ..stores.audit_export import export_thread
from ..stores.records import AuditEntry
from ..stores.signed_heads import HeadList, OlderHead, read_signed
from .exits import DONE, finish
from .given.options import DEFAULT_CONFIG, Config, JsonOption
from .opened.caller import ISSUE, administrator, caller_of
from .opened.sight import seen_entries, tenant_seen_by
from .opened.store import open_records
from .show.amounts import compact, moment
from .show.output import Output, visible

app = typer.Typer(name="audit", no_args_is_help=True, help="The hash-chained log of who did what.")

_BODY = 100
"""Characters of an entry's facts in a list."""


@app.command("list")
def audit_list(
    thread: Annotated[str | None, typer.Option(help="Only entries of this thread.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="Most entries, newest kept.")] = 50,
    config: Config = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """List entries, oldest first."""
    output = Output(as_json=as_json)
    finish(_list(output, config, thread, limit), output)


@app.command("verify")
def audit_verify(
    head: Annotated[
        Path | None, typer.Option(help="A head that was exported before, to check against too.")
    ] = None,
    config: Config = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Check that no entry was changed, removed or inserted, and no tail or tenant is missing.

    Entries behind the last signed one are counted: a crash may leave one, and so may a stranger.
    """
    output = Output(as_json=as_json)
    finish(_verify(output, config, head), output)


@app.command("head")
def audit_head(config: Config = DEFAULT_CONFIG) -> None:
    """Print the signed heads, JSON to be kept on another machine for `verify --head`."""
    output = Output(as_json=True)
    finish(_head(output, config), output)


@app.command("rotate")
def audit_rotate(
    former: Annotated[
        Path | None,
        typer.Option(help="The key so far, where it is not in the home folder."),
    ] = None,
    config: Config = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Have a new key sign the log: POINTSMAN_AUDIT_KEY, else one made in the home folder.

    What older keys signed goes on being verified.
    """
    output = Output(as_json=as_json)
    finish(_rotate(output, config, former), output)


@app.command("export")
def audit_export(
    thread: Annotated[str, typer.Argument(help="The thread.")],
    to: Annotated[Path, typer.Option(help="The folder to make.")],
    config: Config = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Write a thread's entries, evidence, approvals and policies, with a script that checks them.

    The script needs only Python, and the public key that is printed.
    """
    output = Output(as_json=as_json)
    finish(_export(output, config, thread, to), output)


async def _list(output: Output, config: str, thread: str | None, limit: int) -> int:
    """Print entries, oldest first."""
    async with open_records(config) as (settings, store):
        entries = await seen_entries(thread, settings, store, limit=limit)
    if output.json:
        output.document({"entries": [entry.model_dump(mode="json") for entry in entries]})
        return DONE
    for entry in entries:
        whose = f"{entry.tenant}:" if entry.tenant else ""
        line = Text(f"{visible(whose)}{entry.seq:>6}  {moment(entry.at)}  ", style="dim")
        line.append(visible(f"{entry.kind} by {entry.actor or '-'}"), style="not dim")
        about = f"  {entry.thread_id}  {_facts(entry)}"
        output.line(line.append(visible(about)))
    return DONE


def _facts(entry: AuditEntry) -> str:
    return "(forgotten)" if entry.forgotten else compact(entry.body, limit=_BODY)


async def _verify(output: Output, config: str, head: Path | None) -> int:
    """Check the chain and what was signed of it.

    Raises:
        StoreError: It names the first entry that is wrong or missing.
        ConfigError: The file holds no signed head.
    """
    exported = _read_exported(head) if head else None
    async with open_records(config) as (_settings, store):
        if exported is not None:
            await store.audit.verify_heads([exported])
        extent = await store.audit.verify()
    if output.json:
        output.document({"valid": True, **extent._asdict()})
    else:
        unsigned = extent.entries - extent.signed
        more = f" The last {unsigned} are not signed." if unsigned else ""
        chains = f"{extent.entries} entries of {extent.tenants} tenants"
        output.line(f"The log is whole: {chains}.{more}")
    return DONE


async def _head(output: Output, config: str) -> int:
    """Print the signed head. Raises `StoreError` for an empty log."""
    async with open_records(config) as (_settings, store):
        head = await store.audit.signed_head()
    output.document(head.model_dump(mode="json"))
    return DONE


async def _rotate(output: Output, config: str, former: Path | None) -> int:
    """Hand over to another key.

    Raises:
        StoreError: The log is not whole, or has no key so far.
        CredentialError: The caller may not, or a key is none.
        ConfigError: The file cannot be read.
    """
    key = _read_key(former) if former else ""
    async with open_records(config) as (settings, store):
        by = await administrator(settings, store, ISSUE)
        logs = await store.audit.rotate_key(by=by.id, former=key)
    if output.json:
        output.document({"rotated": True, "logs": logs})
    else:
        output.line(f"A new key signs from here on; logs that were handed over to it: {logs}.")
    return DONE


async def _export(output: Output, config: str, thread: str, folder: Path) -> int:
    """Export a thread.

    Raises:
        NotFoundError: The audit log knows no such thread.
        StoreError: The log is not whole, or the folder cannot be written.
        CredentialError: The caller may not.
    """
    async with open_records(config) as (settings, store):
        by = await administrator(settings, store, ISSUE)
        seen = tenant_seen_by(await caller_of(settings, store))
        masker = masker_of(settings)
        shown = partial(masker.at, "exports", tenant=by.tenant)
        signed = await export_thread(store, thread, folder, actor=by.id, seen=seen, shown=shown)
    if output.json:
        output.document({"folder": str(folder), "key": signed.key})
    else:
        output.line(f"Check it with: python {folder / 'verify.py'} {signed.key}")
    return DONE


def _read_key(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        # From None: the message of a file in another encoding quotes the key.
        raise ConfigError(
            "It cannot be read.", where=str(file), fix="Name the file that holds the key so far."
        ) from None


def _read_exported(file: Path) -> OlderHead | HeadList:
    try:
        head = read_signed(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        head = None
    if head is None or not head.is_genuine():
        raise ConfigError(
            "It holds no signed head.",
            where=str(file),
            fix="Give a file that pointsman audit head has written.",
        )
    return head
