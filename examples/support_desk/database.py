"""The desk's database: one SQLite file under a folder, created and filled on first use."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Generator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from .schema import SCHEMA
from .seed import fill

FILE = "support_desk.db"
BUSY_SECONDS = 10.0
"""How long a connection waits for another one's write."""


def create(home: Path) -> Path:
    """Create and fill the database unless it exists, and return its file.

    Several processes may do this at once: each fills a file of its own, one of which becomes the
    database. Nobody meets one that is half filled, or that changes its journal mode.
    """
    file = home / FILE
    if not file.exists():
        home.mkdir(parents=True, exist_ok=True)
        with (
            tempfile.TemporaryDirectory(prefix=".desk-", dir=home) as folder,
            suppress(FileExistsError),
        ):
            file.hardlink_to(_filled(Path(folder) / FILE))
    return file


def _filled(file: Path) -> Path:
    file.touch(mode=0o600)  # SQLite's own files beside it take the same mode.
    with closing(_open(file)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("BEGIN IMMEDIATE")
        for statement in filter(str.strip, SCHEMA.split(";")):
            db.execute(statement)
        fill(db)
        db.execute("COMMIT")
    return file


def _open(file: Path) -> sqlite3.Connection:
    db = sqlite3.connect(file, timeout=BUSY_SECONDS, isolation_level=None)
    db.row_factory = sqlite3.Row
    db.execute("PRAGMA foreign_keys = ON")
    return db


@contextmanager
def reading(home: Path) -> Generator[sqlite3.Connection]:
    """Open a connection that cannot write."""
    with closing(_open(create(home))) as db:
        db.execute("PRAGMA query_only = ON")
        yield db


@contextmanager
def writing(home: Path) -> Generator[sqlite3.Connection]:
    """Open one transaction that holds the write lock from its start; an error undoes it."""
    with closing(_open(create(home))) as db:
        db.execute("BEGIN IMMEDIATE")
        try:
            yield db
        except BaseException:
            db.execute("ROLLBACK")
            raise
        db.execute("COMMIT")
