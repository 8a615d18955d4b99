"""`retention`: data past their lifetime, by the section `retention` of the settings."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import CredentialError
from ..state.lifetimes import lifetime_text
from .exits import DONE, finish
from .given.options import DEFAULT_CONFIG, Config, JsonOption, command_line
from .opened.caller import administrator, caller_of
from .opened.checkpoint_places import open_checkpoint_places
from .opened.session import open_office
from .opened.sight import tenant_seen_by
from .show.output import Output, visible
from .thread import FORGET

if TYPE_CHECKING:
    from ..runs.retention import RetentionReport

app = typer.Typer(name="retention", no_args_is_help=True, help="Data that are past their lifetime.")


@app.callback()
def group() -> None:
    """Keep `run` a command of its own although it is the only one."""


@app.command("run")
def retention_run(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print what would be removed, and remove nothing.")
    ] = False,
    config: Config = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Remove what is past its lifetime, and print what was removed by class and place.

    Cut off in the middle, the same command goes on.
    """
    output = Output(as_json=as_json)
    finish(_run(output, config, dry_run=dry_run), output)


async def _run(output: Output, config: str, *, dry_run: bool) -> int:
    """Remove what is past its lifetime, or only look.

    Raises:
        CredentialError: The caller may not, or sees one tenant only.
        ConfigError: A lifetime is none, or of a class that nothing has data of.
        OperatorError: Somebody else is at it.
        StoreError: A database refused; doing it again finishes it.
    """
    output.way_on = f"Go on with it: {command_line(config, 'retention', 'run')}"
    # With the tools: which classes there are, they say.
    async with open_office(config) as office:
        by = await administrator(office.settings, office.store, FORGET)
        if tenant_seen_by(await caller_of(office.settings, office.store)) is not None:
            raise CredentialError(
                "Lifetimes are those of all tenants.",
                where=FORGET,
                fix="Have it done by somebody who sees all tenants.",
            )
        lifetimes = office.settings.retention
        async with open_checkpoint_places(office.settings) as places:
            # Imported when it is needed: the help page does without.
            from ..runs.retention import Retention

            retention = Retention(store=office.store, checkpoints=places, lifetimes=lifetimes)
            report = await (retention.would_remove() if dry_run else retention.run(actor=by.id))
    if output.json:
        kept = {name: lifetime_text(seconds) for name, seconds in lifetimes.items()}
        output.document({"dry_run": dry_run, "lifetimes": kept, **asdict(report)})
    else:
        _show(output, report, lifetimes, dry_run=dry_run)
    return DONE


def _show(
    output: Output, report: RetentionReport, lifetimes: dict[str, float], *, dry_run: bool
) -> None:
    if not lifetimes:
        output.line("No class of data has a lifetime: the section `retention` names none.")
    elif not report.classes:
        output.line("Nothing is past its lifetime.")
    for name, data in sorted(report.classes.items()):
        threads = f", {data.threads} threads" if data.threads else ""
        kept = f", kept for {lifetime_text(lifetimes[name])}" if name in lifetimes else ""
        output.line(visible(f"{name}{kept}{threads}"))
        for place, count in sorted(data.removed.items()):
            verb = "would remove" if dry_run else "removed"
            output.line(visible(f"  {verb} {count:>6}  {place}"))
    for thread in report.finished:
        output.line(visible(f"Thread {thread}, whose forgetting was begun, is forgotten."))
    for thread in report.in_use:
        output.line(visible(f"Thread {thread} is in use, and left for later."))
    if not report.is_all:
        output.line("There is more: run it again.")
    if report.audit_entry:
        output.line(f"Audit entry {report.audit_entry} tells of it.")
