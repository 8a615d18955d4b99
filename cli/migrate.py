"""`migrate`: every table of this release, before the first process needs it."""

from __future__ import annotations

import typer

from ..home import CHECKPOINTS, checkpoints_of, open_own_checkpoints, seal_of
from ..settings import Settings
from ..stores.leases import SqlLeases, lease_of
from ..stores.migrate import version_of
from ..workers.wakers import migrate_queue
from .exits import DONE, finish
from .given.options import DEFAULT_CONFIG, Config, JsonOption
from .opened.store import open_records
from .show.output import Output

app = typer.Typer()


@app.command()
def migrate(config: Config = DEFAULT_CONFIG, as_json: JsonOption = False) -> None:
    """Make the tables of store, checkpoints and queue, or bring them up to date.

    Threads in this home folder whose journal is in a shared database are taken along there.
    """
    output = Output(as_json=as_json)
    finish(_migrate(output, config), output)


async def _migrate(output: Output, config: str) -> int:
    async with open_records(config) as (settings, store):
        version = await store.database.read(version_of)
        queue = await migrate_queue(settings.database_url)
        threads = await _take_along(settings, store.leases)
    if output.json:
        output.document({"version": version, "threads": threads, "queue": queue or None})
        return DONE
    output.line(f"The store has version {version}; the checkpoints are up to date.")
    if queue:
        output.line(f"The queue has the tables of procrastinate {queue}.")
    if threads:
        output.line(f"{threads} threads of {settings.home / CHECKPOINTS} were taken along.")
    return DONE


async def _take_along(settings: Settings, leases: SqlLeases) -> int:
    """Open the checkpoints, and copy the home folder's into them if they are elsewhere.

    A thread whose journal and ledger are in another store stays: here it would do anew what it has
    done. Every run takes a lease in its store first.
    """
    from ..stores.checkpoint_copy import copy_threads
    from ..stores.checkpoints import open_checkpoints

    file = settings.home / CHECKPOINTS
    async with open_own_checkpoints(settings) as target:
        if checkpoints_of(settings) == file or not file.exists():
            return 0
        async with open_checkpoints(file, seal=seal_of(settings)) as source:
            return await copy_threads(
                source, target, chosen=lambda thread: leases.was_held(lease_of(thread))
            )
