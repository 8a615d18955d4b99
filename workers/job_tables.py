"""Tables of procrastinate in the store's database, made and brought up to date by its own scripts.

The library keeps no note of which of its migrations a database has seen, so the release whose
tables these are stands in the comment of its first one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import LiteralString, cast

from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import ConnectorException
from sqlalchemy import URL

from ..errors import StoreError
from ..stores.engines import shown
from ..stores.postgres_checkpoints import conninfo_of

_CONNECTIONS = 4
"""Of a worker: one listens, the others fetch and settle jobs, and are opened when needed."""
_NOTE = "pointsman: procrastinate "
_LOOK = (
    "SELECT to_regclass('procrastinate_jobs') IS NOT NULL AS present, "
    "coalesce(obj_description(to_regclass('procrastinate_jobs'), 'pg_class'), '') AS noted"
)
_LOCK = "SELECT pg_advisory_xact_lock(31639842160995947); "
"""Any number that every process of this package uses for nothing else."""


@dataclass(frozen=True, kw_only=True)
class JobTables:
    """What a database holds of the library."""

    present: bool
    release: str = ""
    """Whose tables they are; empty where somebody else has made them, and keeps them up to date."""


def app_of(url: URL) -> App:
    """Return the library's application over a PostgreSQL database, not yet opened."""
    conninfo = conninfo_of(url)
    return App(connector=PsycopgConnector(conninfo=conninfo, min_size=1, max_size=_CONNECTIONS))


async def tables_of(app: App) -> JobTables:
    """Return what an open application finds. Raises `ConnectorException`."""
    row = await app.connector.execute_query_one_async(_LOOK)
    if row["present"] and not row["noted"]:
        # A name is looked up as of now, a comment as of the statement's beginning: tables that were
        # made in between have theirs in the eyes of the next statement.
        row = await app.connector.execute_query_one_async(_LOOK)
    noted: str = row["noted"]
    release = noted.removeprefix(_NOTE) if noted.startswith(_NOTE) else ""
    return JobTables(present=row["present"], release=release)


async def migrate_jobs(url: URL) -> str:
    """Make the library's tables, or bring those that this made up to date.

    Returns:
        The release whose tables they are; empty where somebody else has made them.

    Raises:
        StoreError: The database refuses.
    """
    installed = version("procrastinate")
    try:
        async with app_of(url).open_async() as app:
            found = await tables_of(app)
            if found.present and (not found.release or found.release == installed):
                return found.release
            scripts = (
                _scripts_since(found.release)
                if found.present
                else [app.schema_manager.get_schema()]
            )
            note = f"COMMENT ON TABLE procrastinate_jobs IS '{_NOTE}{installed}';"
            whole = _LOCK + "\n".join([*scripts, note]).replace("%", "%%")
            try:
                # One string without arguments is one transaction.
                await app.connector.execute_query_async(cast("LiteralString", whole))
            except ConnectorException:
                # Another process was first, which shows once the lock is there.
                if (await tables_of(app)).release != installed:
                    raise
            return installed
    except ConnectorException as error:
        raise unreachable(url, error) from error


def scripts_after(names: Sequence[str], release: str) -> list[str]:
    """Return the names of the migrations that a release's tables have not seen, in their order.

    Args:
        names: Files named `03.04.00_01_pre_what.sql`, by the release that brought them.
        release: `3.3.1`.
    """
    seen = _numbers(release)
    return [name for name in sorted(names) if _numbers(name.partition("_")[0]) > seen]


def _numbers(release: str) -> tuple[int, ...]:
    return tuple(int(part) for part in release.split(".")[:3] if part.isdecimal())


def _scripts_since(release: str) -> list[str]:
    from procrastinate.schema import SchemaManager

    folder = Path(SchemaManager.get_migrations_path())
    names = [file.name for file in folder.glob("*.sql")]
    return [(folder / name).read_text(encoding="utf-8") for name in scripts_after(names, release)]


def unreachable(url: URL, error: Exception) -> StoreError:
    """Return the error of a queue whose database refuses."""
    cause = error.__cause__ or error
    state = getattr(cause, "sqlstate", None)
    said = f"SQLSTATE {state}" if state else type(cause).__name__
    return StoreError(
        f"The queue cannot be used: {said}.",
        where=shown(url),
        fix="Check the database and its permissions, and run pointsman migrate.",
    )
