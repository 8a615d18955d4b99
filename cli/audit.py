"""`audit`: the log of who did what, over the store alone."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.text import Text

from .exits import DONE, finish
from .options import DEFAULT_CONFIG, Config, Json
from .records import open_records
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
    as_json: Json = False,
) -> None:
    """List entries, oldest first."""
    output = Output(as_json=as_json)
    finish(_list(output, config, thread, limit), output)


@app.command("verify")
def audit_verify(config: Config = DEFAULT_CONFIG, as_json: Json = False) -> None:
    """Check that no entry was changed, removed or inserted."""
    output = Output(as_json=as_json)
    finish(_verify(output, config), output)


async def _list(output: Output, config: str, thread: str | None, limit: int) -> int:
    """Print entries, oldest first."""
    async with open_records(config) as (_settings, store):
        entries = await store.audit.entries(thread, limit=limit)
    if output.json:
        output.document({"entries": [entry.model_dump(mode="json") for entry in entries]})
        return DONE
    for entry in entries:
        line = Text(f"{entry.seq:>6}  {moment(entry.at)}  ", style="dim")
        line.append(visible(f"{entry.kind} by {entry.actor or '-'}"), style="not dim")
        about = f"  {entry.thread_id}  {compact(entry.body, limit=_BODY)}"
        output.line(line.append(visible(about)))
    return DONE


async def _verify(output: Output, config: str) -> int:
    """Check the chain. Raises `StoreError` naming the broken entry."""
    async with open_records(config) as (_settings, store):
        length = await store.audit.verify()
    if output.json:
        output.document({"valid": True, "entries": length})
    else:
        output.line(f"The chain of {length} entries is whole.")
    return DONE
