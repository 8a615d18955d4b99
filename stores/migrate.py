"""Bring a database to the version of this release: create it, migrate it, or refuse it."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, select, text

from ..errors import StoreError
from .engines import Pool
from .schema import METADATA, VERSION, VERSION_TABLE, version

SCRIPTS = Path(__file__).parent / "migrations"

_ADVISORY_LOCK = 0x706F696E74736D
"""Any number that every process of this package uses for nothing else."""


def bring_up_to_date(pool: Pool) -> None:
    """Create an empty database or migrate an older one, however many processes open it at once.

    Raises:
        StoreError: The database was made by a newer release.
    """
    with pool.reading.connect() as connection:
        if version_of(connection) == VERSION:
            return
    with pool.writing.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_ADVISORY_LOCK})"))
        # Another process may have been first while this one waited for the lock.
        found = version_of(connection)
        if found is None:
            create(connection)
        elif found != VERSION:
            upgrade(connection, found)


def version_of(connection: Connection) -> str | None:
    """Return the revision of a database, `None` for one that holds nothing of ours."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    return connection.execute(select(version.c.version_num)).scalar()


def create(connection: Connection) -> None:
    """Create the tables of this release at once, without replaying history."""
    METADATA.create_all(connection)
    connection.execute(version.insert().values(version_num=VERSION))


def refuse_newer(found: str | None) -> None:
    """Refuse a revision that comes after this release's.

    Raises:
        StoreError: It does.
    """
    if found is not None and found > VERSION:
        raise StoreError(
            f"The database has version {found}, this release knows {VERSION} at most.",
            where="store",
            fix="Upgrade pointsman, or give another database.",
        )


def upgrade(connection: Connection, found: str | None, target: str = "head") -> None:
    """Replay the migrations after `found`.

    Raises:
        StoreError: This release does not know the revision.
    """
    refuse_newer(found)
    # Alembic takes long to import and is needed only here.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes.update(
        connection=connection,
        target_metadata=METADATA,
        version_table=VERSION_TABLE,
        render_as_batch=True,  # SQLite alters tables by copying them
    )
    command.upgrade(config, target)
